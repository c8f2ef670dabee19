"""Suggestions for outputs that must be feature maps: with the input's spatial size, or with at most that."""

from collections import Counter

from ...graph import Graph, Node
from ...layers.conv import Conv
from ...shapes.shape import Layout


def image_suggestions(graph: Graph, node: Node, channels: int, exact: bool = True) -> tuple[str, ...]:
    """Suggestions that give an output this number of channels, and the spatial size of the network's input if `exact`,
    otherwise at most that.

    Empty if there is no feature map to which layers could be added.
    """
    size = graph.nodes[graph.inputs[0]].shape.dims[1:]
    if exact and (padded := _padded(graph, node, channels, size)):
        return (padded,)
    image, removed = _feature_map(graph, node)
    if image is None:
        return ()
    found, *spatial = image.shape.dims
    layers = [f"conv {channels} k1"] if found != channels else []
    if (exact and tuple(spatial) != size) or any(one > most for one, most in zip(spatial, size, strict=True)):
        layers.append(f"resize {'x'.join(map(str, size))} bilinear")
    end = "; ".join(layers)
    if not removed:
        return (f"end this output with `{end}`",) if end else ()
    without = "; ".join(each.text for each in removed)
    return (f"replace `{without}` with `{end}`" if end else f"leave out `{without}`",)


def _padded(graph: Graph, node: Node, channels: int, size: tuple[int, ...]) -> str:
    """How padding keeps the spatial size, if the output is a convolution that only lacks it."""
    op = node.op
    if not isinstance(op, Conv) or node.uses or node.alias or op.filters != channels:
        return ""
    keeps = graph.nodes[node.inputs[0]].shape.dims[1:] == size and op.stride == 1 and "padding" not in node.arguments
    return f"pad its input: `{node.text} same`" if keeps else ""


def _feature_map(graph: Graph, node: Node) -> tuple[Node | None, list[Node]]:
    """The last feature map that leads to an output, and the statements after it, in order."""
    uses = Counter(source for each in graph.nodes for source in each.inputs)
    removed: list[Node] = []
    while node.shape.layout is not Layout.IMAGE:
        if len(node.inputs) != 1 or node.uses or node.alias or uses[node.id] != bool(removed):
            return None, []
        removed.insert(0, node)
        node = graph.nodes[node.inputs[0]]
    return (node, removed) if uses[node.id] == bool(removed) else (None, [])
