"""Operations on the meta device, each computed once for the same shapes.

There, torch computes most shapes in Python, through a decomposition into many operations: a batch norm takes 2 ms.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class _Form(NamedTuple):
    """All that a tensor on the meta device has."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype


_RESULTS: dict[Any, tuple[Any, int]] = {}
"""The form of each call's result, and what the call added to the count."""
_IS_FUNCTION: dict[Any, bool] = {}


class MetaResults(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no types here
    """Gives a call that was made before a new result of the same form; a view and a change in place always run.

    `counted` returns a count that calls add to, as of floating point operations; `saved` is what those that did not run
    would have added.
    """

    def __init__(self, counted: Callable[[], int] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch has no types here
        self._counted = counted
        self.saved = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        if not _is_function(func):
            return func(*args, **given)
        key = func, self._counted is None, _form(args), _form([*given.items()])
        if key in _RESULTS:
            form, added = _RESULTS[key]
            self.saved += added
            with torch._C._DisableTorchDispatch():
                return _made(form)
        before = self._count()
        result = func(*args, **given)
        if all(tensor.is_meta for tensor in _tensors((args, result))):
            _RESULTS[key] = _form(result), self._count() - before
        return result

    def _count(self) -> int:
        return 0 if self._counted is None else self._counted()


def _is_function(func: Any) -> bool:
    """Whether an operation returns only new tensors."""
    if func not in _IS_FUNCTION:
        _IS_FUNCTION[func] = all(place.alias_info is None for place in func._schema.returns)
    return _IS_FUNCTION[func]


def _form(value: Any) -> Any:
    """A value with forms for its tensors. Each number is with its type: 1 and 1.0 give results of other types."""
    if isinstance(value, Tensor):
        return _Form(tuple(value.shape), value.stride(), value.dtype)
    if isinstance(value, list | tuple):
        return type(value), *map(_form, value)
    return type(value), value


def _made(form: Any) -> Any:
    """A value of this form, with new tensors."""
    if isinstance(form, _Form):
        return torch.empty_strided(form.shape, form.strides, dtype=form.dtype, device="meta")
    kind, *values = form
    return kind(map(_made, values)) if issubclass(kind, list | tuple) else values[0]


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [each for part in value for each in _tensors(part)] if isinstance(value, list | tuple) else []
