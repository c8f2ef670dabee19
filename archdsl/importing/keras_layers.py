"""Keras' layers as torch modules. Tensors have their channels last, as in Keras."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .exporting import drop_path
from .keras_config import is_of_keras
from .keras_options import refuse

Config = Mapping[str, Any]
LayerFunction = Callable[..., Tensor]

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "elu": F.elu,
    "exponential": torch.exp,
    "gelu": F.gelu,
    "hard_silu": F.hardswish,
    "hard_swish": F.hardswish,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "linear": lambda x: x,
    "mish": F.mish,
    "relu": F.relu,
    "relu6": F.relu6,
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "softmax": lambda x: F.softmax(x, -1),
    "softplus": F.softplus,
    "swish": F.silu,
    "tanh": torch.tanh,
}


def activation(config: Config, key: str = "activation") -> Callable[[Tensor], Tensor]:
    """The activation that a layer ends with."""
    name = config.get(key) or "linear"
    if isinstance(name, dict):
        # A function is given by its name; a layer, such as `ELU`, has its own arguments.
        if not isinstance(name.get("config"), str):
            raise refuse(f"its activation is the layer `{name.get('class_name')}`", config["name"])
        if not is_of_keras(name.get("module") or "keras"):
            raise refuse(f"its activation is the function `{name['config']}` of {name['module']}", config["name"])
        name = name["config"]
    found = _ACTIVATIONS.get(str(name).lower())
    if found is None:
        raise refuse(f"its activation is `{name}`", config["name"])
    return found


def first(x: Tensor) -> Tensor:
    """The tensor with its channels first."""
    return x.movedim(-1, 1)


def last(x: Tensor) -> Tensor:
    """The tensor with its channels last."""
    return x.movedim(1, -1)


def _sizes(value: Any, rank: int) -> list[int]:
    return [int(value)] * rank if isinstance(value, int) else [int(each) for each in value]


def _same(x: Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> tuple[Tensor, list[int]]:
    """The tensor and its padding, for `padding="same"`: more at the end where the padding is odd."""
    before, after = [], []
    for size, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True):
        total = max(0, (-(-size // s) - 1) * s + (k - 1) * d + 1 - size)
        before.append(total // 2)
        after.append(total - total // 2)
    if before == after:
        return x, before
    return F.pad(x, [n for pair in reversed(list(zip(before, after, strict=True))) for n in pair]), [0] * len(before)


def _is_same(config: Config) -> bool:
    """Whether the padding is `same`, not `valid`."""
    if config["padding"] not in ("valid", "same"):
        raise refuse(f"its padding is `{config['padding']}`", config["name"])
    return bool(config["padding"] == "same")


class KerasConv(nn.Module):
    """Convolutions, with their activation."""

    def __init__(self, config: Config, channels: int, rank: int, *, depthwise: bool = False) -> None:
        super().__init__()
        self.kernel = _sizes(config["kernel_size"], rank)
        self.stride, self.dilation = _sizes(config["strides"], rank), _sizes(config.get("dilation_rate", 1), rank)
        self.same = _is_same(config)
        self.groups = channels if depthwise else int(config.get("groups", 1))
        filters = channels * int(config["depth_multiplier"]) if depthwise else int(config["filters"])
        self.weight = nn.Parameter(torch.randn(filters, channels // self.groups, *self.kernel) * 0.05)
        self.bias = nn.Parameter(torch.randn(filters) * 0.1) if config["use_bias"] else None
        self.activation = activation(config)

    def forward(self, x: Tensor) -> Tensor:
        x = first(x)
        padding = [0] * len(self.kernel)
        if self.same:
            x, padding = _same(x, self.kernel, self.stride, self.dilation)
        function: Any = (F.conv1d, F.conv2d, F.conv3d)[len(self.kernel) - 1]
        return self.activation(
            last(function(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups))
        )


class KerasSeparable(nn.Module):
    """A depthwise convolution, then one with kernel size 1."""

    def __init__(self, config: Config, channels: int, rank: int) -> None:
        super().__init__()
        plain = {**config, "use_bias": False, "activation": None}
        self.depthwise = KerasConv(plain, channels, rank, depthwise=True)
        inner = channels * int(config["depth_multiplier"])
        after = {"kernel_size": 1, "strides": 1, "dilation_rate": 1, "padding": "valid", "groups": 1}
        self.pointwise = KerasConv({**config, **after}, inner, rank)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.pointwise(self.depthwise(x))
        return made


class KerasTransposed(nn.Module):
    """A transposed convolution: with `same`, the size of the output is the stride times that of the input."""

    def __init__(self, config: Config, channels: int, rank: int) -> None:
        super().__init__()
        self.kernel, self.stride = _sizes(config["kernel_size"], rank), _sizes(config["strides"], rank)
        if config.get("output_padding") is not None or set(_sizes(config.get("dilation_rate", 1), rank)) != {1}:
            raise refuse("it has a dilation or an output padding", config["name"])
        self.same = _is_same(config)
        filters = int(config["filters"])
        self.weight = nn.Parameter(torch.randn(channels, filters, *self.kernel) * 0.05)
        self.bias = nn.Parameter(torch.randn(filters) * 0.1) if config["use_bias"] else None
        self.activation = activation(config)

    def forward(self, x: Tensor) -> Tensor:
        function: Any = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[len(self.kernel) - 1]
        # A stride beyond the kernel leaves elements at the end that have the bias alone.
        rest = [max(s - k, 0) for k, s in zip(self.kernel, self.stride, strict=True)]
        y = function(first(x), self.weight, self.bias, self.stride, 0, rest)
        for axis, (size, k, s) in enumerate(zip(x.shape[1:-1], self.kernel, self.stride, strict=True), 2):
            if self.same and k > s:
                y = y.narrow(axis, (k - s) // 2, size * s)
        return self.activation(last(y))


class KerasDense(nn.Module):
    """A fully connected layer along the last axis."""

    def __init__(self, config: Config, features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, int(config["units"]), bias=bool(config["use_bias"]))
        self.activation = activation(config)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.linear(x))


class KerasBatchNorm(nn.Module):
    """Batch normalization along the last axis; Keras' momentum is the weight of the old value."""

    def __init__(self, config: Config, shape: Sequence[int]) -> None:
        super().__init__()
        axis = config.get("axis", -1)
        axis = axis[0] if isinstance(axis, list) else axis
        if axis not in (-1, len(shape)):
            raise refuse("it normalizes an axis other than the last", config["name"])
        scales, shifts = bool(config.get("scale", True)), bool(config.get("center", True))
        momentum = round(1 - float(config["momentum"]), 7)
        self.factor = _alone(shape[-1], scales and not shifts, around=1.0)
        self.shift = _alone(shape[-1], shifts and not scales, around=0.0)
        self.norm = nn.BatchNorm1d(shape[-1], float(config["epsilon"]), momentum, affine=scales and shifts)

    def forward(self, x: Tensor) -> Tensor:
        y = F.batch_norm(first(x), *self._tensors(), False, self.norm.momentum or 0.0, self.norm.eps)
        dims = (-1, *(1,) * (y.ndim - 2))
        if self.factor is not None:
            y = y * self.factor.reshape(dims)
        return last(y if self.shift is None else y + self.shift.reshape(dims))

    def _tensors(self) -> tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]:
        return self.norm.running_mean, self.norm.running_var, self.norm.weight, self.norm.bias


