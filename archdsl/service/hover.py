"""What an editor shows about the word at a position."""

from collections.abc import Iterator

from ..analysis.columns import COLUMNS
from ..analysis.cost import Cost, add, costs
from ..analysis.measures import NetworkMeasures
from ..analysis.quantities import si
from ..analysis.shape_reasons import reasons_for
from ..analysis.table import verdict
from ..expressions.scope import Callee, ListValue, NamedTensor
from ..expressions.show import show
from ..graph import DraftNode, Node, likely_shape
from ..shapes.symbolic import concrete
from ..syntax import ast
from ..text.counts import counted
from ..text.docstrings import docstring
from .answers import Hover, TextRange
from .defined_names import DefinedName, DefinedNames
from .document import Version
from .figure_lines import figure_hover, is_in_figure
from .layer_pages import KEYWORDS, block_documentation, documentation, forms, operation, parameter
from .syntax_at import covers, end_of, position_at, prefix, start_of, word_at

_MOST_SHAPES = 4
"""The maximum number of uses of a block whose shapes are listed for a statement in it."""


def hover(version: Version, offset: int) -> Hover | None:
    """Shapes, costs, receptive field, arithmetic and documentation at a position; None if there is nothing there."""
    here = position_at(version, offset)
    start, end = word_at(version.text, offset)
    if start == end or prefix(version.text, offset).is_quiet:
        return None
    if is_in_figure(version, offset):
        return figure_hover(version, offset)
    word, range = version.text[start:end], TextRange(start=start, end=end)
    statement = here.innermost
    if statement is not None and covers(statement.span, offset):
        keyword = getattr(statement, "keyword", None)
        if isinstance(keyword, ast.Word) and start_of(keyword.span) == start:
            return Hover(range=range, text=_statement(version, statement, word))
        text = _argument(version, statement, offset) or _named(version, statement, start)
        if text is not None:
            return Hover(range=range, text=text)
        if start_of(statement.span) == start and word in KEYWORDS:
            return Hover(range=range, text=_keyword(version, statement, word))
    if word in KEYWORDS:
        return Hover(range=range, text=f"`{word}` {KEYWORDS[word]}")
    return None


def _keyword(version: Version, statement: ast.Statement, word: str) -> str:
    """A statement with a keyword: what it does, and its input and output shapes."""
    parts = [f"`{word}` {KEYWORDS[word]}"]
    nodes = nodes_in(version, statement)
    if isinstance(statement, ast.Net) and version.graph is not None:
        parts = [f"**{verdict(version.graph)}**", costs_of(version, list(version.draft.nodes))]
    elif isinstance(statement, ast.Input) and nodes:
        parts.insert(0, f"**{_shape(nodes[0])}**")
    elif nodes and (passed := version.passed(statement)) is not None:
        parts.insert(0, f"**{passed.before or '?'} → {passed.after or '?'}**")
        parts.append(costs_of(version, nodes))
    return "\n\n".join(filter(None, parts))


def _statement(version: Version, statement: ast.Statement, word: str) -> str:
    """A layer, a merge or the use of a block."""
    parts: list[str] = []
    block = version.blocks.get(word)
    own = version.nodes_by_statement.get(id(statement), [])
    if block is not None:
        passed = version.passed(statement)
        if passed is not None:
            parts.append(f"**{passed.before or '?'} → {passed.after or '?'}**")
            parts.append(costs_of(version, nodes_in(version, statement)))
        parts.append(block_documentation(block))
        return "\n\n".join(filter(None, parts))
    if own:
        parts += _node(version, own)
    elif (passed := version.passed(statement)) is not None and passed.after is not None:
        parts.append(f"**{passed.before or '?'} → {passed.after}**")
    layer = next((type(node.op) for node in own if node.op is not None), None) or operation(word, version.layers)
    known = operation(word, version.layers) or layer
    if known is not None and docstring(known):
        parts.append(documentation(known))
    elif word in KEYWORDS:
        parts.append(f"`{word}` {KEYWORDS[word]}")
    return "\n\n".join(filter(None, parts)) or f"`{word}`"


