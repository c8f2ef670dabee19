"""For each input element, how many positions of a layer read it: minimum, maximum, mean, and the number of unread ones.

For each path to a layer, the positions that read an element are a product of sets, one for each dimension of the input.
If all paths agree on which axis of the layer belongs to which dimension, the counts follow from each dimension
separately: for each index along it, how many positions along the axis read it through which paths. The counts are
exact, not sampled.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import product
from math import prod
from operator import or_
from typing import NamedTuple

from ..record import Record
from .receptive_field.bounded import Table
from .receptive_field.field_paths import Path

Place = tuple[int, ...]
Regions = tuple[tuple[int, int], ...]
"""Sets of paths that read an element (bit k for path k), and the number of positions along the axis for each."""


class CoverageRange(Record):
    """The minimum and maximum number of positions that read an element; the numbers of unread and of all elements."""

    least: int
    most: int
    unread: int
    elements: int


class Counts:
    """The number of positions of a layer that read each element of the input."""

    def count(self, place: Place) -> int:
        """The number of positions for one element."""
        raise NotImplementedError

    def spread(self) -> CoverageRange:
        """The range of the numbers for all elements."""
        raise NotImplementedError

    def cell(self, ranges: Sequence[range]) -> tuple[float, int]:
        """The mean over the elements of a box, and the number of them that no position reads."""
        raise NotImplementedError


class Readers(NamedTuple):
    """For one path and each index along a dimension, the positions that read it, as bits along `axis` (None: none)."""

    axis: int | None
    bits: tuple[int, ...]


def counts(paths: Sequence[Path[Table]], axes: dict[int, int], sizes: Sequence[int]) -> Counts:
    """The counts for an input of these sizes.

    `axes` are the lengths of the layer's axes that have positions: all but the channels.
    """
    readers = [
        tuple(
            _readers(axis, table, axes, dimension) for (axis, table), dimension in zip(path.lines, sizes, strict=True)
        )
        for path in paths
    ]
    owners = [{along.axis for along in each if along.axis is not None} for each in zip(*readers, strict=True)]
    separate = all(len(each) <= 1 for each in owners) and sum(map(len, owners)) == len(set().union(*owners))
    return _Separate(readers, axes, sizes) if separate else _Listed(readers, axes, sizes)


def _readers(axis: int | None, table: Table, axes: dict[int, int], dimension: int) -> Readers:
    if axis not in axes:
        seen = reduce(or_, table, 0)
        return Readers(None, tuple(seen >> at & 1 for at in range(dimension)))
    rows = table if len(table) == axes[axis] else table * axes[axis]
    return Readers(axis, _transposed(rows, dimension))


def _transposed(rows: Table, dimension: int) -> tuple[int, ...]:
    """Transpose a table of bits, using the starts and ends of runs of ones."""
    changes = [0] * (dimension + 1)
    for number, row in enumerate(rows):
        edges = row ^ (row << 1)
        while edges:
            low = edges & -edges
            changes[low.bit_length() - 1] ^= 1 << number
            edges ^= low
    found, now = [], 0
    for change in changes[:dimension]:
        now ^= change
        found.append(now)
    return tuple(found)


class _Separate(Counts):
    """Counts computed from each dimension separately."""

    def __init__(self, readers: Sequence[tuple[Readers, ...]], axes: dict[int, int], sizes: Sequence[int]) -> None:
        self._sizes = sizes
        self._every = (1 << len(readers)) - 1
        along = list(zip(*readers, strict=True))
        owners = [next((each.axis for each in dimension if each.axis is not None), None) for dimension in along]
        # Positions along an axis that belongs to no dimension read the same elements.
        self._times = prod(length for axis, length in axes.items() if axis not in owners)
        self._regions = [
            _regions(dimension, 1 if owner is None else axes[owner])
            for dimension, owner in zip(along, owners, strict=True)
        ]

    def count(self, place: Place) -> int:
        regions = (dimension[at] for dimension, at in zip(self._regions, place, strict=True))
        return self._times * _combined(list(regions), self._every)

    def spread(self) -> CoverageRange:
        elements = prod(self._sizes)
        values = _values([Counter(dimension) for dimension in self._regions], (self._every,))
        unread = sum(times for (value,), times in values.items() if not value)
        found = [value for (value,) in values]
        return CoverageRange(
            least=self._times * min(found), most=self._times * max(found), unread=unread, elements=elements
        )

    def cell(self, ranges: Sequence[range]) -> tuple[float, int]:
        boxes = [[dimension[at] for at in each] for dimension, each in zip(self._regions, ranges, strict=True)]
        # Counts are linear in the regions of each dimension, so those of a box are the product of their sums.
        total = _combined([_sum(box) for box in boxes], self._every)
        reached = [Counter(reduce(or_, (mask for mask, _ in regions), 0) for regions in box) for box in boxes]
        unread = sum(
            prod(times for _, times in each)
            for each in product(*(masks.items() for masks in reached))
            if not reduce(lambda a, b: a & b, (mask for mask, _ in each), self._every)
        )
        return self._times * total / prod(map(len, ranges)), unread


def _regions(paths: Sequence[Readers], length: int) -> list[Regions]:
    """For each index along a dimension, the positions that read it, by set of paths."""
    whole, known = (1 << length) - 1, {}
    found = []
    for bits in zip(*(each.bits for each in paths), strict=True):
        if bits not in known:
            parts = {0: whole}
            for number, (readers, path) in enumerate(zip(bits, paths, strict=True)):
                parts = dict(_split(parts, whole * readers if path.axis is None else readers, 1 << number))
            known[bits] = tuple(sorted((mask, part.bit_count()) for mask, part in parts.items() if mask))
        found.append(known[bits])
    return found


def _split(parts: dict[int, int], bits: int, path: int) -> Iterator[tuple[int, int]]:
    for mask, part in parts.items():
        if part & bits:
            yield mask | path, part & bits
        if part & ~bits:
            yield mask, part & ~bits


def _sum(box: Sequence[Regions]) -> Regions:
    found: Counter[int] = Counter()
    for regions in box:
        for mask, times in regions:
            found[mask] += times
    return tuple(found.items())


def _combined(dimensions: Sequence[Regions], paths: int) -> int:
    """The number of positions that read through at least one of the paths, along all dimensions."""
    if not dimensions:
        return 1 if paths else 0
    return sum(times * _combined(dimensions[1:], paths & mask) for mask, times in dimensions[0] if paths & mask)


def _values(dimensions: Sequence[Counter[Regions]], wanted: tuple[int, ...]) -> Counter[tuple[int, ...]]:
    """For each of the wanted sets of paths, the counts of the elements of a box, and how many elements have them."""
    if not dimensions:
        return Counter({tuple(1 if paths else 0 for paths in wanted): 1})
    needed = tuple({paths & mask for regions in dimensions[0] for mask, _ in regions for paths in wanted} | {0})
    place = {paths: index for index, paths in enumerate(needed)}
    inner = _values(dimensions[1:], needed)
    found: Counter[tuple[int, ...]] = Counter()
    for regions, times in dimensions[0].items():
        for values, others in inner.items():
            counts = (sum(n * values[place[paths & mask]] for mask, n in regions) for paths in wanted)
            found[tuple(counts)] += times * others
    return found


class _Listed(Counts):
    """Counts computed element by element, for layers that mix the dimensions of the input."""

    def __init__(self, readers: Sequence[tuple[Readers, ...]], axes: dict[int, int], sizes: Sequence[int]) -> None:
        self._readers, self._axes, self._sizes = readers, axes, sizes
        self._known: dict[tuple[object, ...], int] = {}

    def count(self, place: Place) -> int:
        key = tuple(tuple(along.bits[at] for along, at in zip(path, place, strict=True)) for path in self._readers)
        if key not in self._known:
            products = [
                positions
                for path, bits in zip(self._readers, key, strict=True)
                if (positions := self._path_positions(path, bits))
            ]
            self._known[key] = _union(products, list(self._axes.values()))
        return self._known[key]

    def _path_positions(self, path: tuple[Readers, ...], bits: Sequence[int]) -> tuple[int, ...] | None:
        """The positions that read an element through a path, as bits along each axis; None if there are none."""
        found = {axis: (1 << length) - 1 for axis, length in self._axes.items()}
        for along, own in zip(path, bits, strict=True):
            if along.axis is not None:
                found[along.axis] &= own
            elif not own:
                return None
        return tuple(found.values()) if all(found.values()) else None

    def spread(self) -> CoverageRange:
        found = Counter(map(self.count, product(*map(range, self._sizes))))
        return CoverageRange(least=min(found), most=max(found), unread=found[0], elements=prod(self._sizes))

    def cell(self, ranges: Sequence[range]) -> tuple[float, int]:
        found = [self.count(place) for place in product(*ranges)]
        return sum(found) / len(found), found.count(0)


def _union(products: list[tuple[int, ...]], sizes: Sequence[int]) -> int:
    """The number of positions in the union of products of sets."""
    if len(products) < 2:
        return prod(bits.bit_count() for bits in products[0]) if products else 0
    if not sizes:
        return 1
    inner: dict[tuple[int, ...], int] = {}
    for i in range(sizes[0]):
        chosen = tuple(k for k, positions in enumerate(products) if positions[0] >> i & 1)
        inner[chosen] = inner.get(chosen, 0) + 1
    return sum(times * _union([products[k][1:] for k in chosen], sizes[1:]) for chosen, times in inner.items())
