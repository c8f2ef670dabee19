"""Layers whose arguments depend on symbolic dimensions: `upsample size=@h` is a different layer for each size."""

from collections.abc import Iterator

from ..contract.call import symbols_in
from ..diagnostics.catalog import structure_errors
from ..graph import Graph, Node
from ..shapes.polynomial import Form
from ..shapes.symbolic import Sym


def undecided_layers(graph: Graph) -> Iterator[structure_errors.UndecidedLayer]:
    """An error for each layer whose torch call depends on a symbolic dimension: no module can be built."""
    for node in graph.layers if graph.symbols else ():
        if not _call_symbols(graph, node) <= _weight_symbols(graph, node):
            sizes = graph.sized_inputs
            yield structure_errors.UndecidedLayer(span=node.span, text=node.text, uses=node.uses, sized_inputs=sizes)


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
