"""What a position reads of an input of known size, including ends and padding; and which positions read an element."""

from collections.abc import Iterator, Sequence

from ...graph import Graph
from ...record import Record
from .bounded import Table
from .field_paths import TABLES, Path, Paths, trace

LONGEST = 4096
"""The longest dimension that is computed position by position."""


class Support(Record):
    """For every node of a graph, what each of its positions reads."""

    graph: Graph
    paths: tuple[Paths[Table], ...]

    def rows(self, node: int, entry: int, position: Sequence[int | None]) -> set[tuple[int, ...]]:
        """The elements of an input, as positions along its dimensions, that a position of a node reads.

        `position` is along the node's axes; None means all positions of an axis.
        """
        found: set[tuple[int, ...]] = set()
        for path in self.paths[node]:
            if path.input == entry:
                found |= _product([_ones(mask) for mask in _masks(path, position)])
        return found

    def extent(self, node: int, entry: int, position: Sequence[int | None]) -> tuple[tuple[int, int], ...] | None:
        """The first and the last element along each dimension of an input that a position of a node reads.

        `position` is as in `rows`. None if it reads nothing.
        """
        ends: list[tuple[int, int]] | None = None
        for path in self.paths[node]:
            masks = list(_masks(path, position)) if path.input == entry else []
            if masks and all(masks):
                own = [((mask & -mask).bit_length() - 1, mask.bit_length() - 1) for mask in masks]
                ends = (
                    own if ends is None else [(min(a, c), max(b, d)) for (a, b), (c, d) in zip(ends, own, strict=True)]
                )
        return None if ends is None else tuple(ends)

    def is_exact(self, node: int) -> bool:
        """Whether the result for a node is exact rather than an upper bound."""
        return all(path.exact for path in self.paths[node])


def support(graph: Graph) -> Support:
    """What every position of every node reads. All sizes must be known, and at most LONGEST."""
    return Support(graph=graph, paths=trace(graph, TABLES).paths)


def _masks(path: Path[Table], position: Sequence[int | None]) -> Iterator[int]:
    for axis, table in path.lines:
        place = None if axis is None else position[axis]
        if place is None or len(table) == 1:
            whole = 0
            for row in table:
                whole |= row
            yield whole
        else:
            yield table[place]


def _product(positions: Sequence[list[int]]) -> set[tuple[int, ...]]:
    found: set[tuple[int, ...]] = {()}
    for places in positions:
        found = {(*head, place) for head in found for place in places}
    return found


def _ones(mask: int) -> list[int]:
    return [i for i in range(mask.bit_length()) if mask >> i & 1]
