"""Layers that symbolic dimensions leave undecided: `upsample size=@h` is another layer for each size."""

from collections.abc import Iterator

from ..contract.call import symbols_in
from ..diagnostics.catalogue import structure_errors
from ..graph import Graph, Node
from ..shapes.polynomial import Form
from ..shapes.symbolic import Sym


def undecided_layers(graph: Graph) -> Iterator[structure_errors.UndecidedLayer]:
    """A mistake for each layer whose torch call has a size in it that may be another: no module can be made of it."""
    for node in graph.layers if graph.symbols else ():
        if not _asked(graph, node) <= _of_weights(graph, node):
            yield structure_errors.UndecidedLayer(span=node.span, text=node.text, uses=node.uses)


def has_symbolic_weights(graph: Graph) -> bool:
    """Whether a layer's weights have a symbolic dimension: its value for the example is demanded of all sizes."""
    return bool(graph.symbols) and any(_asked(graph, node) for node in graph.layers)


def _asked(graph: Graph, node: Node) -> set[Form]:
    """The symbolic dimensions in a layer's torch calls."""
    return {size.form for size in symbols_in(node.op.steps(graph.shapes_in(node)))}


def _of_weights(graph: Graph, node: Node) -> set[Form]:
    """Those of its weights, which are the example's."""
    weights = node.op.weights_of(graph.shapes_in(node)).values()
    return {size.form for dims in weights for size in dims if isinstance(size, Sym)}
