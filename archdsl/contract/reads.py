"""What a layer reads: which positions along each axis of its input one position of its output depends on.

Convolutions, pooling, shuffles, resampling and attention windows are periodic: position period·q + r of the output
reads step·q plus offsets that depend only on r. Only `ReadsAll` and `ReadsBefore` are not. The offsets of a period are
stored position by position, so it is bounded: for a period above `LONGEST_PERIOD`, a layer returns "at most
everything".
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from math import gcd

from ..record import Record
from ..shapes.shape import Window
from ..shapes.symbolic import concrete

LONGEST_PERIOD = 4096
"""The longest period whose offsets are stored."""


class PeriodicReads(Record):
    """Position `period`·q + r reads `step`·q + each of `offsets[r]`, for every integer q.

    `border` is the padding mode: `zeros` (nothing is read there), `reflect`, `replicate` or `circular`.
    """

    period: int = 1
    step: int = 1
    offsets: tuple[range, ...] = (range(1),)
    border: str = "zeros"

    def at(self, position: int, length: int) -> Iterator[int]:
        """The positions that an output position reads on an axis of this length."""
        inside, others = self.parts(position, length)
        yield from inside
        yield from others

    def parts(self, position: int, length: int) -> tuple[range, Iterator[int]]:
        """Like `at`, in two parts: positions within the axis, and those that replace positions beyond its ends."""
        quotient, remainder = divmod(position, self.period)
        offsets, base = self.offsets[remainder], self.step * quotient
        places = range(base + offsets.start, base + offsets.stop, offsets.step)
        before, inside, after = _split(places, length)
        return inside, _beyond(before, after, length, self.border)


class ReadsAll(Record):
    """Each position reads the whole axis. If not `exact`, that is an upper bound."""

    exact: bool = True


class ReadsBefore(Record):
    """Each position reads the positions up to and including its own."""


class Unfolded(Record):
    """The axis is unfolded to this spatial size, row by row: several positions of the output determine the position
    that is read.
    """

    spatial_size: tuple[int, ...]


Reads = PeriodicReads | ReadsAll | ReadsBefore

Link = tuple[int | None, Reads | Unfolded]
"""For one axis of the input: the output axis whose position determines what is read, or None; and what is read."""

Links = tuple[Link, ...]
"""One link for each axis of the input."""

SAME = PeriodicReads()
ALL = ReadsAll()
NOTHING_READ = PeriodicReads(step=0, offsets=(range(0),))
MIXED = ReadsAll(exact=False)


@cache
def pointwise(rank: int) -> Links:
    """Every position reads the same position of the input."""
    return tuple((axis, SAME) for axis in range(rank))


@cache
def mixing(rank: int, exact: bool = True) -> Links:
    """Every output element depends on all input elements; no axis is kept."""
    return ((None, ALL if exact else MIXED),) * rank


def spatial_links(spatial: Sequence[Reads]) -> Links:
    """Channels first: all channels are read, and each spatial dimension as given."""
    return ((None, ALL), *((axis, reads) for axis, reads in enumerate(spatial, 1)))


def axis_links(rank: int, axis: int, reads: Reads) -> Links:
    """One axis is read as given, and the others are read at the same position."""
    return tuple((i, reads if i == axis else SAME) for i in range(rank))


def sliding(window: Window, border: str = "zeros") -> Reads:
    """A kernel that slides along a dimension."""
    if not _known(window.kernel, window.stride, window.dilation):
        return MIXED
    first = -concrete(window.before)  # for `same_upper` on a symbolic dimension, the padding of the example size
    offsets = range(first, first + window.extent, window.dilation)
    return PeriodicReads(step=window.stride, offsets=(offsets,), border=border)


def transposed_sliding(kernel: int, stride: int, padding: int, dilation: int) -> Reads:
    """Transposed convolution: output o reads each i with o = stride·i − padding + dilation·k for some k."""
    if not _known(kernel, stride, padding, dilation):
        return MIXED
    common = gcd(stride, dilation)
    kernel_step, input_step = stride // common, dilation // common
    inverse = pow(input_step, -1, kernel_step)

    def offsets(remainder: int) -> range:
        # dilation·k ≡ remainder + padding (mod stride) has a solution k below kernel_step, and every kernel_step-th k
        # after it is one.
        whole, part = divmod(remainder + padding, common)
        first = whole * inverse % kernel_step
        if part or first >= kernel:
            return range(0)
        last = (remainder + padding - dilation * first) // stride
        return range(last - input_step * (-(-(kernel - first) // kernel_step) - 1), last + 1, input_step)

    return _repeated(stride, 1, offsets)


def pooling_to(out_size: int, in_size: int) -> Reads:
    """Adaptive pooling: output o reads from floor(o·W/N) to ceil((o + 1)·W/N), end excluded."""
    if out_size == 1:
        return ALL
    if not _known(out_size, in_size):
        return MIXED
    common = gcd(out_size, in_size)
    period, step = out_size // common, in_size // common
    return _repeated(period, step, lambda r: range(r * step // period, -(-(r + 1) * step // period)))


def repeating(out_size: int, in_size: int, factor: int | None) -> Reads:
    """Nearest neighbor: output o reads floor(o·W/N)."""
    period, step = _ratio(out_size, in_size, factor)
    if period == 0:
        return MIXED
    return _repeated(period, step, lambda r: range(r * step // period, r * step // period + 1))


def folded(after: int, size: int) -> Reads:
    """Positions row by row: step t reads floor(t/after) mod size of a dimension of this size."""
    if not _known(after, size):
        return MIXED
    return _repeated(after * size, 0, lambda t: range(t // after, t // after + 1))


def interpolating(out_size: int, in_size: int, factor: int | None, reach: int, align: bool) -> Reads:
    """Interpolation from the `reach` elements on each side of a point: 1 linear, 2 cubic."""
    if align:
        if not _known(out_size, in_size):
            return MIXED
        return (
            _interpolating(out_size - 1, in_size - 1, 0, 1, reach)
            if out_size > 1
            else _interpolating(1, 0, 0, 1, reach)
        )
    period, step = _ratio(out_size, in_size, factor)
    # The center of output o is at (o + 1/2)·step/period − 1/2.
    return MIXED if period == 0 else _interpolating(period, step, step - period, 2 * period, reach)


def _interpolating(period: int, step: int, shift: int, denominator: int, reach: int) -> Reads:
    """Output o reads around position o·step/period + shift/denominator of the input."""
    common = gcd(period, step)
    period, step = period // common, step // common

    def offsets(remainder: int) -> range:
        whole, part = divmod(remainder * step * denominator + shift * period, period * denominator)
        # At a point that coincides with an element, the weights of the other elements are 0.
        return range(whole, whole + 1) if part == 0 else range(whole + 1 - reach, whole + reach + 1)

    return _repeated(period, step, offsets, border="replicate")


def _ratio(out_size: int, in_size: int, factor: int | None) -> tuple[int, int]:
    """The period in outputs and in inputs; 0 and 0 if they depend on a symbolic dimension."""
    if factor is not None:
        return (factor, 1) if _known(factor) else (0, 0)
    if not _known(out_size, in_size):
        return 0, 0
    common = gcd(out_size, in_size)
    return out_size // common, in_size // common


def blocks(length: int, shift: int = 0) -> Reads:
    """Adjacent windows, shifted by `shift`: each position reads its whole window."""
    if not _known(length, shift):
        return MIXED

    def offsets(remainder: int) -> range:
        first = shift + (remainder - shift) // length * length
        return range(first, first + length)

    return _repeated(length, length, offsets)


def grid(count: int, length: int) -> Reads:
    """Sparse windows: each position reads `count` positions at multiples of length/count from it."""
    if not _known(count, length):
        return MIXED
    spacing = length // count
    return _repeated(spacing, 0, lambda remainder: range(remainder, length, spacing))


def nearby(before: int, after: int) -> Reads:
    """Output o reads o, `before` positions before it, and `after` positions after it."""
    return PeriodicReads(offsets=(range(-before, after + 1),)) if _known(before, after) else MIXED


def _repeated(period: int, step: int, offsets: Callable[[int], range], border: str = "zeros") -> Reads:
    """What each of `period` positions reads; at most everything if the period is too long."""
    if period > LONGEST_PERIOD:
        return MIXED
    return PeriodicReads(period=period, step=step, offsets=tuple(map(offsets, range(period))), border=border)


def halves(size: int) -> Reads:
    """Output o reads o of the first half and o of the second half."""
    half = size // 2
    return PeriodicReads(offsets=(range(0, 2 * half, half),)) if _known(half) else MIXED


def only(index: int) -> Reads:
    """Every output reads this one position."""
    if not _known(index):
        return MIXED
    return PeriodicReads(step=0, offsets=(range(index, index + 1),))


def moved(by: int, step: int = 1, border: str = "zeros") -> Reads:
    """Output o reads step·o + by."""
    if not _known(by, step):
        return MIXED
    return PeriodicReads(step=step, offsets=(range(by, by + 1),), border=border)


def _known(*numbers: int) -> bool:
    """Whether none of the numbers is a symbolic dimension."""
    return all(type(number) is int for number in numbers)


def _split(places: range, length: int) -> tuple[range, range, range]:
    """Increasing positions, split into those before an axis of this length, those on it, and those after it."""
    first = min(max(0, -(-(0 - places.start) // places.step)), len(places))
    last = min(max(first, -(-(length - places.start) // places.step)), len(places))
    return places[:first], places[first:last], places[last:]


def _beyond(before: range, after: range, length: int, border: str) -> Iterator[int]:
    """The elements that padding copies beyond the ends; circular and reflect pad at most one axis length."""
    match border:
        case "replicate":
            yield from chain((0,) if before else (), (length - 1,) if after else ())
        case "reflect":
            yield from (-place if place < 0 else 2 * (length - 1) - place for place in chain(before, after))
        case "circular":
            yield from (place % length for place in chain(before, after))
        case _:
            return
