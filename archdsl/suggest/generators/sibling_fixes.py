"""Arguments copied from other statements of the same kind: one of several may lack what its neighbors have."""

from collections.abc import Iterator

from ...contract.arguments import ParameterSpec, parameter_named
from ...diagnostics import Edit, Sink
from ...diagnostics.catalog import argument_errors
from ...elaborate.layer_statements import example_of
from ...graph import DraftNode
from ...layers import find
from ...syntax import ast, parse
from ...text.source import Source
from ..candidate import Candidate
from ..statements import StatementPosition
from ..suggestion_context import ErrorSite, SuggestionContext, away, changed, rewritten
from ..written_arguments import rendered, usual_order, value_text, written_arguments

_SIBLINGS = 3
_COPIED = (
    "stride",
    "padding",
    "kernel",
    "filters",
    "units",
    "dilation",
    "groups",
    "factor",
    "heads",
    "features",
    "size",
)
_STANDARD = {
    "kernel": "3",
    "units": "10",
    "filters": "64",
    "heads": "4",
    "groups": "1",
    "features": "64",
    "factor": "2",
    "p": "0.5",
    "size": "1",
}
"""The usual arguments, if no other statement has them."""


def copied(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Arguments of the layers that lead to an error, as their nearest siblings have them."""
    if site.node is None:
        return
    for statement, _, distance in context.layers_before(site.node):
        mine = written_arguments(statement, parameters := context.parameters(statement))
        parallel, others = _parallel(context, statement), _siblings(context, statement)
        odd = _differing_argument(context, mine, parameters, others)
        for number, sibling in enumerate([*parallel, *others]):
            theirs = context.given(sibling)
            for index, name in enumerate(_shared(context, statement, sibling)):
                text = _text(theirs, name, parameters)
                if text == _text(mine, name, parameters):
                    continue
                base = 1.0 if sibling in parallel or name in odd else 1.9
                base += 1.5 * (name == "padding" and text is not None and _covers_all(mine, parameters, text))
                rank = base + away(distance) + 0.3 * number + 0.1 * index
                candidate = changed(context, statement, {name: text}, rank, f"as on line {sibling.span.line}")
                if candidate is not None:
                    yield candidate


def _differing_argument(
    context: SuggestionContext,
    mine: dict[str, ast.Argument],
    parameters: tuple[ParameterSpec, ...],
    others: list[ast.LayerStatement],
) -> set[str]:
    """The arguments that have the same value in several siblings, but not in this statement."""
    found = set()
    for name in ("kernel", "stride", "padding", "factor", "output_padding"):
        texts = [
            _text(context.given(each), name, parameters) for each in others if any(p.name == name for p in parameters)
        ]
        if len(texts) > 1 and len(set(texts)) == 1 and texts[0] != _text(mine, name, parameters):
            found.add(name)
    return found


def _parallel(context: SuggestionContext, statement: ast.LayerStatement) -> list[ast.LayerStatement]:
    """The statements at the same position in the other branches of a merge, if they are of the same kind."""
    home = context.statements.position_of(statement)
    if home is None or not isinstance(home.owner, ast.Merge):
        return []
    found: dict[str, ast.LayerStatement] = {}
    for operand in _branches(context, home):
        if operand.statements is not home.siblings:
            other = operand.statements[home.position] if home.position < len(operand.statements) else None
            if isinstance(other, ast.LayerStatement) and _same_kind(context, statement, other):
                found.setdefault(" ".join(other.span.text.split()), other)
    return list(found.values())[:_SIBLINGS]


def _branches(context: SuggestionContext, home: StatementPosition) -> list[ast.Body]:
    """The other branches of a merge, and those of merges with the same structure."""
    own = [tuple(map(_kind_of, home.siblings))]
    found = [o for o in home.owner.operands if isinstance(o, ast.Body)] if isinstance(home.owner, ast.Merge) else []
    for each in context.statements.all:
        if isinstance(each, ast.Merge) and each is not home.owner:
            found += [o for o in each.operands if isinstance(o, ast.Body) and tuple(map(_kind_of, o.statements)) in own]
    return found


def _kind_of(statement: ast.Statement) -> str:
    return statement.keyword.text if isinstance(statement, ast.LayerStatement) else type(statement).__name__


def _siblings(context: SuggestionContext, statement: ast.LayerStatement) -> list[ast.LayerStatement]:
    """Statements of the same layer or block, the nearest in the tree first, each form once."""
    found: dict[str, ast.LayerStatement] = {}
    mine = " ".join(statement.span.text.split())
    for each in context.statements.by_distance(statement):
        if isinstance(each, ast.LayerStatement) and _same_kind(context, statement, each):
            text = " ".join(each.span.text.split())
            if text != mine:
                found.setdefault(text, each)
        if len(found) == _SIBLINGS:
            break
    return list(found.values())


def _same_kind(context: SuggestionContext, a: ast.LayerStatement, b: ast.LayerStatement) -> bool:
    one, other = a.keyword.text, b.keyword.text
    if one in context.blocks or other in context.blocks:
        return one == other
    found = context.find_layer(one)
    return found is not None and found is context.find_layer(other)


def _covers_all(mine: dict[str, ast.Argument], parameters: tuple[ParameterSpec, ...], padding: str) -> bool:
    """Whether a padding is as large as the kernel, so that some windows would read nothing else."""
    kernel = _text(mine, "kernel", parameters)
    return bool(kernel and kernel.isdigit() and padding.isdigit() and int(padding) >= int(kernel))


def _shared(context: SuggestionContext, a: ast.LayerStatement, b: ast.LayerStatement) -> list[str]:
    """The parameters worth copying: those that determine shapes, or all of a block."""
    names = [p.name for p in context.parameters(a)]
    return names if a.keyword.text in context.blocks else [name for name in _COPIED if name in names]


def _text(given: dict[str, ast.Argument], name: str, parameters: tuple[ParameterSpec, ...]) -> str | None:
    p = parameter_named(parameters, name)
    return value_text(given[name], p) if p is not None and name in given else None


def missing(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A missing argument as the nearest statement of the same kind has it, or as it usually is."""
    diagnostic, layer = site.diagnostic, site.layer
    if layer is None or not isinstance(diagnostic, argument_errors.MissingArgument):
        return
    parameters = context.parameters(layer)
    options: list[list[str]] = []
    for name in diagnostic.names:
        p = parameter_named(parameters, name)
        if p is None:
            return  # a layer that is an argument of the block
        texts = [
            value_text(theirs[name], p)
            for sibling in _siblings(context, layer)
            if name in (theirs := context.given(sibling))
        ]
        usual = _STANDARD.get(name) or _in_example(layer, name)
        options.append([*dict.fromkeys(texts), *([usual] if usual else [])][:_SIBLINGS])
    if not all(options):
        return
    for rank in range(max(map(len, options))):
        chosen = {name: texts[min(rank, len(texts) - 1)] for name, texts in zip(diagnostic.names, options, strict=True)}
        candidate = _completed(layer, parameters, chosen, 1.0 + rank)
        if candidate is not None:
            yield candidate


def _in_example(layer: ast.LayerStatement, name: str) -> str | None:
    """The value of an argument in the example that the layer's documentation shows."""
    found = find(layer.keyword.text)
    statements = parse(Source(example_of(found)), Sink()).statements if found is not None else ()
    if found is None or not statements or not isinstance(statements[0], ast.LayerStatement):
        return None
    return _text(written_arguments(statements[0], found.parameters), name, found.parameters)


def _completed(
    layer: ast.LayerStatement, parameters: tuple[ParameterSpec, ...], chosen: dict[str, str], rank: float
) -> Candidate | None:
    """The statement with all missing arguments, in the order of the layer's parameters."""
    given = written_arguments(layer, parameters)
    words = []
    for p in sorted(parameters, key=lambda p: usual_order(p) if not p.positional else (False, 0)):
        if p.name in given:
            words.append(given[p.name].span.text)
        elif p.name in chosen:
            words.append(rendered(p, parameters, chosen[p.name]))
    if len(given) != len(layer.args):
        return None
    whole = layer.keyword.span.to(layer.args[-1].span) if layer.args else layer.keyword.span
    text = " ".join([layer.keyword.text, *words])
    return rewritten(layer, (Edit(span=whole, text=text),), rank)


def setter(context: SuggestionContext, node: DraftNode) -> tuple[ast.LayerStatement, DraftNode, str] | None:
    """The nearest layer before a node that determines its channels, and its argument; None after a merge."""
    seen = 0
    while seen < 40:
        statement = node.statement
        op = node.op
        name = next((n for n in ("filters", "units", "features") if op is not None and hasattr(op, n)), None)
        if name is not None and isinstance(statement, ast.LayerStatement):
            is_known = any(p.name == name for p in context.parameters(statement))
            return (statement, node, name) if is_known and context.owns(statement) else None
        if len(node.inputs) != 1:
            return None
        node = context.draft.nodes[node.inputs[0]]
        seen += 1
    return None
