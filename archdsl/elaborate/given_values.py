"""Values from a caller that replace those of the text: numbers of any type, and sizes of inputs."""

import re
from collections.abc import Sequence
from operator import index
from typing import Any

from ..layers import find
from ..limits import MAX_ENTRIES, MAX_NESTING

GivenSizes = str | Sequence[int | str]


def parameter(name: str, value: Any, *, any_layer: bool = False) -> int | float | list[Any] | str:
    """A parameter value as plain data: a number, a list, the name of a layer. Raises TypeError or ValueError.

    With `any_layer`, that may be a layer of a package, which is not known before the text is read.
    """
    if isinstance(value, str):
        if find(value) is None and not (any_layer and _LAYER.fullmatch(value)):
            raise TypeError(f"`{name}` must be a number or the name of a layer, not {value!r}")
        return value
    entries = _entries(value)
    return number(name, value) if entries is None else _list(name, entries, 1, [0])


def _entries(value: Any) -> Sequence[Any] | None:
    """The entries of a sequence, an array of NumPy or a tensor of torch; None for anything else."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value
    plain = value.tolist() if hasattr(value, "tolist") else None
    return plain if isinstance(plain, list) else None


def _list(name: str, values: Sequence[Any], depth: int, count: list[int]) -> list[Any]:
    """A list with its nested lists; `count` is the number of entries so far."""
    count[0] += len(values)
    if count[0] > MAX_ENTRIES or depth > MAX_NESTING:
        raise ValueError(f"`{name}` has more than {MAX_ENTRIES:,} entries, or lists that are nested too deeply")
    return [
        number(name, each) if (inside := _entries(each)) is None else _list(name, inside, depth + 1, count)
        for each in values
    ]


def parse_parameter(text: str, *, any_layer: bool = False) -> int | float | list[Any] | str:
    """The value of `--set`: `0.5`, `3,4,6,3`, `[3]`, `[[3,64],[4,128]]`, `gelu`. Raises ValueError for others.

    With `any_layer`, a name may be that of a layer of a package.
    """
    if find(text) is not None or (any_layer and _LAYER.fullmatch(text)):
        return text
    if text.startswith("[") or "," in text:
        whole = text if text.startswith("[") else f"[{text}]"
        if not _LIST.fullmatch(whole):
            raise ValueError(text)
        import json

        try:
            found: list[Any] = json.loads(whole)
        except RecursionError:
            raise ValueError(text) from None
        return found
    return int(text) if text.lstrip("+-").isdigit() and len(text) <= 18 else float(text)


_LAYER = re.compile(r"[a-z][a-z0-9_]*")
_LIST = re.compile(r"\[[-+0-9.eE,\s\[\]]*\]")


def number(name: str, value: Any) -> int | float:
    """A parameter value of any numeric type as a plain number. Raises TypeError."""
    whole = _integer(value)
    if whole is not None:
        return whole
    from numbers import Real  # only needed for fractions: `check` starts without it

    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    raise TypeError(f"`{name}` must be a number, not {value!r}")


def _integer(value: Any) -> int | None:
    """An integer of any type, including NumPy's and torch's, as an int; None for anything else, including booleans."""
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
    """One size: an integer of at least 1, or a symbol; None for anything else."""
    if isinstance(part, str):
        return (int(part) if part.isdigit() else part) if _PART.fullmatch(part) else None
    whole = _integer(part)
    return whole if whole is not None and 1 <= whole < 10**12 else None
