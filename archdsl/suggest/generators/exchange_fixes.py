"""Swapped parts, and statements on the wrong side of a brace: edits at two positions."""

from collections.abc import Iterator
from itertools import combinations, pairwise

from ...contract.arguments import parameter_named
from ...diagnostics import Edit
from ...syntax import ast
from ...syntax.bodies import bodies
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, away, removed, written
from ..written_arguments import value_text, written_arguments

_WIDTHS = ("filters", "units", "features", "kernel", "stride", "factor", "size")
_CHANNELS = 3
"""The number of names in `_WIDTHS` that mean channels; they come first."""
_MAX_LAYERS = 5


def names(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The tensors that two statements read, swapped: skip connections in the order of the encoder."""
    mine = _names_read(context, site.statement) if site.statement is not None else []
    if site.statement is not None:
        mine += [w for each in context.statements.inside(site.statement) for w in _names_read(context, each)]
        mine += [w for each in context.statements.before(site.statement) for w in _names_read(context, each)][:2]
    others = [word for each in context.statements.all for word in _names_read(context, each)]
    seen: set[tuple[int, int]] = set()
    for one in mine:
        for other in others:
            first, second = sorted((one, other), key=lambda word: word.span.start)
            pair = first.span.start, second.span.start
            if other.text != one.text and pair not in seen:
                seen.add(pair)
                near = min(1.0, abs(other.span.line - one.span.line) / 40)
                yield _exchanged(first.span, second.span, 1.1 + near, "exchanged names")


def _names_read(context: SuggestionContext, statement: ast.Statement) -> list[ast.Word]:
    """The names of tensors that a statement reads, without those in its bodies."""
    match statement:
        case ast.From() | ast.Reuse():
            return [statement.name]
        case ast.Merge():
            return [each for each in statement.operands if isinstance(each, ast.Word)]
        case ast.LayerStatement() if statement.keyword.text in context.blocks:
            values = [each.value for each in statement.args if isinstance(each.value, ast.Variable)]
            named = set(context.tensors(statement)) if values else set()
            return [ast.Word(text=each.name, span=each.span) for each in values if each.name in named]
        case _:
            return []


def _exchanged(first: Span, second: Span, rank: float, kind: str) -> Candidate:
    edits = (Edit(span=first, text=second.text), Edit(span=second, text=first.text))
    one, other = (" ".join(span.text.split()) for span in (first, second))
    title = f"swap `{one}` (line {first.line}) and `{other}` (line {second.line})"
    if first.line == second.line:
        title = f"swap `{one}` and `{other}` on line {first.line}"
    if len(title) > 90:
        title = f"swap the statements on lines {first.line} and {second.line}"
    return Candidate(title=title, edits=edits, rank=rank, kind=kind)


def widths(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The same argument of two layers near an error, swapped: the wide one comes first."""
    if site.node is None:
        return
    path = [
        (statement, distance)
        for statement, _, distance in context.layers_before(site.node, 8)
        if any(_argument(context, statement, name) for name in _WIDTHS)
    ]
    for (one, distance), (other, other_distance) in combinations(path[:_MAX_LAYERS], 2):
        # Layers of two kinds may have each other's width, but not each other's window.
        names = _WIDTHS if one.keyword.text == other.keyword.text else _WIDTHS[:_CHANNELS]
        for name in names:
            pair = [_argument(context, each, name) for each in (one, other)]
            if any(each is None for each in pair):
                continue
            (a, first), (b, second) = (each for each in pair if each is not None)
            if first != second and (abs(distance - other_distance) <= 4):
                same_body = context.statements.position_of(one) and _have_same_body(context, one, other)
                rank = (1.0 if same_body else 1.7) + away(distance) * 0.4
                spans = sorted((a, b), key=lambda span: span.start)
                yield _exchanged(spans[0], spans[1], rank, "exchanged arguments")


def _have_same_body(context: SuggestionContext, one: ast.Statement, other: ast.Statement) -> bool:
    a, b = context.statements.position_of(one), context.statements.position_of(other)
    return a is not None and b is not None and a.siblings is b.siblings


def _argument(context: SuggestionContext, statement: ast.LayerStatement, name: str) -> tuple[Span, str] | None:
    parameters = context.parameters(statement)
    found = written_arguments(statement, parameters).get(name)
    p = parameter_named(parameters, name)
    return None if found is None or p is None else (found.span, value_text(found, p))


def sections(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Two stages next to each other, or two parts that each start with `from`, in the other order."""
    stages = [each for each in context.program.statements if isinstance(each, ast.Stage | ast.Aux)]
    for one, other in pairwise(stages):
        rank = 1.3 + min(0.6, 0.02 * abs(one.span.line - site.line))
        yield _exchanged(one.span, other.span, rank, "exchanged sections")
    starts = [each.span for each in context.program.statements if isinstance(each, ast.From)]
    source = context.source
    # Only `from` at the start of a line starts a part.
    starts = [
        each for each in starts if not source.text[source.text.rfind("\n", 0, each.start) + 1 : each.start].strip()
    ]
    last = context.program.statements[-1].span.end if context.program.statements else 0
    ends = [*(source.text.rfind("\n", 0, each.start) for each in starts[1:]), last][: len(starts)]
    parts = [
        Span(source, a.start, max(a.start, _stripped(source.text, a.start, b)))
        for a, b in zip(starts, ends, strict=True)
    ]
    for first, second in pairwise(parts):
        yield _exchanged(first, second, 1.4, "exchanged sections")


def _stripped(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def statements(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A statement near an error, swapped with the one after it in the same body."""
    chain = [site.statement, *context.statements.ancestors(site.statement)] if site.statement is not None else []
    places = [(each, 0.3 * depth) for depth, each in enumerate(chain)]
    if site.node is not None:
        places += [(each, away(distance)) for each, _, distance in context.layers_before(site.node, 4)]
    seen: set[int] = set()
    for each, more in places:
        home = context.statements.position_of(each)
        if home is None:
            continue
        for index in (home.position - 1, home.position):
            if index < 0 or index + 1 >= len(home.siblings) or id(home.siblings[index]) in seen:
                continue
            seen.add(id(home.siblings[index]))
            one, other = home.siblings[index], home.siblings[index + 1]
            if not any(isinstance(s, _FIXED) for s in (one, other)):
                with_body = any(bodies(s) for s in (one, other))
                yield _exchanged(one.span, other.span, 1.9 + more + 0.5 * with_body, "exchanged statements")


_FIXED = (ast.Net, ast.Block, ast.Input, ast.Output, ast.UseFile, ast.Train, ast.FigureBlock, ast.UnreadableStatement)


def outside(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The last statement of a body that joins another path, moved after its braces, or the first, moved before them."""
    owners = [site.statement, *context.statements.ancestors(site.statement)] if site.statement is not None else []
    for depth, owner in enumerate(owners):
        if not isinstance(owner, ast.Merge | ast.Residual | ast.Repeat | ast.If):
            continue
        inner = bodies(owner)
        for body in inner:
            if len(body.statements) < 2 or owner.span.source is not context.source:
                continue
            last, first = body.statements[-1], body.statements[0]
            alone = len(inner) == 1 or body is inner[-1]
            if alone and not isinstance(last, _FIXED):
                yield from _after(context, owner, last, 1.8 + 0.4 * depth)
            if not isinstance(first, (*_FIXED, ast.From)) and isinstance(owner, ast.Residual):
                edits = (
                    *removed(context, first, 0.0).edits,
                    Edit(span=owner.span.head, text=f"{written_whole(first)}; "),
                )
                title = f"move `{written(first)}` before the braces"
                yield Candidate(title=title, edits=edits, rank=2.0 + 0.4 * depth, kind="moved out of braces")


def _after(context: SuggestionContext, owner: ast.Statement, last: ast.Statement, rank: float) -> Iterator[Candidate]:
    text = written_whole(last)
    edits = (*removed(context, last, 0.0).edits, Edit(span=owner.span.tail, text=f"; {text}"))
    title = f"move `{written(last)}` after the braces"
    yield Candidate(title=title, edits=edits, rank=rank, kind="moved out of braces")


def written_whole(statement: ast.Statement) -> str:
    """A statement as written; on one line if it has no body."""
    text = statement.span.text
    return text if "{" in text else " ".join(text.split())


def repeated(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The text without a statement or a line that occurs twice in a row."""
    source = context.source
    lines = source.text.split("\n")
    start = 0
    for number, line in enumerate(lines[:-1], 1):
        start += len(line) + 1
        text = line.partition("#")[0].strip()
        if len(text) > 1 and text == lines[number].partition("#")[0].strip() and text.count("{") == text.count("}"):
            edit = Edit(span=Span(source, start, start + len(lines[number]) + (number + 1 < len(lines))), text="")
            near = min(0.8, 0.03 * abs(number - site.line))
            # Upsampling layers and blocks often occur twice in a row; a layer that adds an axis or flattens does not.
            title = f"remove line {number + 1}: it repeats line {number}"
            yield Candidate(title=title, edits=(edit,), rank=1.1 + near, kind="repeated line")
