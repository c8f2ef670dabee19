"""Input coverage: how many outputs read each input element. Without padding, there are fewer at the border."""

from math import prod

from ..graph import Graph, Node
from ..record import Record
from .input_coverage_counts import Counts, CoverageRange, Place, counts
from .receptive_field import Field, Fields, Support, channel_axes, fields, input_axes, support

_SHADES = "░▒▓█"
_COLUMNS, _ROWS = 32, 16


class LayerCoverage(Record):
    """How many positions of a layer read a corner, the middle of an edge, and the center of the input; and the totals.

    If not `exact`, the counts are upper bounds.
    """

    node: Node
    corner: int
    edge: int
    middle: int
    spread: CoverageRange
    positions: int
    exact: bool


class Figure(Record):
    """Rows of cells, each a box of elements: a shade for the mean count, and the fraction that no position reads.

    Shades range from `·` for a box that no position reads to `█`. `unread` is in tenths; it is None if every box is
    read completely or not at all, which the shades show.
    """

    shades: tuple[str, ...]
    unread: tuple[str, ...] | None


class InputCoverage:
    """Which positions of a network's layers read which elements of its first input. All sizes must be known."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._support: Support = support(graph)
        self._fields: Fields = fields(graph)
        self._channels = channel_axes(graph)
        self._counts: dict[int, Counts] = {}
        entry = graph.nodes[graph.inputs[0]]
        self.sizes = tuple(entry.shape.dims[axis] for axis in input_axes(graph, entry))

    def layers(self) -> list[LayerCoverage]:
        """The layers that change what is read, up to the last one that has positions."""
        found: list[LayerCoverage] = []
        before: tuple[tuple[Field, ...], ...] = ()
        for node in self.graph.layers:
            seen = [each for each in self._fields[node.id] if each.input == self.graph.inputs[0]]
            now = tuple(each.dimensions for each in seen)
            if any(each.has_positions for each in seen) and now != before:
                found.append(self._layer_coverage(node))
            before = now
        return found

    def _layer_coverage(self, node: Node) -> LayerCoverage:
        middle = tuple(length // 2 for length in self.sizes)
        edge, corner = (0, *middle[1:]), (0,) * len(self.sizes)
        found = self.counts(node)
        return LayerCoverage(
            node=node,
            corner=found.count(corner),
            edge=found.count(edge),
            middle=found.count(middle),
            spread=found.spread(),
            positions=prod(self._axes(node).values()),
            exact=self._support.is_exact(node.id),
        )

    def count(self, node: Node, place: Place) -> int:
        """The number of positions of a node that read an element of the input."""
        return self.counts(node).count(place)

    def counts(self, node: Node) -> Counts:
        """The number of positions of a node that read each element of the input."""
        if node.id not in self._counts:
            paths = [path for path in self._support.paths[node.id] if path.input == self.graph.inputs[0]]
            self._counts[node.id] = counts(paths, self._axes(node), self.sizes)
        return self._counts[node.id]

    def _axes(self, node: Node) -> dict[int, int]:
        """The lengths of the axes along which a node has positions."""
        return {axis: size for axis, size in enumerate(node.shape.dims) if axis != self._channels[node.id]}

    def figure(self, node: Node) -> Figure:
        """The coverage by cells; for a volume, of its middle slice."""
        lines = self.sizes[-2:] if len(self.sizes) > 1 else (1, *self.sizes)
        middle = [range(length // 2, length // 2 + 1) for length in self.sizes[:-2]]
        boxes = [
            [[*middle, rows, columns] if len(self.sizes) > 1 else [columns] for columns in _divided(lines[1], _COLUMNS)]
            for rows in _divided(lines[0], _ROWS)
        ]
        found = self.counts(node)
        cells = [[(*found.cell(box), prod(map(len, box))) for box in row] for row in boxes]
        most = max(mean for row in cells for mean, _, _ in row)
        partly = any(0 < unread < size for row in cells for _, unread, size in row)
        return Figure(
            shades=tuple("".join(_shade(mean, most) for mean, _, _ in row) for row in cells),
            unread=tuple("".join(_tenths(*cell[1:]) for cell in row) for row in cells) if partly else None,
        )


def _shade(mean: float, most: float) -> str:
    return "·" if not mean else _SHADES[min(len(_SHADES) - 1, int((mean * len(_SHADES) - 1e-9) / most))]


def _tenths(unread: int, size: int) -> str:
    return "·" if not unread else "█" if unread == size else str(min(9, max(1, round(10 * unread / size))))


def _divided(length: int, most: int) -> list[range]:
    """An axis of this length in at most `most` parts of nearly equal length."""
    count = min(length, most)
    return [range(i * length // count, (i + 1) * length // count) for i in range(count)]
