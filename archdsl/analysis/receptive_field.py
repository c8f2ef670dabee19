"""The receptive field: how many input elements one output element depends on, along each side."""

from ..graph import Graph, Node
from ..layer import Layer
from ..layers.merge import Add, Concat, Mul
from ..record import Record


class Field(Record):
    """Along one side: the extent, and the distance between the fields of neighbours, in input elements."""

    size: int
    jump: int


def fields(graph: Graph) -> tuple[tuple[Field, ...] | None, ...]:
    """The field of each node along each of its sides, the largest over its paths.

    None where it is not a window: after a layer that mixes all positions (a flatten, a global pooling, attention).
    """
    found: list[tuple[Field, ...] | None] = []
    for node in graph.nodes:
        found.append(_field(graph, node, found))
    return tuple(found)


def receptive_field(graph: Graph) -> int | None:
    """The largest side of the last window: of the output, or of the tensor that the head pools or flattens."""
    best = None
    for node_fields in fields(graph):
        if node_fields:
            size = max(field.size for field in node_fields)
            best = size if best is None else max(best, size)
    return best


def _field(graph: Graph, node: Node, found: list[tuple[Field, ...] | None]) -> tuple[Field, ...] | None:
    if node.id in graph.inputs:
        return tuple(Field(size=1, jump=1) for _ in node.shape.sides) if node.shape and node.shape.spatial else None
    inputs = [found[i] for i in node.inputs]
    known = [each for each in inputs if each is not None]
    if not known or node.shape is None or node.op is None:
        return None
    if isinstance(node.op, Add | Mul | Concat):
        sides = zip(*(each for each in known if len(each) == len(known[0])), strict=True)
        return tuple(Field(size=max(f.size for f in side), jump=max(f.jump for f in side)) for side in sides)
    x = graph.nodes[node.inputs[0]].shape
    assert isinstance(node.op, Layer)
    if x is None or not x.spatial:
        return None
    windows = node.op.windows(x)
    if windows:
        pairs = zip(known[0], windows, strict=True)
        return tuple(Field(size=f.size + (w.extent - 1) * f.jump, jump=f.jump * w.stride) for f, w in pairs)
    # Without a window, a layer that keeps the sides works element by element.
    return known[0] if node.shape.spatial and node.shape.sides == x.sides else None
