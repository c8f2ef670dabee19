"""Sets of integers for receptive fields: an interval, possibly with holes."""

from typing import NamedTuple

_WIDEST = 1 << 16
"""Above this extent, holes are not stored."""


class ElementSet(NamedTuple):
    """The integers from `low` to `high`, both included; with holes, bit i of `mask` is set for low + i."""

    low: int
    high: int
    mask: int | None = None

    @property
    def size(self) -> int:
        """The extent, including holes."""
        return self.high - self.low + 1

    @property
    def members(self) -> int:
        """The number of elements."""
        return self.size if self.mask is None else self.mask.bit_count()

    @property
    def bits(self) -> int:
        """Bit i is set for low + i."""
        return (1 << self.size) - 1 if self.mask is None else self.mask

    def moved(self, by: int) -> "ElementSet":
        """The set shifted by a number."""
        return ElementSet(self.low + by, self.high + by, self.mask) if by else self

    def covers(self, other: "ElementSet") -> bool:
        """Whether it contains all elements of the other set."""
        if self.low > other.low or self.high < other.high:
            return False
        if self.mask is None:
            return True
        bits = other.bits << (other.low - self.low)
        return self.mask & bits == bits

    def inside(self, length: int) -> int:
        """The elements from 0 to `length` (excluded), as bits."""
        bits = self.bits << self.low if self.low >= 0 else self.bits >> -self.low
        return bits & ((1 << length) - 1)


def joined(a: ElementSet | None, b: ElementSet | None) -> ElementSet | None:
    """The union of two sets; None is the empty set."""
    if a is None or b is None:
        return b if a is None else a
    low, high = min(a.low, b.low), max(a.high, b.high)
    if a.mask is None and b.mask is None and a.low <= b.high + 1 and b.low <= a.high + 1:
        return ElementSet(low, high)
    return _packed(low, high, a, b)


def _packed(low: int, high: int, a: ElementSet, b: ElementSet) -> ElementSet:
    if high - low >= _WIDEST:
        return ElementSet(low, high)
    bits = (a.bits << (a.low - low)) | (b.bits << (b.low - low))
    return ElementSet(low, high, None if bits.bit_count() == high - low + 1 else bits)


def repeated(span: ElementSet, times: range, scale: int) -> ElementSet | None:
    """The union of the set shifted by scale·t for each t."""
    if not times:
        return None
    apart, last = scale * times.step, (len(times) - 1) * scale * times.step
    low = span.low + scale * times[0]
    if len(times) == 1 or apart == 0:
        return span.moved(scale * times[0])
    high = low + last + span.size - 1
    if high - low >= _WIDEST or (span.mask is None and apart <= span.size):
        return ElementSet(low, high)
    bits, copies = span.bits, 1
    while copies < len(times):  # doubled until all are there
        more = min(copies, len(times) - copies)
        bits |= bits << (apart * more)
        copies += more
    return ElementSet(low, high, None if bits.bit_count() == high - low + 1 else bits)
