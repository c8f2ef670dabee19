"""Receptive fields along one dimension, including its ends: the input positions that each position reads, as bits."""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

from ...contract.reads import PeriodicReads, Reads, ReadsAll, ReadsBefore

_FEW = 8
"""Up to this many rows, a union is computed row by row."""

Table = tuple[int, ...]
"""For each position of an axis, the bits of what it reads; one entry if all positions read the same."""


def start(length: int) -> Table:
    """The table in which each position reads itself."""
    return tuple(1 << i for i in range(length))


def through(table: Table, reads: Reads, length: int, size: int) -> Table:
    """What the `size` positions after a layer read, given what the `length` positions before it read."""
    rows = table if len(table) == length else table * length
    match reads:
        case ReadsAll():
            return (reduce(or_, table, 0),) * size
        case ReadsBefore():
            return tuple(_running(rows))
        case PeriodicReads():
            unions = _Unions(rows)
            return tuple(unions.of(*reads.parts(o, length)) for o in range(size))


class _Unions:
    """Unions of equally spaced rows: each is the union of two overlapping unions of 2ⁿ rows."""

    def __init__(self, rows: Sequence[int]) -> None:
        self._rows = rows
        self._doubled: dict[int, list[Sequence[int]]] = {}

    def of(self, inside: range, others: Iterable[int]) -> int:
        """The union of the rows of a range and of other rows, given by their indices."""
        found = reduce(or_, (self._rows[i] for i in others), 0)
        if len(inside) < _FEW:
            return reduce(or_, (self._rows[i] for i in inside), found)
        power = len(inside).bit_length() - 1
        unions = self._of_powers(inside.step, power)
        return found | unions[inside[0]] | unions[inside[-(1 << power)]]

    def _of_powers(self, step: int, power: int) -> Sequence[int]:
        """For each row, the union of the 2ⁿ rows that start with it."""
        levels = self._doubled.setdefault(step, [self._rows])
        while len(levels) <= power:
            last, apart = levels[-1], step << (len(levels) - 1)
            levels.append([last[i] | last[i + apart] for i in range(len(last) - apart)])
        return levels[power]


def _running(rows: Sequence[int]) -> list[int]:
    found, seen = [], 0
    for row in rows:
        seen |= row
        found.append(seen)
    return found


def covers(a: Table, b: Table) -> bool:
    """Whether each position reads through `a` everything that it reads through `b`."""
    if len(a) != len(b):
        return False
    return all(own & other == other for own, other in zip(a, b, strict=True))


def either(a: Table, b: Table) -> Table:
    """What each position reads through `a` or `b`."""
    rows = max(len(a), len(b))
    return tuple(x | y for x, y in zip(a * (rows // len(a)), b * (rows // len(b)), strict=True))


def unfolded(table: Table, sizes: tuple[int, ...]) -> tuple[int | None, Table]:
    """Unfold a table along a sequence to these sizes: the dimension that it follows (from 0), and its table."""
    after = 1
    for dimension in range(len(sizes) - 1, -1, -1):
        rows = tuple(table[i * after] for i in range(sizes[dimension]))
        if all(row == rows[i // after % sizes[dimension]] for i, row in enumerate(table)):
            return dimension, rows
        after *= sizes[dimension]
    return None, (reduce(or_, table, 0),)
