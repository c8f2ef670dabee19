"""Filters that are given, not learned: by name, or as rows of numbers in quotes."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import product
from math import comb, prod
from typing import Annotated, Any

from ..contract.arguments import Kind
from ..contract.layer import Reject
from ..shapes.shape import Shape
from ..text.word_lists import listed

LARGEST = 4096
"""Maximum number of values in a fixed filter: they are printed in the source."""
NAMES = ("box", "gaussian", "laplace", "sharpen", "sobel_x", "sobel_y")
Place = tuple[int, ...]
Rows = tuple[Any, ...]
"""Numbers, nested once for each spatial dimension."""
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


class FixedFilter(Kind):
    """The name of a filter, or its numbers in quotes, rows separated by `;`."""

    worded = True

    @property
    def words(self) -> str:
        *first, last = (f"`{name}`" for name in NAMES)
        return f'{", ".join(first)}, {last}, or rows of numbers like "-1 0 1; -2 0 2; -1 0 1"'

    def takes_word(self, word: str) -> bool:
        return word in NAMES

    def accept(self, value: Any) -> str:
        if isinstance(value, str) and (self.takes_word(value) or _NUMBER.search(value)):
            return value
        raise self.invalid()


AnyFilter = Annotated[str, FixedFilter()]


def fixed_filter(text: str, kernel: Sequence[int], x: Shape) -> Rows:
    """The numbers of a filter with this kernel size. Raises Reject."""
    sizes = tuple(kernel)
    if prod(sizes) > LARGEST:
        raise _wrong(f"a filter with {prod(sizes):,} numbers exceeds the limit of {LARGEST:,}", "kernel")
    return _named(text, sizes) if text in NAMES else _written(text, sizes, x)


@cache
def _written(text: str, kernel: tuple[int, ...], x: Shape) -> Rows:
    rows: list[Rows] = []
    at = 0
    for line in text.split(";"):
        row: list[float] = []
        for found in re.finditer(r"\S+", line):
            if _NUMBER.fullmatch(found[0]) is None:
                place = (at + found.start(), at + found.end())
                raise _wrong(f"`{found[0]}` is not a number", place)
            number = float(found[0])
            row.append(int(number) if number.is_integer() and abs(number) < 1e15 else number)
        rows.append(tuple(row))
        at += len(line) + 1
    found_size = (len(rows[0]),) if len(kernel) == 1 and len(rows) == 1 else (len(rows), len(rows[0]))
    if any(len(row) != len(rows[0]) for row in rows):
        raise _wrong(f"the rows have {listed(str(len(row)) for row in rows)} numbers", None)
    if len(kernel) == 3:
        raise _wrong("a filter in quotes has one or two dimensions, but a volume has three", None)
    if found_size != kernel:
        written, wanted = ("×".join(map(str, sizes)) for sizes in (found_size, kernel))
        raise _wrong(
            f"the filter is {written}, but the kernel is {wanted}", None, help=f"write `k{_short(found_size)}`"
        )
    return rows[0] if len(kernel) == 1 else tuple(rows)


def _short(sizes: Sequence[int]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))


@cache
def _named(name: str, kernel: tuple[int, ...]) -> Rows:
    dimensions = len(kernel)
    if name == "box":
        return _nested(kernel, {}, 1 / prod(kernel))
    if name == "gaussian":
        # The binomial coefficients, which approach the normal distribution.
        along = [[comb(size - 1, i) / 2 ** (size - 1) for i in range(size)] for size in kernel]
        values = {}
        for place in product(*map(range, kernel)):
            values[place] = prod(weights[i] for weights, i in zip(along, place, strict=True))
        return _nested(kernel, values, 0)
    if set(kernel) != {3}:
        raise _wrong(f"`{name}` has a kernel of 3", "kernel", help="write `k3`")
    if name in ("sobel_x", "sobel_y"):
        if dimensions != 2:
            raise _wrong(f"`{name}` is a filter for images", None)
        rows = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
        return rows if name == "sobel_x" else tuple(zip(*rows, strict=True))
    # The neighbors minus their number times the element; sharpening subtracts this from the element.
    sign, middle = (1, -2 * dimensions) if name == "laplace" else (-1, 1 + 2 * dimensions)
    values = {(1,) * dimensions: middle}
    for axis in range(dimensions):
        for end in (0, 2):
            values[tuple(end if i == axis else 1 for i in range(dimensions))] = sign
    return _nested(kernel, values, 0)


def _nested(
    kernel: Sequence[int], values: dict[tuple[int, ...], float], other: float, at: tuple[int, ...] = ()
) -> Rows:
    """The values by position as nested tuples."""
    if len(at) + 1 == len(kernel):
        return tuple(values.get((*at, i), other) for i in range(kernel[-1]))
    return tuple(_nested(kernel, values, other, (*at, i)) for i in range(kernel[len(at)]))


def _wrong(why: str, at: tuple[int, int] | str | None, *, help: str | tuple[str, ...] = ()) -> Reject:
    if isinstance(at, str):
        return Reject(at, why, help=help, language_rule=True)
    return Reject("fixed", why, help=help, at=at, language_rule=True)
