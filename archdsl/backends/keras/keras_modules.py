"""Torch modules as Keras layers."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ...contract.call import Module
from .keras_recurrent import recurrent
from .keras_values import KerasCode, Unsupported, Value, per_dimension
from .windows import conv, conv_transpose, pool

Sizes = tuple[int, ...]

_ACTIVATIONS = {
    "Tanh": "tanh", "Sigmoid": "sigmoid", "SiLU": "silu", "ELU": "elu", "SELU": "selu", "Softplus": "softplus",
    "Softsign": "softsign", "Hardsigmoid": "hard_sigmoid", "Hardswish": "hard_swish", "Mish": "mish", "GELU": "gelu",
    "LogSigmoid": "log_sigmoid",
}  # fmt: skip


def module(code: KerasCode, step: Module, value: Value, dims: Sizes) -> Value:
    """The result of a module on one tensor. `dims` are the sizes of the node's result. Raises Unsupported."""
    kind = step.target.removeprefix("torch.nn.")
    kwargs = dict(step.kwargs)
    base = re.sub(r"[123]d$", "", kind)
    if kind in _ACTIVATIONS and not step.args and not kwargs:
        return code.layer("Activation", (_ACTIVATIONS[kind],), value, value.dims)
    if base in _MODULES:
        return _MODULES[base](code, step.args, kwargs, value, dims)
    raise Unsupported("Keras has no counterpart for this layer")


def _only(kwargs: Mapping[str, Any], *known: str) -> None:
    """Refuse arguments that a translation does not support."""
    for name in kwargs:
        if name not in known:
            raise Unsupported(f"`{name}={kwargs[name]}` is not translated to Keras")


