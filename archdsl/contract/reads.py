"""What a layer says of its input: which positions along each axis one position of its output reads.

Convolutions, poolings, shuffles, resampling and windows of attention all repeat: position period·q + r of the output
reads step·q plus some offsets that depend on r alone. Only "everything" and "what came before" do not. A period is
listed position by position, so it has a bound: beyond `LONGEST_PERIOD` a layer says "at most everything".
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from math import gcd

from ..record import Record
from ..shapes.shape import Window
from ..shapes.symbolic import plain

LONGEST_PERIOD = 4096
"""Beyond so many positions until a layer's reading begins anew, what each of them reads is not listed."""


class PeriodicReads(Record):
    """Position `period`·q + r reads `step`·q + each of `offsets[r]`, for every whole q.

    `border` says what lies beyond the ends: `zeros` (nothing is read there), `reflect`, `replicate` or `circular`.
    """

    period: int = 1
    step: int = 1
    offsets: tuple[range, ...] = (range(1),)
    border: str = "zeros"

    def at(self, position: int, length: int) -> Iterator[int]:
        """The positions, on a side of this length, that an output position reads."""
        inside, others = self.parts(position, length)
        yield from inside
        yield from others

    def parts(self, position: int, length: int) -> tuple[range, Iterator[int]]:
        """As `at`: those that lie on the side, and those that stand for places beyond its ends."""
        turn, rest = divmod(position, self.period)
        offsets, base = self.offsets[rest], self.step * turn
        places = range(base + offsets.start, base + offsets.stop, offsets.step)
        before, inside, after = _split(places, length)
        return inside, _beyond(before, after, length, self.border)


class ReadsAll(Record):
    """Each position reads the whole axis. Where not `exact`, at most that: which part is not worked out."""

    exact: bool = True


class ReadsBefore(Record):
    """Each position reads those up to itself, itself included."""


class Unfolded(Record):
    """The axis becomes these sides, row by row: the position is read that several positions of the output name."""

    spatial_size: tuple[int, ...]


Reads = PeriodicReads | ReadsAll | ReadsBefore

Link = tuple[int | None, Reads | Unfolded]
"""Of an axis of the input: the axis of the output whose position decides what is read (None: none does); and what."""

Links = tuple[Link, ...]
"""A link for each axis of the input."""

SAME = PeriodicReads()
ALL = ReadsAll()
MIXED = ReadsAll(exact=False)


@cache
def pointwise(rank: int) -> Links:
    """Every position reads the one at its own place."""
    return tuple((axis, SAME) for axis in range(rank))


@cache
def mixing(rank: int, exact: bool = True) -> Links:
    """Nothing of the input's axes is left: all of it goes into every number."""
    return ((None, ALL if exact else MIXED),) * rank


def spatial_links(spatial: Sequence[Reads]) -> Links:
    """Channels first: all channels are read, and each side as told."""
    return ((None, ALL), *((axis, reads) for axis, reads in enumerate(spatial, 1)))


def along(rank: int, axis: int, reads: Reads) -> Links:
    """One axis is read as told, the others at the same place."""
    return tuple((i, reads if i == axis else SAME) for i in range(rank))


def sliding(window: Window, border: str = "zeros") -> Reads:
    """A kernel that slides over a side."""
    if not _known(window.kernel, window.stride, window.dilation):
        return MIXED
    first = -plain(window.before)  # of `same_upper` on a length that is not known, the example's
    offsets = range(first, first + window.extent, window.dilation)
    return PeriodicReads(step=window.stride, offsets=(offsets,), border=border)


