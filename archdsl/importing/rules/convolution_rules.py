"""Convolutions."""

from collections.abc import Mapping
from typing import Any

from ..arranging import channels_first
from ..atoms import whole
from ..building import Weight, same
from ..import_problem import CannotSay
from ..reparametrized import weight_form
from ..values import Computed, ForeignParameter, Tensor, only_moves
from . import rule


def spatial_arguments(given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Numbers for each dimension, compact, without those that are the default."""
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
    """The weights of a layer, and the arguments that specify what they are computed from. Raises CannotSay."""
    arguments: dict[str, Any] = {} if bias is not None else {"bias": False}
    found: dict[str, Weight] = {}
    if isinstance(weight, ForeignParameter) or (isinstance(weight, Computed) and only_moves(weight)):
        found["weight"] = same(weight)
        if isinstance(weight, ForeignParameter) and weight.name in lifter.frozen:
            arguments["frozen"] = True
    else:
        form, more = weight_form(lifter, weight)
        arguments["weight"] = form
        found |= more
    if bias is not None:
        if not isinstance(bias, ForeignParameter) and not (isinstance(bias, Computed) and only_moves(bias)):
            raise CannotSay("a bias that is not a learned tensor", "a layer that computes its bias")
        found["bias"] = same(bias)
    return found, arguments


@rule("conv1d", "conv2d", "conv3d")
def convolution(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`conv`, or `dwconv` where each channel has its own filters."""
    b = lifter.b
    if not isinstance(a["input"], Tensor) or isinstance(a["weight"], Tensor):
        raise CannotSay("a convolution whose filters depend on the input", "a layer with computed filters")
    filters, per_group, *kernel = a["weight"].sizes
    x = channels_first(b, a["input"])
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


@rule("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed_convolution(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`upconv`."""
    b = lifter.b
    if not isinstance(a["input"], Tensor) or isinstance(a["weight"], Tensor):
        raise CannotSay("a convolution whose filters depend on the input", "a layer with computed filters")
    _, per_group, *kernel = a["weight"].sizes
    weights, arguments = weights_of(lifter, a["weight"], a["bias"])
    arguments |= spatial_arguments(a, ("stride", "padding", "dilation", "output_padding"))
    if a["groups"] > 1:
        arguments["groups"] = a["groups"]
    filters = per_group * a["groups"]
    x = channels_first(b, a["input"])
    node = lifter.made("upconv", x, weights=weights, filters=filters, kernel=compact(kernel), **arguments)
    return Tensor(node, whole(b.dims(node), b.batch))
