"""Missing and superfluous statements by the pattern of the text: what is between such neighbors elsewhere."""

from collections.abc import Iterator
from itertools import chain, pairwise

from ...diagnostics import Edit
from ...diagnostics.catalog.shape_errors import OperandsDiffer
from ...graph import DraftNode
from ...shapes.shape import Shape
from ...shapes.symbolic import concrete
from ...syntax import ast
from ...syntax.bodies import bodies
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, away, inserted_before, removed, written
from ..written_arguments import set_argument
from .operand_fixes import at_end

_END = "end"
_MOST_LISTS = 6
_SHAPING = ("Merge", "Residual", "From", "Reuse", "Repeat", "If")


def missing(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A statement between two others, as between similar ones elsewhere in the text."""
    between = _between(context)
    for statements, distance in _lists(context, site):
        for index in range(len(statements) + 1):
            before = _kind(statements[index - 1]) if index else _END
            after = _kind(statements[index]) if index < len(statements) else _END
            place = statements[index] if index < len(statements) else None
            last = statements[index - 1] if index else None
            here = {id(each) for each in statements}
            for number, found in enumerate(between.get((before, after), [])[:3]):
                if id(found) in here and _is_only_example(statements, found):
                    continue
                text = " ".join(found.span.text.split())
                if len(text) > 60 or " as " in text:
                    continue
                rank = 1.5 + distance + 0.2 * number + _distance_penalty(site, place or last)
                if place is not None:
                    yield inserted_before(place, text, rank, f"as on line {found.span.line}").replace(
                        kind="missing statement"
                    )
                elif last is not None:
                    edit = Edit(span=last.span.tail, text=f"; {text}")
                    yield Candidate(
                        title=f"insert `{text}` after `{written(last)}`",
                        edits=(edit,),
                        rank=rank,
                        kind="missing statement",
                    )


def _distance_penalty(site: ErrorSite, statement: ast.Statement | None) -> float:
    return 0.0 if statement is None else min(1.0, 0.04 * abs(statement.span.line - site.line))


def _is_only_example(statements: tuple[ast.Statement, ...], found: ast.Statement) -> bool:
    """Whether the only example of a pattern is the pattern itself."""
    kind = _kind(found)
    return sum(_kind(each) == kind for each in statements) < 2


def _kind(statement: ast.Statement) -> str:
    match statement:
        case ast.LayerStatement():
            return statement.keyword.text
        case ast.Merge():
            return statement.keyword.text
        case _:
            return type(statement).__name__


def _all_lists(context: SuggestionContext) -> Iterator[tuple[ast.Statement, ...]]:
    yield context.program.statements
    for each in context.statements.all:
        for body in bodies(each):
            yield body.statements


def _between(context: SuggestionContext) -> dict[tuple[str, str], list[ast.Statement]]:
    """The statements between two kinds of statements, each form once."""
    found: dict[tuple[str, str], dict[str, ast.Statement]] = {}
    for statements in _all_lists(context):
        for index, each in enumerate(statements):
            if isinstance(each, ast.LayerStatement | ast.Merge | ast.From):
                before = _kind(statements[index - 1]) if index else _END
                after = _kind(statements[index + 1]) if index + 1 < len(statements) else _END
                texts = found.setdefault((before, after), {})
                if (before, after) != (_END, _END):
                    texts.setdefault(" ".join(each.span.text.split()), each)
    return {pair: list(texts.values()) for pair, texts in found.items()}


def _lists(context: SuggestionContext, site: ErrorSite) -> Iterator[tuple[tuple[ast.Statement, ...], float]]:
    """The lists of statements around an error and on the way to it, the nearest first."""
    seen: set[int] = set()
    found: list[tuple[tuple[ast.Statement, ...], float]] = []
    if site.statement is not None:
        found += [(body.statements, 0.0) for body in bodies(site.statement)]
        home = context.statements.position_of(site.statement)
        found += [(home.siblings, 0.1)] if home is not None else []
    if site.node is not None:
        for statement, _, steps in context.layers_before(site.node, 6):
            home = context.statements.position_of(statement)
            if home is not None:
                found.append((home.siblings, away(steps)))
    for statements, distance in found:
        if statements and id(statements) not in seen and len(seen) < _MOST_LISTS:
            seen.add(id(statements))
            yield statements, distance


def surplus(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The text without a statement that is not between such neighbors elsewhere; never without that of the error."""
    pairs = {(_kind(a), _kind(b)) for statements in _all_lists(context) for a, b in pairwise(statements)}
    for statements, distance in _lists(context, site):
        for index, each in enumerate(statements):
            if each is site.statement or not isinstance(each, ast.LayerStatement) or each.alias is not None:
                continue
            before = _kind(statements[index - 1]) if index else _END
            after = _kind(statements[index + 1]) if index + 1 < len(statements) else _END
            if (before, after) in pairs:
                yield removed(context, each, 2.0 + distance + _distance_penalty(site, each)).replace(
                    kind="surplus statement"
                )


def ends(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """For operands that differ: a layer at the end of one that gives it the shape of the other."""
    node, statement = site.node, site.statement
    if node is None or not isinstance(site.diagnostic, OperandsDiffer) or statement is None or len(node.inputs) < 2:
        return
    operands = [(context.draft.nodes[i], context.shape(i)) for i in node.inputs]
    for index, (maker, mine) in enumerate(operands):
        operand = site.operand(index)
        if not isinstance(operand, ast.Body):
            continue
        for _, theirs in operands:
            if mine is None or theirs is None or theirs == mine:
                continue
            last = operand.statements[-1] if operand.statements else None
            is_likely = last is None or _ends_with_activation(maker, last)
            for number, text in enumerate(_converting_layers(context, statement, mine, theirs)):
                yield from at_end(
                    context, site, index, text, (1.3 if is_likely else 1.9) + 0.3 * (last is None) + 0.12 * number
                )


def _ends_with_activation(maker: DraftNode, last: ast.Statement) -> bool:
    """Whether a path ends with an activation or regularization; most paths end with a layer that has weights."""
    return (
        maker.op is not None
        and maker.op.style in ("activation", "regularization")
        and isinstance(last, ast.LayerStatement)
    )


def _converting_layers(
    context: SuggestionContext, statement: ast.Statement, source: Shape, theirs: Shape
) -> Iterator[str]:
    """Layers that turn one shape into another; forms that occur near a statement come first."""
    if source.rank != theirs.rank:
        return
    channels = concrete(theirs.channels if theirs.spatial else theirs.dims[-1])
    if not theirs.spatial or not source.spatial:
        differ = [axis for axis in range(source.rank) if source.dims[axis] != theirs.dims[axis]]
        if len(differ) == 1:
            size, axis = concrete(theirs.dims[differ[0]]), differ[0]
            named = [name for name in context.net_parameters if name in context.variables]
            texts = [str(size), *named[:2]]
            for text in texts:
                yield f"fc {text}" if axis == source.rank - 1 else f"fc {text} axis={axis}"
        return
    copied = []
    near = chain(context.statements.inside(statement), context.statements.by_distance(statement))
    for each in near:
        if isinstance(each, ast.LayerStatement) and each.keyword.text in ("conv", "conv2d", "conv1d") and each.args:
            edit = set_argument(each, context.parameters(each), "filters", str(channels))
            text = each.span.text if edit is None else _with(each, edit)
            copied.append(" ".join(text.split()).partition(" as ")[0])
    block = context.statements.block(statement)
    names = [p.name.text for p in block.parameters][:2] if block is not None else []
    strides = {
        (concrete(a) + concrete(b) - 1) // max(1, concrete(b))
        for a, b in zip(source.spatial_size, theirs.spatial_size, strict=True)
    }
    stride = f" s{next(iter(strides))}" if len(strides) == 1 and strides != {1} else ""
    yield from list(dict.fromkeys(copied))[:4]
    for text in (str(channels), *names):
        yield f"conv {text} k1{stride}"
        yield f"conv {text} k3 p1{stride}"


def _with(statement: ast.LayerStatement, edit: Edit) -> str:
    start = statement.span.start
    text = statement.span.text
    return text[: edit.span.start - start] + edit.text + text[edit.span.end - start :]