def _alone(features: int, there: bool, around: float) -> nn.Parameter | None:
    """The scale or shift of a normalization that lacks the other."""
    return nn.Parameter(around + 0.1 * torch.randn(features)) if there else None


class KerasLayerNorm(nn.Module):
    """Layer normalization along the last axis."""

    def __init__(self, config: Config, features: int) -> None:
        super().__init__()
        scales, shifts = bool(config["scale"]), bool(config["center"])
        self.norm = nn.LayerNorm(features, float(config["epsilon"]), scales, bias=shifts)
        self.shift = _alone(features, shifts and not scales, around=0.0)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(x)
        return y if self.shift is None else y + self.shift


class KerasDropPath(nn.Module):
    """Stochastic depth: dropout whose random numbers are the same for all elements of a sample."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        return drop_path(x, self.rate)


class KerasPool(nn.Module):
    """Max and average pooling."""

    def __init__(self, config: Config, rank: int, *, maximum: bool) -> None:
        super().__init__()
        self.kernel = _sizes(config["pool_size"], rank)
        self.stride = _sizes(config["strides"] or config["pool_size"], rank)
        self.same = _is_same(config)
        self.maximum, self.name = maximum, config["name"]

    def forward(self, x: Tensor) -> Tensor:
        x, rank = first(x), len(self.kernel)
        padding = [0] * rank
        if self.same:
            padded, padding = _same(x, self.kernel, self.stride, [1] * rank)
            if padded is not x and not self.maximum:
                raise refuse("its padding differs between the ends", self.name)
            x = padded if padded is x else _with_minimum(x, padded)
        kinds: Any = (
            (F.max_pool1d, F.max_pool2d, F.max_pool3d) if self.maximum else (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)
        )
        more = {} if self.maximum else {"count_include_pad": False}
        return last(kinds[rank - 1](x, self.kernel, self.stride, padding, **more))


def _with_minimum(x: Tensor, padded: Tensor) -> Tensor:
    """The tensor padded for max pooling: with −1e38, which it never selects, instead of 0, and more at the end."""
    totals = [new - size for size, new in zip(x.shape[2:], padded.shape[2:], strict=True)]
    return F.pad(x, [n for total in reversed(totals) for n in (total // 2, total - total // 2)], value=-1e38)
