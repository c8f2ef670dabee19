"""Receptive fields along one dimension, far from its ends: the input positions that are read, as a periodic pattern."""

from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from ...contract.reads import LONGEST_PERIOD, PeriodicReads, Reads, ReadsAll, ReadsBefore
from ...shapes.symbolic import concrete
from .spans import ElementSet, joined, repeated

_MOST_STEPS = 1 << 16
"""Above this number of joined spans, a pattern is no longer tracked through a layer."""


class WholeDimension(NamedTuple):
    """The whole dimension: everything that the previous layers read of it. If not `exact`, an upper bound."""

    exact: bool = True


class Pattern(NamedTuple):
    """Position `period`·q + r reads `step`·q + each number of `spans[r]`; None is the empty set."""

    period: int
    step: int
    spans: tuple[ElementSet | None, ...]

    @property
    def jump(self) -> Fraction:
        """The average distance between the fields of neighboring positions, in input elements."""
        return Fraction(self.step, self.period)

    def at(self, position: int) -> ElementSet | None:
        """The set that a position reads."""
        quotient, remainder = divmod(position, self.period)
        span = self.spans[remainder]
        return span and span.moved(self.step * quotient)


Reach = Pattern | WholeDimension

START = Pattern(1, 1, (ElementSet(0, 0),))


def through(reach: Reach, reads: Reads) -> Reach:
    """What a position after a layer reads, given what a position before it reads."""
    match reads:
        case ReadsAll(exact=exact):
            return WholeDimension(exact and (not isinstance(reach, WholeDimension) or reach.exact))
        case ReadsBefore():
            return WholeDimension(not isinstance(reach, WholeDimension) or reach.exact)
        case PeriodicReads():
            return reach if isinstance(reach, WholeDimension) else _composed(reach, reads)


def _composed(reach: Pattern, reads: PeriodicReads) -> Reach:
    if reach.period == reads.period == 1:
        only = reach.spans[0]
        span = repeated(only, reads.offsets[0], reach.step) if only else None
        return Pattern(1, reach.step * reads.step, (span,))
    cycles = reach.period // gcd(reach.period, reads.step)
    if _steps(reach, reads, cycles) > _MOST_STEPS:
        return WholeDimension(exact=False)
    step = reach.step * (reads.step * cycles // reach.period)
    spans = tuple(_read(reach, reads, position) for position in range(reads.period * cycles))
    return _shortened(Pattern(reads.period * cycles, step, spans))


def _steps(reach: Pattern, reads: PeriodicReads, cycles: int) -> int:
    """The number of spans that `_read` joins for all positions of the result's period."""
    if reads.period * cycles > LONGEST_PERIOD:
        return _MOST_STEPS + 1
    return cycles * sum(min(reach.period, len(offsets)) for offsets in reads.offsets)


def _read(reach: Pattern, reads: PeriodicReads, position: int) -> ElementSet | None:
    quotient, remainder = divmod(position, reads.period)
    found: ElementSet | None = None
    offsets, base = reads.offsets[remainder], reads.step * quotient
    # Offsets at the same position of the pattern are read together.
    every = reach.period // gcd(reach.period, offsets.step)
    for first in range(min(every, len(offsets))):
        own = offsets[first::every]
        cycles, place = divmod(base + own[0], reach.period)
        span = reach.spans[place]
        if span is not None:
            times = range(
                cycles, cycles + len(own) * max(1, own.step // reach.period), max(1, own.step // reach.period)
            )
            found = joined(found, repeated(span, times, reach.step))
    return found


def _shortened(pattern: Pattern) -> Pattern:
    """The same pattern with the shortest period."""
    period, step, spans = pattern
    for parts in (p for p in range(period, 1, -1) if period % p == 0 and step % p == 0):
        own, by = period // parts, step // parts
        if all(_moved(spans[i], by) == spans[i + own] for i in range(period - own)):
            return Pattern(own, by, spans[:own])
    return pattern


def _moved(span: ElementSet | None, by: int) -> ElementSet | None:
    return span and span.moved(by)


def covers(a: Reach, b: Reach) -> bool:
    """Whether a position reads through `a` everything that it reads through `b`."""
    if isinstance(a, WholeDimension) or isinstance(b, WholeDimension):
        # A pattern is kept next to a whole dimension, because it has the jump.
        return isinstance(a, WholeDimension) and isinstance(b, WholeDimension) and (a == b or not a.exact)
    if a.step * b.period != b.step * a.period:
        return False
    longest = lcm(a.period, b.period)
    # If it cannot be decided, both are kept, which is always correct.
    return longest <= LONGEST_PERIOD and all(_covers(a.at(i), b.at(i)) for i in range(longest))


def either(a: Reach, b: Reach) -> Reach:
    """What a position reads through `a` or `b`."""
    if isinstance(a, WholeDimension) or isinstance(b, WholeDimension):
        return a if isinstance(a, WholeDimension) else b
    longest = lcm(a.period, b.period)
    if a.jump != b.jump or longest > LONGEST_PERIOD:
        return WholeDimension(exact=False)
    step = a.step * (longest // a.period)
    return _shortened(Pattern(longest, step, tuple(joined(a.at(i), b.at(i)) for i in range(longest))))


def _covers(a: ElementSet | None, b: ElementSet | None) -> bool:
    return b is None or (a is not None and a.covers(b))


def unfolded(reach: Reach, sizes: tuple[int, ...]) -> tuple[int | None, Reach]:
    """Unfold a reach along a sequence to these sizes: the dimension that it follows (from 0), and its reach."""
    if isinstance(reach, WholeDimension):
        return None, reach
    if reach.step == 0 and reach.period == 1:
        return 0, reach
    after = 1
    for dimension in range(len(sizes) - 1, -1, -1):
        size = concrete(sizes[dimension])
        own = _follows(reach, None if dimension == 0 else size, after)
        if own is not None:
            return dimension, own
        after *= size
    return None, WholeDimension(exact=False)


def _follows(reach: Pattern, size: int | None, after: int) -> Pattern | None:
    """The reach by i, if step t depends only on i = floor(t/after) mod size (without size: floor(t/after))."""
    if reach.period % after or (size is not None and (reach.step or reach.period != size * after)):
        return None
    spans = reach.spans[::after]
    if any(reach.spans[i] != spans[i // after] for i in range(reach.period)):
        return None
    if size is None:
        return _shortened(Pattern(len(spans), reach.step, spans))
    # Every position of the dimension is stored; the distance between neighbors makes it a pattern.
    by = spans[1].low - spans[0].low if size > 1 and spans[0] and spans[1] else 0
    return _shortened(Pattern(size, by * size, spans))
