"""Torch calls in the short form in which a person would write them."""

from collections.abc import Sequence
from typing import Any


def compact(values: Sequence[int]) -> int | tuple[int, ...]:
    """A single number if all values are equal: `3` rather than `(3, 3)`."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def given(**options: tuple[Any, Any]) -> dict[str, Any]:
    """The keyword arguments that differ from torch's defaults: name=(value, default)."""
    return {name: value for name, (value, default) in options.items() if value != default}
