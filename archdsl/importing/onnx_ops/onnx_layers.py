"""Convolutions, pooling and normalization."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..onnx_node import OnnxNode
from . import operator


def _same_padding(node: OnnxNode, x: Tensor, kernel: Sequence[int], stride: Sequence[int]) -> list[int]:
    """The padding of `auto_pad`, in the order of ONNX: before each axis, then after."""
    kind = node.get("auto_pad", "NOTSET")
    rank = len(kernel)
    if kind == "NOTSET":
        return list(node.get("pads", [0] * (2 * rank)))
    if kind == "VALID":
        return [0] * (2 * rank)
    dilation = node.get("dilations", [1] * rank)
    before, after = [], []
    for size, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True):
        total = max(0, (-(-size // s) - 1) * s + (k - 1) * d + 1 - size)
        small, large = total // 2, total - total // 2
        before.append(small if kind == "SAME_UPPER" else large)
        after.append(large if kind == "SAME_UPPER" else small)
    return before + after


def _padded(x: Tensor, pads: Sequence[int], value: float = 0.0) -> tuple[Tensor, list[int]]:
    """The tensor and its symmetric padding; with asymmetric padding, the padded tensor and no padding."""
    rank = len(pads) // 2
    before, after = list(pads[:rank]), list(pads[rank:])
    if before == after:
        return x, before
    order = [amount for i in reversed(range(rank)) for amount in (before[i], after[i])]
    return F.pad(x, order, value=value), [0] * rank


@operator("Conv")
def conv(node: OnnxNode, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A convolution with one to three spatial dimensions."""
    rank = weight.ndim - 2
    stride = node.get("strides", [1] * rank)
    x, padding = _padded(x, _same_padding(node, x, weight.shape[2:], stride))
    function = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    return function(x, weight, bias, stride, padding, node.get("dilations", [1] * rank), node.get("group", 1))


