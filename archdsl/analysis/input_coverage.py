"""How many outputs each element of the input touches: fewer at the border than amid it, which padding evens out."""

from collections.abc import Sequence
from math import prod

from ..graph import Graph, Node
from ..record import Record
from .receptive_field import Field, Fields, Support, fields, support
from .receptive_field.bounded import Table
from .receptive_field.paths import Path

Place = tuple[int, ...]
_SHADES = "░▒▓█"
_COLUMNS, _ROWS = 32, 16


class Touched(Record):
    """How many positions of a layer read the input's first element (a corner), one amid an edge, and the middle."""

    node: Node
    corner: int
    edge: int
    middle: int
    positions: int


class Coverage:
    """Which positions of a network's layers read which elements of its first input. Sides must be known."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._support: Support = support(graph)
        self._fields: Fields = fields(graph)
        entry = graph.nodes[graph.inputs[0]].shape
        assert entry is not None
        self.sides = entry.sides if entry.spatial else entry.dims[:1]

    def layers(self) -> list[Touched]:
        """The layers that change what is read, up to the last one that has places."""
        found: list[Touched] = []
        before: tuple[tuple[Field, ...], ...] = ()
        for node in self.graph.layers:
            seen = self._fields[node.id]
            now = tuple(each.sides for each in seen)
            if any(each.placed for each in seen) and now != before:
                found.append(self._touched(node))
            before = now
        return found

    def _touched(self, node: Node) -> Touched:
        middle = tuple(side // 2 for side in self.sides)
        edge = (0, *middle[1:])
        corner = (0,) * len(self.sides)
        counts = [self.count(node, place) for place in (corner, edge, middle)]
        return Touched(node=node, corner=counts[0], edge=counts[1], middle=counts[2], positions=prod(_sizes(node)))

    def count(self, node: Node, place: Place) -> int:
        """How many positions of a node read an element of the input."""
        sizes = _sizes(node)
        paths = [path for path in self._support.paths[node.id] if path.input == self.graph.inputs[0]]
        return _union(list(filter(None, (_readers(path, place, node, sizes) for path in paths))), sizes)

    def picture(self, node: Node) -> list[str]:
        """Lines of shades, from `·` for an element that no position reads to `█` for one that the most read."""
        lines = self.sides[-2:] if len(self.sides) > 1 else (1, *self.sides)
        middle = tuple(side // 2 for side in self.sides[:-2])
        rows, columns = _sampled(lines[0], _ROWS), _sampled(lines[1], _COLUMNS)
        places = [[(*middle, i, j) if len(self.sides) > 1 else (j,) for j in columns] for i in rows]
        counts = [[self.count(node, place) for place in row] for row in places]
        most = max(map(max, counts))
        return ["".join(_shade(count, most) for count in row) for row in counts]


def _shade(count: int, most: int) -> str:
    return "·" if not count else _SHADES[min(len(_SHADES) - 1, (count * len(_SHADES) - 1) // most)]


def _sampled(side: int, most: int) -> list[int]:
    """Places from the first to the last, evenly, no more than so many."""
    count = min(side, most)
    return [i * (side - 1) // max(1, count - 1) for i in range(count)]


def _sizes(node: Node) -> tuple[int, ...]:
    return tuple(size for axis, size in enumerate(node.shape.dims) if axis != node.shape.channel_axis)


def _readers(path: Path[Table], place: Place, node: Node, sizes: Sequence[int]) -> tuple[int, ...] | None:
    """The positions that read a place by a way, as bits along each axis; None where there are none."""
    found = [(1 << size) - 1 for size in sizes]
    for (axis, table), at in zip(path.lines, place, strict=True):
        if axis is None or axis == node.shape.channel_axis:
            if not any(row >> at & 1 for row in table):
                return None
            continue
        own = axis - (axis > node.shape.channel_axis)
        rows = table if len(table) == sizes[own] else table * sizes[own]
        found[own] &= sum(1 << i for i, row in enumerate(rows) if row >> at & 1)
    return tuple(found)


def _union(ways: list[tuple[int, ...]], sizes: Sequence[int]) -> int:
    """How many positions are in any of some products of sets."""
    if len(ways) < 2:
        return prod(bits.bit_count() for bits in ways[0]) if ways else 0
    if not sizes:
        return 1
    inner: dict[tuple[int, ...], int] = {}
    for i in range(sizes[0]):
        chosen = tuple(k for k, way in enumerate(ways) if way[0] >> i & 1)
        inner[chosen] = inner.get(chosen, 0) + 1
    return sum(times * _union([ways[k][1:] for k in chosen], sizes[1:]) for chosen, times in inner.items())
