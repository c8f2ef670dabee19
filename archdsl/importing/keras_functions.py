"""Keras' layers without weights as functions of tensors that have their channels last, as in Keras."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from math import prod, sqrt
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .keras_layers import Config, activation, first, last
from .keras_options import refuse

_ONLY_IN_TRAINING = ("ActivityRegularization", "GaussianNoise")
_EPSILON = 1e-7
"""Keras' smallest standard deviation."""


def function_of(
    base: str, rank: int, config: Config, read: Sequence[tuple[int, ...]]
) -> Callable[[Tensor], Tensor] | None:
    """The function of a layer without weights; None for another layer."""
    places = list(range(1, rank + 1))
    keep = bool(config.get("keepdims", False))
    match base:
        case "Activation":
            return activation(config)
        case "ReLU":
            return _relu(config)
        case "LeakyReLU":
            slope = float(config.get("negative_slope", config.get("alpha", 0.3)))
            return lambda x: F.leaky_relu(x, slope)
        case "ELU":
            return lambda x: F.elu(x, float(config.get("alpha", 1.0)))
        case "Softmax":
            return lambda x: F.softmax(x, config.get("axis", -1))
        case "SpatialDropout" if rank == 2:
            return lambda x: last(F.dropout2d(first(x), float(config["rate"]), False))
        case "GlobalAveragePooling":
            return lambda x: x.mean(places, keepdim=keep)
        case "GlobalMaxPooling":
            return lambda x: x.amax(places, keepdim=keep)
        case "Flatten":
            return lambda x: x.flatten(1)
        case "Reshape":
            size = prod(read[0])
            wanted = [int(each) for each in config["target_shape"]]
            known = -prod(wanted) if -1 in wanted else 1
            dims = [size // known if each == -1 else each for each in wanted]
            return lambda x: x.reshape(x.shape[0], *dims)
        case "Permute":
            return lambda x: x.permute(0, *config["dims"])
        case "ZeroPadding" | "Cropping":
            return _padding(base, rank, config)
        case "UpSampling":
            return _upsampling(rank, config)
        case "Rescaling":
            return _rescaling(config)
        case "Normalization":
            return _normalization(config)
        case "InputLayer":
            return lambda x: x
        case _:
            return (lambda x: x) if base in _ONLY_IN_TRAINING else None


def _relu(config: Config) -> Callable[[Tensor], Tensor]:
    most, slope = config.get("max_value"), float(config.get("negative_slope") or 0)
    if float(config.get("threshold") or 0) or (most is not None and (slope or float(most) != 6)):
        raise refuse("its ReLU has a threshold, or a maximum other than 6", config["name"])
    if most is not None:
        return F.relu6
    return (lambda x: F.leaky_relu(x, slope)) if slope else F.relu


def _padding(base: str, rank: int, config: Config) -> Callable[[Tensor], Tensor]:
    amounts = config["padding" if base == "ZeroPadding" else "cropping"]
    pairs = [[each, each] if isinstance(each, int) else list(each) for each in (amounts if rank > 1 else [amounts])]
    sign = 1 if base == "ZeroPadding" else -1
    order = [0, 0, *(sign * int(n) for pair in reversed(pairs) for n in pair)]
    return lambda x: F.pad(x, order)


def _upsampling(rank: int, config: Config) -> Callable[[Tensor], Tensor]:
    size = config["size"]
    factor = [float(each) for each in ([size] * rank if isinstance(size, int) else size)]
    mode = config.get("interpolation", "nearest")
    if mode not in ("nearest", "bilinear"):
        raise refuse(f"its interpolation is `{mode}`", config["name"])
    more: dict[str, Any] = {} if mode == "nearest" else {"align_corners": False}
    return lambda x: last(F.interpolate(first(x), scale_factor=factor, mode=mode, **more))


def _rescaling(config: Config) -> Callable[[Tensor], Tensor]:
    scale, offset = (_one_number({"offset": 0.0, **config}, key) for key in ("scale", "offset"))
    return lambda x: x * scale + offset


def _normalization(config: Config) -> Callable[[Tensor], Tensor]:
    """The difference from a mean over a standard deviation, or the inverse; both are in the configuration."""
    if config.get("mean") is None or config.get("variance") is None:
        what = "its mean and variance are weights, which a configuration lacks"
        raise refuse(f"{what}: leave the layer out and normalize the images", config["name"])
    mean, deviation = _one_number(config, "mean"), max(sqrt(_one_number(config, "variance")), _EPSILON)
    return (lambda x: mean + x * deviation) if config.get("invert") else (lambda x: (x - mean) / deviation)


def _one_number(config: Config, key: str) -> float:
    """The number of a key that may differ between channels. Raises ImportFailed if it does."""
    found = {float(each) for each in _flat(config[key])}
    if len(found) == 1:
        return found.pop()
    what = "leave the layer out, for `keras.applications` with `include_preprocessing=False`, and normalize the images"
    raise refuse(f"its `{key}` differs between channels: {what}", config["name"])


def _flat(value: Any) -> list[Any]:
    return [each for item in value for each in _flat(item)] if isinstance(value, list) else [value]


MERGES: Mapping[str, Callable[[Config, Sequence[Tensor]], Tensor]] = {
    "Add": lambda config, x: reduce(torch.add, x),
    "Average": lambda config, x: reduce(torch.add, x) / len(x),
    "Concatenate": lambda config, x: torch.cat(list(x), config.get("axis", -1)),
    "Divide": lambda config, x: x[0] / x[1],
    "Maximum": lambda config, x: reduce(torch.maximum, x),
    "Minimum": lambda config, x: reduce(torch.minimum, x),
    "Multiply": lambda config, x: reduce(torch.mul, x),
    "Subtract": lambda config, x: x[0] - x[1],
    "TrueDivide": lambda config, x: x[0] / x[1],
}
"""The layers of several tensors."""
