"""Recurrent layers in Keras: one layer for each of torch's layers."""

from collections.abc import Callable, Mapping
from typing import Any

from .keras_values import KerasCode, Unsupported, Value, layer_text

Sizes = tuple[int, ...]


def recurrent(kind: str) -> Callable[[KerasCode, Any, Mapping[str, Any], Value, Sizes], Value]:
    """A translation of a recurrent layer: all its steps, or only the last one if the result is a vector."""

    def translate(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
        known = {"num_layers", "dropout", "batch_first", "bidirectional", "bias"}
        if set(kwargs) - known or not kwargs.get("batch_first") or not kwargs.get("bias", True):
            raise Unsupported(f"this form of {kind} is not translated to Keras")
        value = code.channels_first(value)
        units, both, count = args[1], kwargs.get("bidirectional", False), kwargs.get("num_layers", 1)
        whole = len(dims) > 1
        if both and not whole:
            raise Unsupported("the last step in two directions is not translated to Keras")
        if code.shared is not None:
            raise Unsupported("a recurrent layer that is used again is not translated to Keras")
        for index in range(count):
            last = index == count - 1
            options: dict[str, Any] = {"return_sequences": True} if whole or not last else {}
            name = code.name if count == 1 else f"{code.name}_{index}"
            text = layer_text(kind, (units,), options if both else {**options, "name": name})
            if both:
                text = f'layers.Bidirectional({text}, name="{name}")'
            result = (value.dims[0], units * (2 if both else 1)) if whole or not last else (units,)
            value = code.apply(f"{text}({{}})", value, result)
            if kwargs.get("dropout") and not last:
                value = code.layer("Dropout", (kwargs["dropout"],), value, value.dims)
        return value

    return translate
