"""Layers whose torch calls depend on symbolic dimensions: `upsample size=@h` is a different layer for each size."""

from collections.abc import Iterator, Sequence

from ..contract.call import symbols_in
from ..contract.layer import Op
from ..diagnostics.catalog import structure_errors
from ..graph import Graph, MoeOp, Node, ScanOp
from ..shapes.polynomial import Form
from ..shapes.shape import Shape
from ..shapes.symbolic import Sym, recording


def undecided_layers(graph: Graph) -> Iterator[structure_errors.UndecidedLayer]:
    """An error for each layer whose torch call depends on a symbolic dimension: no module can be built."""
    for node in graph.layers if graph.symbols else ():
        if not _call_symbols(graph, node) <= _weight_symbols(graph, node) or _varies(graph, node):
            sizes = graph.sized_inputs
            yield structure_errors.UndecidedLayer(span=node.span, text=node.text, uses=node.uses, sized_inputs=sizes)


def calls_vary(op: Op, xs: Sequence[Shape]) -> bool:
    """Whether a layer's torch calls were chosen by the example sizes of symbolic dimensions, such as a padding that
    only odd sizes need: other sizes that the layer accepts need other calls.
    """
    inputs = tuple(xs)
    with recording() as accepted:
        op.infer(inputs)
    with recording() as chosen:
        op.steps(inputs)
    return any(condition not in accepted for condition in chosen)


def _varies(graph: Graph, node: Node) -> bool:
    """Whether the calls of a layer, or of one in its body, vary."""
    inner = node.op.body.graph if isinstance(node.op, MoeOp | ScanOp) else None
    in_body = inner is not None and any(_varies(inner, each) for each in inner.layers)
    return in_body or calls_vary(node.op, graph.shapes_in(node))


def has_symbolic_weights(graph: Graph) -> bool:
    """Whether a layer's weights depend on a symbolic dimension: the conditions then require its example value."""
    return bool(graph.symbols) and any(_call_symbols(graph, node) for node in graph.layers)


def _call_symbols(graph: Graph, node: Node) -> set[Form]:
    """The symbolic dimensions in a layer's torch calls."""
    return {size.form for size in symbols_in(node.op.steps(graph.shapes_in(node)))}


def _weight_symbols(graph: Graph, node: Node) -> set[Form]:
    """The symbolic dimensions of a layer's weights, which have the example sizes."""
    weights = node.op.weights_of(graph.shapes_in(node)).values()
    return {size.form for dims in weights for size in dims if isinstance(size, Sym)}
