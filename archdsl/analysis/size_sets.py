"""Exact sets of sizes: where quasi-polynomial conditions in one symbol hold.

A closed form in one symbol with period L is a polynomial on each residue modulo L. The polynomial is stored in Newton's
form, c₀ + c₁·k + c₂·k(k − 1)/2 + …, which follows exactly from its first values. Its signs follow from those of its
difference: between two sign changes of the difference it is monotone, and a bisection finds the exact integer.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import comb, lcm

from ..record import Record
from ..shapes.symbolic import Condition, Form, Var

Interval = tuple[int, int | None]
"""From the first to the last number, both included; None is unbounded."""

_MAX_PERIOD = 20_000


class SizeSet(Record):
    """The sizes of at least 1 that satisfy a set of conditions: for each residue of `period`, intervals."""

    period: int
    residues: tuple[tuple[Interval, ...], ...]

    def __contains__(self, size: int) -> bool:
        found = self.residues[size % self.period]
        return size >= 1 and any(low <= size and (high is None or size <= high) for low, high in found)

    @property
    def least(self) -> int | None:
        """The smallest member; None if there is none."""
        return min((low for found in self.residues for low, _ in found), default=None)

    @property
    def greatest(self) -> int | None:
        """The largest member; None if the set is unbounded or empty."""
        ends = [high for found in self.residues for _, high in found]
        return None if None in ends or not ends else max(high for high in ends if high is not None)

    def next(self, size: int) -> int | None:
        """The smallest member that is at least a size."""
        return min((n for r, found in enumerate(self.residues) for n in self._after(r, found, size)), default=None)

    def previous(self, size: int) -> int | None:
        """The largest member that is at most a size."""
        return max((n for r, found in enumerate(self.residues) for n in self._before(r, found, size)), default=None)

    def _after(self, residue: int, found: tuple[Interval, ...], size: int) -> Iterable[int]:
        for low, high in found:
            start = max(low, size)
            start += (residue - start) % self.period
            if high is None or start <= high:
                yield start

    def _before(self, residue: int, found: tuple[Interval, ...], size: int) -> Iterable[int]:
        for low, high in found:
            end = size if high is None else min(high, size)
            end -= (end - residue) % self.period
            if end >= low:
                yield end


class TooComplex(Exception):
    """The period of the conditions is too long."""


def solve(conditions: Sequence[Condition], symbol: str) -> SizeSet:
    """The sizes of one symbol that satisfy all conditions, which must have no other symbol. Raises TooComplex."""
    unique = {(condition.form, condition.relation): condition for condition in conditions}
    period = lcm(*(condition.form.period() for condition in unique.values())) if unique else 1
    if period > _MAX_PERIOD:
        raise TooComplex(f"a period of {period:,}")
    return SizeSet(
        period=period,
        residues=tuple(_residue(list(unique.values()), symbol, period, residue) for residue in range(period)),
    )


def _residue(conditions: Sequence[Condition], symbol: str, period: int, residue: int) -> tuple[Interval, ...]:
    first = residue or period
    found: list[Interval] = [(0, None)]
    for condition in conditions:
        found = _intersection(found, _solutions(condition, symbol, first, period))
        if not found:
            break
    return tuple((first + low * period, None if high is None else first + high * period) for low, high in found)


def _solutions(condition: Condition, symbol: str, first: int, period: int) -> list[Interval]:
    """The k for which the condition holds at first + k·period."""
    degree = condition.form.degree()
    values = [condition.form.value({symbol: first + k * period}) for k in range(degree + 1)]
    if degree <= 1:
        return _line(condition.relation, values[0], values[-1] - values[0])
    signs: dict[str, Callable[[int], bool]] = {
        ">=": lambda s: s >= 0,
        "==": lambda s: s == 0,
        "!=": lambda s: s != 0,
    }
    runs = _signs(_newton(values))
    found: list[Interval] = []
    for (start, sign), following in zip(runs, [*runs[1:], None], strict=True):
        if signs[condition.relation](sign):
            end = None if following is None else following[0] - 1
            if found and found[-1][1] == start - 1:
                start = found.pop()[0]
            found.append((start, end))
    return found


def _line(relation: str, start: int, slope: int) -> list[Interval]:
    """The k from 0 on for which start + slope·k is ≥ 0, = 0 or ≠ 0."""
    if slope == 0:
        return [(0, None)] if (start >= 0 if relation == ">=" else (start == 0) is (relation == "==")) else []
    if relation == ">=":
        # From the first that is not negative, or up to the last.
        return [(max(0, -(start // slope)), None)] if slope > 0 else [(0, start // -slope)] if start >= 0 else []
    root = -start // slope if start % slope == 0 else -1
    if root < 0:
        return [] if relation == "==" else [(0, None)]
    if relation == "==":
        return [(root, root)]
    return [(0, root - 1), (root + 1, None)] if root else [(1, None)]


def _newton(values: Sequence[int]) -> list[int]:
    """The coefficients c of Σ cⱼ·C(k, j) with these values at 0, 1, 2, …"""
    row, found = list(values), []
    while row:
        found.append(row[0])
        row = [b - a for a, b in pairwise(row)]
    while found and not found[-1]:
        found.pop()
    return found


def _value(c: Sequence[int], k: int) -> int:
    return sum(each * comb(k, j) for j, each in enumerate(c))


def _signs(c: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of equal sign of a polynomial on k = 0, 1, 2, …: the start of each, and the sign."""
    if len(c) <= 1:
        value = c[0] if c else 0
        return [(0, (value > 0) - (value < 0))]
    slopes = _signs(c[1:])
    runs: list[tuple[int, int]] = []
    for (start, slope), following in zip(slopes, [*slopes[1:], None], strict=True):
        end = None if following is None else following[0]
        cuts = {start}
        if slope:
            # Monotone from here to `end`: find the first value that is not negative, and the first positive one (or the
            # reverse).
            cuts |= {_first(c, start, end, slope, bound) for bound in (0, 1)}
        for cut in sorted(cut for cut in cuts if end is None or cut < end or cut == start):
            value = _value(c, cut)
            sign = (value > 0) - (value < 0)
            if not runs or runs[-1][1] != sign:
                runs.append((cut, sign))
    return runs


