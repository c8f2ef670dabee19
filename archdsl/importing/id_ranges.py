"""Parts of known values: the range of IDs, rows of a tensor, one of several results."""

from collections.abc import Callable, Sequence
from typing import Any

import torch


def range_of(ids: torch.Tensor) -> tuple[int, int] | None:
    """Where a range of IDs starts and ends; None if they are not a range."""
    flat = ids.flatten()
    start = int(flat[0])
    is_range = bool((flat == torch.arange(start, start + len(flat))).all())
    return (start, start + len(flat)) if is_range else None


def rows_between(start: int, end: int, sizes: Sequence[int]) -> Callable[..., Any]:
    return lambda table: table[start:end].reshape(tuple(sizes))


def item_of(values: Any, index: int) -> Any:
    return values[index]
