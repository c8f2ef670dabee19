"""Along one side, ends and all: for each position, which positions of the network's input it reads, as bits."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from ...contract.reads import Before, Everything, Positions, Reads

Table = tuple[int, ...]
"""For each position of an axis the bits of what it reads; one entry where all positions read the same."""


def start(side: int) -> Table:
    """Each position reads itself."""
    return tuple(1 << i for i in range(side))


def through(table: Table, reads: Reads, side: int, size: int) -> Table:
    """What the `size` positions after a layer read, of what the `side` positions before it do."""
    rows = table if len(table) == side else table * side
    match reads:
        case Everything():
            return (reduce(or_, table, 0),) * size
        case Before():
            return tuple(_running(rows))
        case Positions():
            return tuple(reduce(or_, (rows[i] for i in reads.at(o, side)), 0) for o in range(size))


def _running(rows: Sequence[int]) -> list[int]:
    found, seen = [], 0
    for row in rows:
        seen |= row
        found.append(seen)
    return found


def covers(a: Table, b: Table) -> bool:
    """Whether each position reads, by way of a, all that it reads by way of b."""
    if len(a) != len(b):
        return False
    return all(own & other == other for own, other in zip(a, b, strict=True))


def either(a: Table, b: Table) -> Table:
    """What each position reads by one way or the other."""
    rows = max(len(a), len(b))
    return tuple(x | y for x, y in zip(a * (rows // len(a)), b * (rows // len(b)), strict=True))


def unfolded(table: Table, sides: tuple[int, ...]) -> tuple[int | None, Table]:
    """A table along a sequence that becomes these sides: the one of them that it follows (from 0), and its table."""
    after = 1
    for side in range(len(sides) - 1, -1, -1):
        rows = tuple(table[i * after] for i in range(sides[side]))
        if all(row == rows[i // after % sides[side]] for i, row in enumerate(table)):
            return side, rows
        after *= sides[side]
    return None, (reduce(or_, table, 0),)
