"""Convolutions."""

from collections.abc import Mapping
from typing import Any

import torch

from ...contract.layer import Reject
from ...layers._fixed import NAMES, fixed_filter
from ...shapes.shape import Shape
from ..arranging import channels_first
from ..atoms import whole
from ..building import Weight, same
from ..import_problem import NotExpressible
from ..reparametrized import standardized_with_gain, weight_form
from ..values import Computed, ConstantTensor, SourceParameter, Tensor, only_moves
from . import rule


def spatial_arguments(given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The arguments for each dimension, each as one number if possible, without those that have their default."""
    defaults = {"stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
    found = {}
    for name in names:
        value = compact(given[name])
        if value != defaults[name]:
            found[name] = value
    return found


def compact(value: Any) -> Any:
    """One number if all are equal, else a tuple; words as they are."""
    if isinstance(value, list | tuple):
        return value[0] if len(set(value)) == 1 else tuple(value)
    return value


def weights_of(lifter: Any, weight: Any, bias: Any) -> tuple[dict[str, Weight], dict[str, Any]]:
    """The weights of a layer, and the arguments that specify what they are computed from. Raises NotExpressible."""
    arguments: dict[str, Any] = {} if bias is not None else {"bias": False}
    found: dict[str, Weight] = {}
    if isinstance(weight, SourceParameter) or (isinstance(weight, Computed) and only_moves(weight)):
        found["weight"] = same(weight)
        if isinstance(weight, SourceParameter) and weight.name in lifter.frozen:
            arguments["frozen"] = True
    else:
        form, more = weight_form(lifter, weight)
        arguments["weight"] = form
        found |= more
    if bias is not None:
        if not isinstance(bias, SourceParameter) and not (isinstance(bias, Computed) and only_moves(bias)):
            raise NotExpressible("a bias that is not a learned tensor", "a layer that computes its bias")
        found["bias"] = same(bias)
    return found, arguments


@rule("conv1d", "conv2d", "conv3d")
def convolution(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`conv`, or `dwconv` where each channel has its own filters."""
    b = lifter.b
    if isinstance(a["weight"], Computed) and (found := standardized_with_gain(lifter, a["weight"])) is not None:
        return _with_gain(lifter, a, *found)
    if not isinstance(a["input"], Tensor) or isinstance(a["weight"], Tensor):
        raise NotExpressible("a convolution whose filters depend on the input", "a layer with computed filters")
    filters, per_group, *kernel = a["weight"].sizes
    x = channels_first(b, a["input"])
    if isinstance(a["weight"], ConstantTensor):
        weights, arguments = _fixed(a)
    else:
        weights, arguments = weights_of(lifter, a["weight"], a["bias"])
    arguments |= spatial_arguments(a, ("stride", "padding", "dilation"))
    groups = a["groups"]
    if groups > 1 and per_group == 1:
        if filters != groups:
            arguments["multiplier"] = filters // groups
        node = lifter.made("dwconv", x, weights=weights, kernel=compact(kernel), **arguments)
    else:
        if groups > 1:
            arguments["groups"] = groups
        node = lifter.made("conv", x, weights=weights, filters=filters, kernel=compact(kernel), **arguments)
    return Tensor(node, whole(b.dims(node), b.batch))


def _with_gain(lifter: Any, a: Mapping[str, Any], filters: Computed, gain: Weight) -> Tensor:
    """Standardized filters whose outputs are scaled, and shifted by the bias."""
    b = lifter.b
    made = convolution(lifter, {**a, "weight": filters, "bias": None})
    node = lifter.made("scale", made.node, weights={"weight": gain}, learned=True)
    if a["bias"] is not None:
        bias = same(a["bias"], (*b.dims(node)[:1], *(1 for _ in b.dims(node)[1:])))
        node = lifter.made("shift", node, weights={"bias": bias}, learned=True)
    return Tensor(node, whole(b.dims(node), b.batch))


def _fixed(a: Mapping[str, Any]) -> tuple[dict[str, Weight], dict[str, Any]]:
    """The weights and arguments of a filter that is not learned: `dwconv k3 fixed=gaussian`. Raises NotExpressible."""
    filters: torch.Tensor = a["weight"].tensor
    first = filters[0, 0]
    is_each_channel = filters.shape[1] == 1 and filters.shape[0] == a["groups"] and bool((filters == first).all())
    if not is_each_channel or a["bias"] is not None or first.ndim > 2:
        raise NotExpressible("a convolution with fixed filters", "one filter for each channel, without a bias")
    for name in NAMES:
        try:
            named = fixed_filter(name, tuple(first.shape), Shape(1, *(3,) * first.ndim))
        except Reject:
            continue
        if torch.equal(torch.tensor(named, dtype=first.dtype), first):
            return {"weight": same(a["weight"])}, {"fixed": name}
    rows = first if first.ndim == 2 else first[None]
    text = "; ".join(" ".join(_number(value) for value in row) for row in rows)
    return {"weight": same(a["weight"])}, {"fixed": text}


def _number(value: torch.Tensor) -> str:
    """A number with as few digits as represent it exactly."""
    texts = (f"{float(value):.{digits}g}" for digits in range(1, 18))
    return next(text for text in texts if bool(torch.tensor(float(text), dtype=value.dtype) == value))


@rule("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed_convolution(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`upconv`."""
    b = lifter.b
    if not isinstance(a["input"], Tensor) or isinstance(a["weight"], Tensor):
        raise NotExpressible("a convolution whose filters depend on the input", "a layer with computed filters")
    _, per_group, *kernel = a["weight"].sizes
    weights, arguments = weights_of(lifter, a["weight"], a["bias"])
    arguments |= spatial_arguments(a, ("stride", "padding", "dilation", "output_padding"))
    if a["groups"] > 1:
        arguments["groups"] = a["groups"]
    filters = per_group * a["groups"]
    x = channels_first(b, a["input"])
    node = lifter.made("upconv", x, weights=weights, filters=filters, kernel=compact(kernel), **arguments)
    return Tensor(node, whole(b.dims(node), b.batch))