def _node(version: Version, nodes: list[DraftNode]) -> Iterator[str]:
    """The shapes of a layer, its costs, and why it has its shape."""
    shown = list(dict.fromkeys(_shapes(version, node) for node in nodes))
    more = f" and {len(shown) - _MOST_SHAPES} more" if len(shown) > _MOST_SHAPES else ""
    uses = f" ({len(nodes)} uses)" if len(nodes) > 1 else ""
    yield f"**{'; '.join(shown[:_MOST_SHAPES])}{more}**{uses}"
    yield costs_of(version, nodes)
    node = nodes[0]
    if version.graph is not None:
        node = version.graph.nodes[node.id]
        clauses = [reason.text for reason in reasons_for(version.graph, node, node.name)]
        if clauses:
            yield "; ".join(clauses)
        if field := _field(version, node):
            yield f"receptive field {field}"
    elif isinstance(node, Node):
        xs = tuple(shape for shape in version.shapes_into(node) if shape is not None)
        if len(xs) == len(node.inputs) > 0:
            yield "; ".join(reason.text for reason in node.op.reason_of(xs, node.shape, ("",) * len(xs)))


def _field(version: Version, node: Node) -> str:
    if version.graph is None or not node.inputs:
        return ""
    facts = NetworkMeasures(version.graph, costs(version.graph))
    column = next(column for column in COLUMNS if column.name == "rf")
    return column.cell(facts, node)


def _shape(node: DraftNode) -> str:
    shape = likely_shape(node)
    return "?" if shape is None else str(shape) if isinstance(node, Node) else f"{shape}?"


def _shapes(version: Version, node: DraftNode) -> str:
    """`64×56×56 → 64×28×28`."""
    inputs = ", ".join("?" if shape is None else str(shape) for shape in version.shapes_into(node))
    return f"{inputs} → {_shape(node)}" if inputs else _shape(node)


def costs_of(version: Version, nodes: list[DraftNode]) -> str:
    """`36,864 parameters, 115.6 M MACs` of some nodes; empty if all are 0."""
    known = [cost for cost in (version.costs[node.id] for node in nodes) if cost is not None]
    total: Cost = add(known)
    macs = concrete(total.macs)
    at_least = "" if len(known) == len(nodes) else "at least "
    parts = [counted(total.parameters, "parameter")] if total.parameters else []
    parts += [f"{si(macs)} MACs"] if macs else []
    return at_least + ", ".join(parts) if parts else ""


def nodes_in(version: Version, statement: ast.Statement) -> list[DraftNode]:
    """The nodes that a statement created, including those of its bodies and of the blocks that it uses."""
    start, end = start_of(statement.span), end_of(statement.span)

    def inside(node: DraftNode) -> bool:
        spans = (node.span, *(use.span for use in node.uses))
        return any((p := version.place(span)) is not None and start <= p[0] and p[1] <= end for span in spans)

    return [node for node in version.draft.nodes if inside(node)]


# --- arguments and names ---


def _argument(version: Version, statement: ast.Statement, offset: int) -> str | None:
    """The parameter that the argument at a position sets."""
    if not isinstance(statement, ast.LayerStatement | ast.Merge | ast.Moe):
        return None
    layer = operation(statement.keyword.text, version.layers)
    arg = next((arg for arg in statement.args if covers(arg.span, offset)), None)
    if layer is None or arg is None or statement.keyword.text in version.blocks:
        return None
    written = arg.name.text if arg.name else arg.value.name if isinstance(arg.value, ast.Variable) else ""
    for p in layer.parameters:
        is_flag = any(written == word for word, _ in p.words)
        is_short = arg.name is None and p.letter and written[:1] == p.letter and written[1:2].isdigit()
        is_named = arg.name is not None and written in (p.name, p.letter) and covers(arg.name.span, offset)
        if is_flag or is_short or is_named:
            return f"`{p.name}` of `{layer.keyword}`: {parameter(p)}\n\nwritten {forms(p)}"
    return None


def _named(version: Version, statement: ast.Statement, start: int) -> str | None:
    """A name: its value, or the shape of its tensor."""
    name = name_at(DefinedNames(version.program, version.layers), start)
    if name is None:
        return None
    if name.kind == "block":
        return block_documentation(version.blocks[name.text]) if name.text in version.blocks else None
    passed = version.passed(statement)
    binding = passed.scope.find(name.text) if passed is not None else None
    value = None if binding is None else binding.value
    if isinstance(value, NamedTensor):
        node = version.draft.nodes[value.node] if value.node < len(version.draft.nodes) else None
        return f"`{name.text}`: **{_shape(node)}**" if node is not None else f"`{name.text}`: a tensor"
    if isinstance(value, Callee):
        return f"`{name.text}` = {value.name}"
    if isinstance(value, int | float | ListValue):
        return f"`{name.text}` = {show(value).strip('`')}"
    return f"`{name.text}`: a {name.kind}"


def name_at(names: DefinedNames, start: int) -> DefinedName | None:
    """The name whose word starts at an offset."""
    return next((name for name in names.all for span in name.all() if start_of(span) == start), None)