def spreading(kernel: int, stride: int, padding: int, dilation: int) -> Reads:
    """A transposed convolution: output o reads the i with o = stride·i − padding + dilation·k for one of its k."""
    if not _known(kernel, stride, padding, dilation):
        return MIXED
    apart = gcd(stride, dilation)
    turn, down = stride // apart, dilation // apart
    inverse = pow(down, -1, turn)

    def offsets(rest: int) -> range:
        # dilation·k ≡ rest + padding (mod stride) has a solution k below turn, and then every turn-th.
        whole, part = divmod(rest + padding, apart)
        first = whole * inverse % turn
        if part or first >= kernel:
            return range(0)
        last = (rest + padding - dilation * first) // stride
        return range(last - down * (-(-(kernel - first) // turn) - 1), last + 1, down)

    return _repeated(stride, 1, offsets)


def pooling_to(out_size: int, in_size: int) -> Reads:
    """Adaptive pooling: output o reads from floor(o·W/N) up to ceil((o + 1)·W/N), without."""
    if out_size == 1:
        return ALL
    if not _known(out_size, in_size):
        return MIXED
    common = gcd(out_size, in_size)
    period, step = out_size // common, in_size // common
    return _repeated(period, step, lambda r: range(r * step // period, -(-(r + 1) * step // period)))


def repeating(out_size: int, in_size: int, factor: int | None) -> Reads:
    """Nearest neighbours: output o reads floor(o·W/N)."""
    period, step = _ratio(out_size, in_size, factor)
    if period == 0:
        return MIXED
    return _repeated(period, step, lambda r: range(r * step // period, r * step // period + 1))


def folded(after: int, size: int) -> Reads:
    """Places row by row: step t reads floor(t/after) mod size of a side of this size."""
    if not _known(after, size):
        return MIXED
    return _repeated(after * size, 0, lambda t: range(t // after, t // after + 1))


def interpolating(out_size: int, in_size: int, factor: int | None, reach: int, align: bool) -> Reads:
    """Interpolation from `reach` elements on either hand of a place between the elements: 1 linear, 2 cubic."""
    if align:
        if not _known(out_size, in_size):
            return MIXED
        return (
            _interpolating(out_size - 1, in_size - 1, 0, 1, reach)
            if out_size > 1
            else _interpolating(1, 0, 0, 1, reach)
        )
    period, step = _ratio(out_size, in_size, factor)
    # The middle of output o lies at (o + 1/2)·step/period − 1/2.
    return MIXED if period == 0 else _interpolating(period, step, step - period, 2 * period, reach)


def _interpolating(period: int, step: int, shift: int, under: int, reach: int) -> Reads:
    """Output o has its place at o·step/period + shift/under of the input."""
    common = gcd(period, step)
    period, step = period // common, step // common

    def offsets(rest: int) -> range:
        whole, part = divmod(rest * step * under + shift * period, period * under)
        # A place that lies on an element takes nothing from the others: the weights there are 0.
        return range(whole, whole + 1) if part == 0 else range(whole + 1 - reach, whole + reach + 1)

    return _repeated(period, step, offsets, border="replicate")


def _ratio(out_size: int, in_size: int, factor: int | None) -> tuple[int, int]:
    """Outputs and inputs until both begin anew; 0 and 0 where they depend on a out_size that is not known."""
    if factor is not None:
        return (factor, 1) if _known(factor) else (0, 0)
    if not _known(out_size, in_size):
        return 0, 0
    common = gcd(out_size, in_size)
    return out_size // common, in_size // common


def blocks(length: int, shift: int = 0) -> Reads:
    """Windows side by side, moved on by `shift`: each position reads all of its window."""
    if not _known(length, shift):
        return MIXED

    def offsets(rest: int) -> range:
        first = shift + (rest - shift) // length * length
        return range(first, first + length)

    return _repeated(length, length, offsets)


def grid(count: int, length: int) -> Reads:
    """Sparse windows: each position reads the `count` positions that are whole numbers of side/count away."""
    if not _known(count, length):
        return MIXED
    apart = length // count
    return _repeated(apart, 0, lambda rest: range(rest, length, apart))


def _repeated(period: int, step: int, offsets: Callable[[int], range], border: str = "zeros") -> Reads:
    """What each of `period` positions reads, listed; where these are too many, at most everything."""
    if period > LONGEST_PERIOD:
        return MIXED
    return PeriodicReads(period=period, step=step, offsets=tuple(map(offsets, range(period))), border=border)


def halves(size: int) -> Reads:
    """Output o reads o of the first half, and o of the second."""
    half = size // 2
    return PeriodicReads(offsets=(range(0, 2 * half, half),)) if _known(half) else MIXED


def only(index: int) -> Reads:
    """The one position, whatever the output's."""
    if not _known(index):
        return MIXED
    return PeriodicReads(step=0, offsets=(range(index, index + 1),))


def moved(by: int, step: int = 1, border: str = "zeros") -> Reads:
    """Output o reads step·o + by."""
    if not _known(by, step):
        return MIXED
    return PeriodicReads(step=step, offsets=(range(by, by + 1),), border=border)


def _known(*numbers: int) -> bool:
    """Whether none of them stands for a size that is not known."""
    return all(type(number) is int for number in numbers)


def _split(places: range, length: int) -> tuple[range, range, range]:
    """Growing places as those before a side of this length, those on it, and those after it."""
    first = min(max(0, -(-(0 - places.start) // places.step)), len(places))
    last = min(max(first, -(-(length - places.start) // places.step)), len(places))
    return places[:first], places[first:last], places[last:]


def _beyond(before: range, after: range, length: int, border: str) -> Iterator[int]:
    """The elements that stand for places beyond the ends; circular and reflected, at most a side's length of them."""
    match border:
        case "replicate":
            yield from chain((0,) if before else (), (length - 1,) if after else ())
        case "reflect":
            yield from (-place if place < 0 else 2 * (length - 1) - place for place in chain(before, after))
        case "circular":
            yield from (place % length for place in chain(before, after))
        case _:
            return
