"""Values that a caller gives in place of the text's: numbers of any kind, sizes of inputs."""

import re
from operator import index
from typing import Any

GivenSizes = str | tuple[int | str, ...]


def number(name: str, value: Any) -> int | float:
    """A value for a parameter as a plain number, whatever kind of number it is. Raises TypeError."""
    whole = _whole(value)
    if whole is not None:
        return whole
    from numbers import Real  # for fractions alone: `check` starts without it

    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    raise TypeError(f"`{name}` is a number, not {value!r}")


def _whole(value: Any) -> int | None:
    """A whole number of any kind, NumPy's and torch's too, as Python's own; None for all else, truth values too."""
    try:
        return None if isinstance(value, bool) else index(value)
    except TypeError:
        return None


_PART = re.compile(r"[1-9][0-9]{0,11}|[A-Z][0-9]{0,3}")


def parse_sizes(sizes: GivenSizes) -> tuple[int | str, ...]:
    """`"3x32x32"` as (3, 32, 32), `"3xHxW"` as (3, "H", "W"). Raises ValueError for anything else."""
    given = tuple(sizes.replace("×", "x").split("x")) if isinstance(sizes, str) else tuple(sizes)
    found = [_size(part) for part in given]
    if not found or None in found:
        raise ValueError(f"{sizes!r} is not an input size like 3x32x32")
    return tuple(part for part in found if part is not None)


def _size(part: Any) -> int | str | None:
    """One size: a number of at least 1, or a symbol; None for anything else."""
    if isinstance(part, str):
        return (int(part) if part.isdigit() else part) if _PART.fullmatch(part) else None
    whole = _whole(part)
    return whole if whole is not None and 1 <= whole < 10**12 else None
