"""What one position of a layer sees: the part of the input and of the tensors in between, by the receptive field."""

from collections.abc import Sequence

from ...analysis.figure_block.figure_names import FigureNames
from ...analysis.receptive_field import channel_axes, fields, support
from ...analysis.receptive_field.support import LONGEST
from ...contract.layer import INPUT
from ...graph import Graph, Node
from ...shapes.shape import times
from ...shapes.symbolic import concrete
from ...text.names import suggested
from .engine import CannotDraw
from .figure import Box, Diagram, Extent, FieldOverlay, Role


def field_overlay(graph: Graph, diagram: Diagram, row: Sequence[Box], name: str) -> FieldOverlay:
    """The overlay for a layer, stage or block with a name. Raises CannotDraw."""
    node = _named(graph, name)
    if graph.symbols:
        raise CannotDraw("the receptive field of a position needs fixed sizes: give them with --input")
    if any(cluster.times > 1 for cluster in diagram.clusters) or any(box.times > 1 for box in row):
        raise CannotDraw("repetitions are shown once, but each has a different receptive field: use a smaller network")
    end = next((i for i, box in enumerate(row) if any(node.id in each.nodes for each in box.rows)), None)
    if end is None:
        raise CannotDraw(f"`{name}` is not on the longest path, which the view `volumes` shows: name a layer on it")
    position = _middle(graph, node)
    extents = {}
    for index, box in enumerate(row[: end + 1]):
        made = _output(graph, box)
        if made is None or (index == end and (box.role is Role.GROUP and made != node.id)):
            continue
        found = _extent(graph, made if index < end else node.id, node, position)
        if found is not None:
            extents[box.id] = found
    return FieldOverlay(extents=extents, words=_words(graph, node, name), end=row[end].id)


def _named(graph: Graph, name: str) -> Node:
    """The layer with a name, or the last one of a stage or block; the first if several have the name."""
    names = FigureNames(graph)
    nodes, scopes = sorted(names.nodes(name) - set(graph.inputs)), sorted(names.scopes(name))
    if scopes and not nodes:
        first = scopes[0]
        nodes = [max(node.id for node in graph.nodes if node.path[: len(first)] == first)]
    if not nodes:
        hint = suggested(name, names.all)
        raise CannotDraw(f"there is no layer, stage or block `{name}` whose receptive field could be shown{hint}")
    node = graph.nodes[nodes[0]]
    if not _axes(graph, node.id):
        raise CannotDraw(f"`{name}` has no spatial dimensions, so it depends on the whole input: name an earlier layer")
    return node


def _axes(graph: Graph, node: int) -> tuple[int, ...]:
    """The axes that have positions: the spatial dimensions, the steps of a sequence."""
    channels = channel_axes(graph)[node]
    return tuple(axis for axis in range(graph.nodes[node].shape.rank) if axis != channels)


def _sizes(graph: Graph, node: int) -> list[int]:
    return [concrete(graph.nodes[node].shape.dims[axis]) for axis in _axes(graph, node)]


def _middle(graph: Graph, node: Node) -> tuple[int | None, ...]:
    """The position in the middle, at all channels."""
    spatial = _axes(graph, node.id)
    return tuple(concrete(size) // 2 if axis in spatial else None for axis, size in enumerate(node.shape.dims))


def _output(graph: Graph, box: Box) -> int | None:
    """The node whose output is the tensor of a box; None if it has no spatial dimensions."""
    nodes = [node for row in box.rows for node in row.nodes]
    last = max(nodes, default=None)
    if last is None or graph.nodes[last].shape != box.shape or not _axes(graph, last):
        return None
    return last


def _extent(graph: Graph, start: int, node: Node, position: Sequence[int | None]) -> Extent | None:
    """The part of the output of another node that a position of a node sees; None if it sees nothing."""
    sizes = _sizes(graph, start)
    if max(sizes) > LONGEST:
        raise CannotDraw(f"a dimension of {max(sizes):,} exceeds the limit of {LONGEST:,}")
    if start == node.id:
        at = [place for place in position if place is not None]
        return tuple((place / size, (place + 1) / size) for place, size in zip(at, sizes, strict=True))
    part = _from(graph, start, node.id)
    if part is None:
        return None
    found = support(part).extent(len(part.nodes) - 1, 0, position)
    if found is None or len(found) != len(sizes):
        return None
    return tuple((low / size, (high + 1) / size) for (low, high), size in zip(found, sizes, strict=True))


def _from(graph: Graph, start: int, end: int) -> Graph | None:
    """The graph from the output of a node, as its input, to another node; None if there is no path."""
    after = {start}
    for node in graph.nodes[start + 1 : end + 1]:
        if after.intersection(node.inputs):
            after.add(node.id)
    if end not in after:
        return None
    wanted = {end}
    for node in reversed(graph.nodes[: end + 1]):
        if node.id in wanted and node.id != start:
            wanted.update(node.inputs)
    # A node that does not depend on the start becomes another input, which the field leaves out.
    order = sorted(wanted, key=lambda each: (each not in ({start} | (wanted - after)), each != start, each))
    ids = {old: new for new, old in enumerate(order)}
    nodes = []
    for old in order:
        node = graph.nodes[old]
        if old == start or old not in after:
            nodes.append(Node(ids[old], INPUT, (), node.shape, node.path, node.span))
        else:
            nodes.append(node.renumbered(ids[old], tuple(ids[i] for i in node.inputs), None))
    entries = tuple(ids[old] for old in order if old == start or old not in after)
    return graph.replace(
        nodes=tuple(nodes),
        inputs=entries,
        input_names=tuple(f"x{entry}" for entry in entries),
        outputs=(("output", ids[end]),),
        figure=None,
    )


def _words(graph: Graph, node: Node, name: str) -> str:
    """`a position of layer2 sees 43×43 of 224×224`."""
    parts = []
    for seen in fields(graph)[node.id]:
        entry = graph.nodes[seen.input]
        whole = _sizes(graph, entry.id)
        sizes = [
            each.size if each.size is not None else side for each, side in zip(seen.dimensions, whole, strict=True)
        ]
        least = "" if seen.exact else "at most "
        of = f" {entry.path[-1]}" if len(graph.inputs) > 1 else ""
        parts.append(f"{least}{times(tuple(sizes))} of{of} {times(tuple(whole))}")
    return f"a position of {name} sees {' and '.join(parts)}"