def _relu(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    return code.layer("ReLU", (), value, value.dims)


def _relu6(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    return code.layer("ReLU", (), value, value.dims, max_value=6)


def _leaky(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    _only(kwargs, "negative_slope")
    slope = kwargs.get("negative_slope", args[0] if args else 0.01)
    return code.layer("LeakyReLU", (), value, value.dims, negative_slope=slope)


def _softmax(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    _only(kwargs, "dim")
    return code.layer("Softmax", (), value, value.dims, axis=axis(kwargs.get("dim", -1), value))


def axis(dim: int, value: Value) -> int:
    """The axis of a Keras tensor that corresponds to an axis in torch; both count the batch."""
    rank = len(value.dims) + 1
    dim %= rank
    if not value.last or dim == 0:
        return dim if dim != rank - 1 else -1
    return -1 if dim == 1 else dim - 1


def _dropout(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    _only(kwargs, "p")
    return code.layer("Dropout", (kwargs.get("p", args[0] if args else 0.5),), value, value.dims)


def _drop_path(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    shape = (None, *(1,) * len(value.dims))
    return code.layer("Dropout", (args[0],), value, value.dims, noise_shape=shape)


def _identity(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    return value


def _linear(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    _only(kwargs, "bias")
    value = code.channels_first(value)
    options = {} if kwargs.get("bias", True) else {"use_bias": False}
    return code.weighted("Dense", (args[1],), value, (*value.dims[:-1], args[1]), **options)


def _embedding(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    _only(kwargs)
    return code.weighted("Embedding", args, value, (*value.dims, args[1]))


def _batchnorm(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    _only(kwargs, "eps", "momentum")
    if len(value.dims) > 1:
        value = code.channels_last(value)
    momentum = kwargs.get("momentum", 0.1)
    if momentum is None:
        raise Unsupported("a cumulative average of batch statistics is not translated to Keras")
    options = {"momentum": round(1 - momentum, 10), "epsilon": kwargs.get("eps", 1e-5)}
    return code.weighted("BatchNormalization", (), value, value.dims, **options)


def _layernorm(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    _only(kwargs, "eps")
    value = code.channels_first(value)
    if not isinstance(args[0], int):
        raise Unsupported("a layer normalization over several axes is not translated to Keras")
    return code.weighted("LayerNormalization", (), value, value.dims, epsilon=kwargs.get("eps", 1e-5))


def _groupnorm(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    _only(kwargs, "eps")
    value = code.channels_last(value)
    return code.weighted("GroupNormalization", (args[0],), value, value.dims, epsilon=kwargs.get("eps", 1e-5))


def _upsample(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    _only(kwargs, "scale_factor", "mode")
    value = code.channels_last(value)
    mode, factor = kwargs.get("mode", "nearest"), kwargs.get("scale_factor")
    if mode not in ("nearest", "bilinear") or not isinstance(factor, int | tuple):
        raise Unsupported(f"upsampling with mode {mode} is not translated to Keras")
    options: dict[str, Any] = {"interpolation": "bilinear"} if mode == "bilinear" else {}
    return code.layer(f"UpSampling{value.spatial}D", (factor,), value, dims, **options)


def _shuffle(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    value = code.channels_last(value)
    channels, *space = value.dims
    value = code.layer("Reshape", ((*space, args[0], channels // args[0]),), value, value.dims)
    order = (*range(1, len(space) + 1), len(space) + 2, len(space) + 1)
    value = code.layer("Permute", (order,), value, value.dims)
    return code.layer("Reshape", ((*space, channels),), value, value.dims)


def _crop_like(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    value = code.channels_last(value)
    margins = []
    for index, (length, size) in enumerate(zip(value.dims[1:], dims[1:], strict=True)):
        start = kwargs["start"][index] if kwargs.get("start") is not None else (length - size) // 2
        margins.append((start, length - size - start))
    shown: Any = margins[0] if len(margins) == 1 else tuple(margins)
    return code.layer(f"Cropping{value.spatial}D", (shown,), value, dims)


def _flatten(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    return flatten(code, value)


def flatten(code: KerasCode, value: Value) -> Value:
    """The tensor with all axes flattened into one, in torch's order."""
    count = 1
    for size in value.dims:
        count *= size
    if value.spatial and any(size != 1 for size in value.dims[1:]):
        value = code.channels_first(value)
    return code.layer("Flatten", (), value, (count,), last=False)


def _adaptive(kind: str) -> "Callable[[KerasCode, Any, Mapping[str, Any], Value, Sizes], Value]":
    def translate(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
        value = code.channels_last(value)
        channels, *space = value.dims
        wanted = per_dimension(args[0], len(space))
        if wanted == (1,) * len(space):
            return code.layer(f"Global{kind}Pooling{len(space)}D", (), value, (channels, *wanted), keepdims=True)
        if any(size % target for size, target in zip(space, wanted, strict=True)):
            raise Unsupported("adaptive pooling to a size that does not divide that of the input is not in Keras")
        window = tuple(size // target for size, target in zip(space, wanted, strict=True))
        if all(size == 1 for size in window):
            return value
        return code.layer(f"{kind}Pooling{len(space)}D", (window,), value, (channels, *wanted))

    return translate


_MODULES: dict[str, Callable[[KerasCode, Any, Mapping[str, Any], Value, Sizes], Value]] = {
    "ReLU": _relu,
    "ReLU6": _relu6,
    "LeakyReLU": _leaky,
    "Softmax": _softmax,
    "Dropout": _dropout,
    "Identity": _identity,
    "Linear": _linear,
    "Embedding": _embedding,
    "BatchNorm": _batchnorm,
    "LayerNorm": _layernorm,
    "GroupNorm": _groupnorm,
    "Upsample": _upsample,
    "ChannelShuffle": _shuffle,
    "Flatten": _flatten,
    "AdaptiveAvgPool": _adaptive("Average"),
    "AdaptiveMaxPool": _adaptive("Max"),
    "archdsl.backends.modules.DropPath": _drop_path,
    "archdsl.backends.modules.CropLike": _crop_like,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MaxPool": pool("Max"),
    "AvgPool": pool("Average"),
    "LSTM": recurrent("LSTM"),
    "GRU": recurrent("GRU"),
    "RNN": recurrent("SimpleRNN"),
}