def _first(c: Sequence[int], start: int, end: int | None, slope: int, bound: int) -> int:
    """The first k from `start` on where slope·p(k) reaches the bound; `end` if none before it does."""
    low, step = start, 1
    if end is None:
        while slope * _value(c, low + step) < bound:
            step *= 2
        end = low + step
    while low < end:
        middle = (low + end) // 2
        low, end = (low, middle) if slope * _value(c, middle) >= bound else (middle + 1, end)
    return low


def _intersection(a: Sequence[Interval], b: Sequence[Interval]) -> list[Interval]:
    """The intersection of two unions of intervals."""
    found = []
    for low, high in a:
        for other_low, other_high in b:
            start = max(low, other_low)
            ends = [end for end in (high, other_high) if end is not None]
            end = min(ends) if ends else None
            if end is None or start <= end:
                found.append((start, end))
    return found


def square(form: Form, symbol: str) -> Form:
    """The form with one symbol substituted for all."""
    one = Form({(Var(name=symbol),): 1})
    return form.substitute(dict.fromkeys(form.symbols(), one))


def in_words(sizes: SizeSet, name: str) -> str:
    """The set in words: `H ≥ 32`, `H = 16, 32, 48, …`, `H = 224 to 255`, `no H`."""
    least, greatest = sizes.least, sizes.greatest
    if least is None:
        return f"no {name}"
    if greatest is not None:
        return f"{name} = {_listed(sizes, least, greatest)}"
    step = _modulus(sizes, least)
    if step is None:
        return f"{name} in {_listed(sizes, least, least + 4 * sizes.period)}, …"
    modulus, residues = step
    if modulus == 1:
        return f"{name} ≥ {least}"
    where = f"{name} mod {modulus} = {' or '.join(map(str, residues))}"
    if residues == [0]:
        where = f"{name} a multiple of {modulus}"
    return where if least == (residues[0] or modulus) else f"{where}, from {least}"


def _modulus(sizes: SizeSet, least: int) -> tuple[int, list[int]] | None:
    """The smallest modulus whose residues determine membership from the minimum on; None if there is none."""
    unbounded = {r for r, found in enumerate(sizes.residues) if any(high is None for _, high in found)}
    for r, found in enumerate(sizes.residues):
        start = least + (r - least) % sizes.period
        if found and (r not in unbounded or len(found) > 1 or found[0][0] != start):
            return None
    for modulus in (d for d in range(1, sizes.period + 1) if sizes.period % d == 0):
        kept = {r % modulus for r in unbounded}
        if len(kept) * (sizes.period // modulus) == len(unbounded):
            return modulus, sorted(kept)
    return None


def _listed(sizes: SizeSet, low: int, high: int) -> str:
    """The members between two bounds, runs as `224 to 255`; at most a dozen runs."""
    runs: list[list[int]] = []
    size = sizes.next(low)
    while size is not None and size <= high and len(runs) < 12:
        if runs and runs[-1][1] == size - 1:
            runs[-1][1] = size
        else:
            runs.append([size, size])
        size = sizes.next(size + 1)
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in runs)
