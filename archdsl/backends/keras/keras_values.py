"""Tensors in Keras source, and the statements that make them."""

from collections.abc import Sequence
from typing import Any

from ..source.calls import literal


class Unsupported(Exception):
    """A layer that cannot be translated to Keras: the reason, and the name of its node."""

    def __init__(self, what: str, name: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.name = name


class Value:
    """A tensor: its expression, its sizes in torch's order without the batch, and whether its channels come last."""

    def __init__(self, text: str, dims: Sequence[int], last: bool) -> None:
        self.text = text
        self.dims = tuple(dims)
        self.last = last

    @property
    def spatial(self) -> int:
        """The number of spatial dimensions."""
        return len(self.dims) - 1


class KerasCode:
    """The statements of one layer: each assigns a tensor to the variable `target`."""

    def __init__(self, target: str, name: str, shared: str | None) -> None:
        self.target = target
        self.name = name
        self.shared = shared
        self.lines: list[str] = []

    def apply(self, call: str, value: Value, dims: Sequence[int], last: bool | None = None) -> Value:
        """The result of an expression in which `{}` stands for the tensor."""
        self.lines.append(f"{self.target} = {call.replace('{}', value.text)}")
        return Value(self.target, dims, value.last if last is None else last)

    def layer(
        self, kind: str, args: Sequence[Any], value: Value, dims: Sequence[int], last: bool | None = None, **kwargs: Any
    ) -> Value:
        """The result of a layer without weights."""
        return self.apply(f"{layer_text(kind, args, kwargs)}({{}})", value, dims, last)

    def weighted(self, kind: str, args: Sequence[Any], value: Value, dims: Sequence[int], **kwargs: Any) -> Value:
        """The result of a layer with weights, which has the name of the node, or of the node whose weights it uses."""
        if self.shared is not None:
            return self.apply(f"{self.shared}({{}})", value, dims)
        return self.apply(f"{layer_text(kind, args, {**kwargs, 'name': self.name})}({{}})", value, dims)

    def channels_last(self, value: Value) -> Value:
        """The tensor with its channels last."""
        if value.last or len(value.dims) < 2:
            return value
        order = (*range(2, len(value.dims) + 1), 1)
        return self.layer("Permute", (order,), value, value.dims, last=True)

    def channels_first(self, value: Value) -> Value:
        """The tensor with its axes in torch's order."""
        if not value.last or len(value.dims) < 2:
            return Value(value.text, value.dims, last=False)
        rank = len(value.dims)
        return self.layer("Permute", ((rank, *range(1, rank)),), value, value.dims, last=False)


def layer_text(kind: str, args: Sequence[Any], kwargs: dict[str, Any]) -> str:
    """`layers.Conv2D(64, 3, padding="same")`."""
    whole = kind in ("Permute", "Reshape")
    parts = [literal(arg if whole else _plain(arg), ()) for arg in args]
    parts += [f"{name}={literal(_plain(value), ())}" for name, value in kwargs.items()]
    return f"layers.{kind}({', '.join(parts)})"


def _plain(value: Any) -> Any:
    """A tuple of equal numbers as one number."""
    if isinstance(value, tuple) and value and all(type(each) is int and each == value[0] for each in value):
        return value[0] if len(value) > 1 else value
    return value


def per_dimension(value: Any, count: int) -> tuple[int, ...]:
    """A size for each spatial dimension."""
    return tuple(value) if isinstance(value, tuple) else (value,) * count
