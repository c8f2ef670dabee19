"""Convolutions and pooling in Keras, which has only two kinds of padding: none, or enough to keep the size."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .keras_values import KerasCode, Unsupported, Value, per_dimension

Sizes = tuple[int, ...]


def conv(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    """A convolution; one with a filter for each channel is a DepthwiseConv."""
    value = code.channels_last(value)
    rank = value.spatial
    if kwargs.get("padding_mode", "zeros") != "zeros":
        raise Unsupported(f"padding_mode={kwargs['padding_mode']} is not in Keras")
    channels, filters, kernel = args[0], args[1], per_dimension(args[2], rank)
    stride, dilation = per_dimension(kwargs.get("stride", 1), rank), per_dimension(kwargs.get("dilation", 1), rank)
    groups = kwargs.get("groups", 1)
    if max(stride) > 1 and max(dilation) > 1:
        raise Unsupported("a convolution with both stride and dilation is not in Keras")
    value, options = _padded(code, value, kernel, stride, dilation, kwargs.get("padding", 0))
    if max(stride) > 1:
        options["strides"] = stride
    if max(dilation) > 1:
        options["dilation_rate"] = dilation
    if not kwargs.get("bias", True):
        options["use_bias"] = False
    result = (filters, *dims[1:])
    if groups == channels > 1 and rank < 3 and len({*stride}) == 1:
        options |= {"depth_multiplier": filters // groups} if filters > groups else {}
        return code.weighted(f"DepthwiseConv{rank}D", (kernel,), value, result, **options)
    options |= {"groups": groups} if groups > 1 else {}
    return code.weighted(f"Conv{rank}D", (filters, kernel), value, result, **options)


def _padded(
    code: KerasCode, value: Value, kernel: Sizes, stride: Sizes, dilation: Sizes, padding: Any
) -> tuple[Value, dict[str, Any]]:
    """The tensor, with zeros around it if Keras has no option for the padding, and the options of the layer."""
    reach = tuple(d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
    if padding == "same":
        return value, {"padding": "same"}
    if padding == "valid":
        return value, {}
    pads = per_dimension(padding, len(kernel))
    if not any(pads):
        return value, {}
    if max(stride) == 1 and all(2 * pad == far for pad, far in zip(pads, reach, strict=True)):
        return value, {"padding": "same"}
    return zeros_around(code, value, [(pad, pad) for pad in pads]), {}


def zeros_around(code: KerasCode, value: Value, pads: Sequence[tuple[int, int]]) -> Value:
    """The tensor with this many zeros before and after it along each spatial dimension."""
    sizes = (value.dims[0], *(size + sum(pad) for size, pad in zip(value.dims[1:], pads, strict=True)))
    shown: Any = pads[0] if len(pads) == 1 else tuple(pads)
    if len(pads) > 1 and all(before == after for before, after in pads):
        shown = tuple(before for before, _ in pads)
    return code.layer(f"ZeroPadding{len(pads)}D", (shown,), value, sizes)


def conv_transpose(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
    """A transposed convolution without padding, whose result is cropped by the padding."""
    value = code.channels_last(value)
    rank = value.spatial
    kernel, stride = per_dimension(args[2], rank), per_dimension(kwargs.get("stride", 1), rank)
    pads, more = per_dimension(kwargs.get("padding", 0), rank), per_dimension(kwargs.get("output_padding", 0), rank)
    if kwargs.get("groups", 1) != 1 or max(per_dimension(kwargs.get("dilation", 1), rank)) > 1:
        raise Unsupported("a transposed convolution with groups or dilation is not translated to Keras")
    short = any(k < s for k, s in zip(kernel, stride, strict=True))
    if short or any(extra > pad for extra, pad in zip(more, pads, strict=True)):
        raise Unsupported("a transposed convolution whose output is longer than its kernel reaches is not in Keras")
    options: dict[str, Any] = {"strides": stride} if max(stride) > 1 else {}
    options |= {} if kwargs.get("bias", True) else {"use_bias": False}
    whole = tuple((n - 1) * s + k for n, s, k in zip(value.dims[1:], stride, kernel, strict=True))
    value = code.weighted(f"Conv{rank}DTranspose", (args[1], kernel), value, (args[1], *whole), **options)
    if not any(pads):
        return value
    margins = [(pad, pad - extra) for pad, extra in zip(pads, more, strict=True)]
    shown: Any = margins[0] if rank == 1 else tuple(margins)
    return code.layer(f"Cropping{rank}D", (shown,), value, (args[1], *dims[1:]))


def pool(kind: str) -> Callable[[KerasCode, Any, Mapping[str, Any], Value, Sizes], Value]:
    """A translation of a pooling layer; max pooling pads with minus infinity."""

    def translate(code: KerasCode, args: Any, kwargs: Mapping[str, Any], value: Value, dims: Sizes) -> Value:
        value = code.channels_last(value)
        rank = value.spatial
        kernel = per_dimension(args[0], rank)
        stride, pads = per_dimension(kwargs.get("stride", kernel), rank), per_dimension(kwargs.get("padding", 0), rank)
        sizes = list(zip(value.dims[1:], dims[1:], kernel, stride, pads, strict=True))
        around = [(pad, max(pad, (out - 1) * s + k - size - pad)) for size, out, k, s, pad in sizes]
        if max(per_dimension(kwargs.get("dilation", 1), rank)) > 1:
            raise Unsupported("pooling with dilation is not in Keras")
        plain = all(after == before for before, after in around) and kwargs.get("count_include_pad", True)
        if any(after for _, after in around):
            if kind == "Max":
                shown = ", ".join(f"({before}, {after})" for before, after in around)
                padded = (value.dims[0], *(size + sum(a) for size, a in zip(value.dims[1:], around, strict=True)))
                call = f'ops.pad({{}}, ((0, 0), {shown}, (0, 0)), constant_values=float("-inf"))'
                value = code.apply(call, value, padded)
            elif plain and not kwargs.get("divisor_override"):
                value = zeros_around(code, value, around)
            else:
                raise Unsupported("an average that excludes padding is not in Keras")
        options: dict[str, Any] = {"strides": stride} if stride != kernel else {}
        return code.layer(f"{kind}Pooling{rank}D", (kernel,), value, dims, **options)

    return translate
