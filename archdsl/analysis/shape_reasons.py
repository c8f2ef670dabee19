"""Why a layer has its shape: the computed values of its arguments, and the layer's own reasons."""

from collections.abc import Iterator

from ..contract.reasons import KEEPS, Reasons, reasons
from ..expressions.show import show
from ..graph import Graph, Node
from ..shapes.shape import times
from ..syntax import ast


def reasons_for(graph: Graph, node: Node, name: str) -> Reasons:
    """The reasons for a node's shape, each a short clause; `name` is the name relative to which operands are named."""
    if not node.inputs:
        return ()
    names = tuple(relative(graph.nodes[i].name, name) for i in node.inputs)
    found = node.op.reason_of(graph.shapes_in(node), node.shape, names)
    asked = dict(arguments(node))
    if not asked or found == (KEEPS,):
        return found
    given = ", ".join(f"{argument} = {value}" for argument, value in asked.items())
    return (*reasons(given), *(reason for reason in found if reason.argument not in asked))


def arguments(node: Node) -> Iterator[tuple[str, str]]:
    """The computed values of arguments that are written as expressions: `filters` and `128`."""
    statement = node.statement
    if node.shared is not None or not isinstance(statement, ast.LayerStatement):
        return
    written = {arg.span: arg.value for arg in statement.args}
    flags = {p.name: {flag for flag, _ in p.words} for p in node.op.parameters}
    values = dict(node.op)
    for name, span in node.arguments.items():
        if name in values and span in written and _is_written(written[span], span.text, flags[name]):
            value = values[name]
            yield name, times(value) if isinstance(value, tuple) else show(value).strip("`")


def _is_written(value: ast.Expr, text: str, flags: set[str]) -> bool:
    """Whether an argument is an expression: not a number, sizes, a flag or a shorthand."""
    if isinstance(value, ast.Number | ast.Text):
        return False
    if isinstance(value, ast.Size):
        return not all(isinstance(dim, int) for dim in value.dims)
    return not (isinstance(value, ast.Variable) and (value.name in flags or _shorthand(text)))


def _shorthand(text: str) -> bool:
    return len(text) > 1 and text[1:].replace("x", "").isdigit()


def relative(name: str, to: str) -> str:
    """A module's name without the scopes that it shares with another name."""
    parts, others = name.split("."), to.split(".")
    same = 0
    while same < min(len(parts), len(others)) - 1 and parts[same] == others[same]:
        same += 1
    return ".".join(parts[same:])