@operator("ConvTranspose")
def conv_transpose(node: OnnxNode, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A transposed convolution with one to three spatial dimensions."""
    rank = weight.ndim - 2
    pads = node.get("pads", [0] * (2 * rank))
    if node.get("auto_pad", "NOTSET") != "NOTSET" or node.get("output_shape", None) or pads[:rank] != pads[rank:]:
        node.refuse("a transposed convolution whose padding differs between the ends", "`upconv` with such padding")
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    stride, extra = node.get("strides", [1] * rank), node.get("output_padding", [0] * rank)
    group, dilation = node.get("group", 1), node.get("dilations", [1] * rank)
    return function(x, weight, bias, stride, pads[:rank], extra, group, dilation)


@operator("MaxPool")
def max_pool(node: OnnxNode, x: Tensor) -> Tensor:
    """Max pooling with one to three spatial dimensions."""
    kernel = node.get("kernel_shape", [])
    stride = node.get("strides", [1] * len(kernel))
    x, padding = _padded(x, _same_padding(node, x, kernel, stride), float("-inf"))
    function: Any = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(kernel) - 1]
    dilation = node.get("dilations", [1] * len(kernel))
    made: Tensor = function(x, kernel, stride, padding, dilation, bool(node.get("ceil_mode", 0)))
    return made


@operator("AveragePool")
def average_pool(node: OnnxNode, x: Tensor) -> Tensor:
    """Average pooling with one to three spatial dimensions."""
    kernel = node.get("kernel_shape", [])
    stride = node.get("strides", [1] * len(kernel))
    pads = _same_padding(node, x, kernel, stride)
    counted = bool(node.get("count_include_pad", 0))
    if pads[: len(kernel)] != pads[len(kernel) :] and not counted:
        node.refuse("average pooling with padding at one end that is not counted", "`avgpool` with such padding")
    if set(node.get("dilations", [1])) != {1}:
        node.refuse("average pooling with dilation", "`avgpool` with a dilation")
    x, padding = _padded(x, pads)
    function: Any = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[len(kernel) - 1]
    made: Tensor = function(x, kernel, stride, padding, bool(node.get("ceil_mode", 0)), counted)
    return made


@operator("GlobalAveragePool", "GlobalMaxPool")
def global_pool(node: OnnxNode, x: Tensor) -> Tensor:
    """Pooling over all positions."""
    axes = list(range(2, x.ndim))
    return x.mean(axes, keepdim=True) if node.kind == "GlobalAveragePool" else x.amax(axes, keepdim=True)


@operator("BatchNormalization")
def batch_norm(node: OnnxNode, x: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    """Batch normalization in inference; ONNX's momentum is the weight of the old value."""
    momentum = round(1 - node.get("momentum", 0.9), 7)
    return F.batch_norm(x, mean, var, scale, shift, False, momentum, node.get("epsilon", 1e-5))


@operator("InstanceNormalization")
def instance_norm(node: OnnxNode, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Normalization of each channel."""
    return F.instance_norm(x, None, None, scale, shift, True, 0.1, node.get("epsilon", 1e-5))


@operator("LayerNormalization")
def layer_norm(node: OnnxNode, x: Tensor, scale: Tensor, shift: Tensor | None = None) -> Tensor:
    """Normalization over the last axes."""
    axis = node.get("axis", -1) % x.ndim
    return F.layer_norm(x, list(x.shape[axis:]), scale, shift, node.get("epsilon", 1e-5))


@operator("RMSNormalization")
def rms_norm(node: OnnxNode, x: Tensor, scale: Tensor) -> Tensor:
    """Root mean square normalization over the last axes."""
    axis = node.get("axis", -1) % x.ndim
    return F.rms_norm(x, list(x.shape[axis:]), scale, node.get("epsilon", 1e-5))


@operator("GroupNormalization")
def group_norm(node: OnnxNode, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Normalization of equal groups of channels."""
    if scale.numel() != x.shape[1]:
        node.refuse("group normalization with a scale for each group", "`groupnorm` with a scale for each group")
    return F.group_norm(x, node.get("num_groups", 1), scale, shift, node.get("epsilon", 1e-5))


@operator("LRN")
def local_response(node: OnnxNode, x: Tensor) -> Tensor:
    """Local response normalization over neighboring channels."""
    return F.local_response_norm(
        x, node.get("size", 1), node.get("alpha", 1e-4), node.get("beta", 0.75), node.get("bias", 1.0)
    )


@operator("Dropout")
def dropout(node: OnnxNode, x: Tensor, *_: Tensor) -> Tensor:
    """Dropout in inference; it keeps the probability of training."""
    return F.dropout(x, node.number(1) if node.has(1) else node.get("ratio", 0.5), False)


@operator("Identity")
def identity(node: OnnxNode, x: Tensor) -> Tensor:
    """The same tensor."""
    return x


@operator("Resize", "Upsample")
def resize(node: OnnxNode, x: Tensor, *_: Tensor) -> Tensor:
    """Interpolation in the modes that torch supports."""
    mode = node.get("mode", "nearest")
    kind = node.get("coordinate_transformation_mode", "half_pixel" if node.kind == "Resize" else "asymmetric")
    sizes = _resized(node, x)
    if mode == "nearest":
        rounding = node.get("nearest_mode", "round_prefer_floor" if node.kind == "Resize" else "floor")
        whole = all(new % old == 0 for old, new in zip(x.shape[2:], sizes, strict=True))
        # For whole factors, the nearest center and the element on the left are the same.
        repeats = whole and kind in _CENTERS and rounding.startswith("round")
        if not repeats and (kind, rounding) != ("asymmetric", "floor"):
            node.refuse("nearest-neighbor resizing in a form that torch does not have", "`resize` of this kind")
        return F.interpolate(x, sizes, mode="nearest")
    names = {"linear": {3: "linear", 4: "bilinear", 5: "trilinear"}.get(x.ndim), "cubic": "bicubic"}
    if kind not in ("half_pixel", "pytorch_half_pixel", "align_corners") or names.get(mode) is None:
        node.refuse(f"resizing of the kind `{kind}`", "`resize` of this kind")
    if kind == "pytorch_half_pixel" and 1 in sizes:
        node.refuse("resizing to a length of 1 that reads the first element", "`resize` of this kind")
    if mode == "cubic" and node.get("cubic_coeff_a", -0.75) != -0.75:
        node.refuse("cubic interpolation with a coefficient other than −0.75", "`resize` with a coefficient")
    return F.interpolate(x, sizes, mode=str(names[mode]), align_corners=kind == "align_corners")


_CENTERS = ("half_pixel", "pytorch_half_pixel")


def _resized(node: OnnxNode, x: Tensor) -> list[int]:
    """The spatial size of the result. Refuses the options that torch does not have."""
    for name, default in (("antialias", 0), ("exclude_outside", 0), ("keep_aspect_ratio_policy", "stretch")):
        if node.get(name, default) != default:
            node.refuse(f"resizing with `{name}`", "`resize` with such an option")
    if node.get("axes", None) is not None:
        node.refuse("resizing of the axes that `axes` lists", "a size for each axis")
    if node.has(3):
        return node.integers(3)[2:]
    place = 2 if node.kind == "Resize" and node.opset > 10 else 1
    factors = node.floats(place) if node.has(place) else list(node.get("scales", []))
    exact = [size * factor for size, factor in zip(x.shape[2:], factors[2:], strict=True)]
    sizes = [int(size + 1e-4) for size in exact]
    if any(abs(size - new) > 1e-4 for size, new in zip(exact, sizes, strict=True)):
        # ONNX then reads positions by the factor, torch by the ratio of the sizes.
        node.refuse("resizing by a factor that does not give an integer size", "`resize` by such a factor")
    return sizes


@operator("LpNormalization")
def lp_normalization(node: OnnxNode, x: Tensor) -> Tensor:
    """The tensor divided by its norm along an axis."""
    axis = node.get("axis", -1)
    norm: Tensor = torch.linalg.vector_norm(x, ord=node.get("p", 2), dim=axis, keepdim=True)
    return x / norm
