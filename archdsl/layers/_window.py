"""Padding and windows, shared by convolutions and pooling."""

from collections.abc import Sequence
from typing import Annotated, Any

from ..contract.arguments import Either, OneOf, SpatialInt
from ..contract.layer import Reject
from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import KernelTooLarge
from ..shapes.shape import Shape, Window
from ..shapes.symbolic import Sym
from ._reading import per_dimension

Padding = Annotated[
    int | tuple[int, ...] | str, Either(kinds=(SpatialInt(minimum=0), OneOf(choices=("same", "same_upper"))))
]
"""A number for each spatial dimension; `same` (equal at both ends if the kernel is odd); or `same_upper`."""

PADDING_WORDS: dict[str, Any] = {"valid": 0, "same": "same", "same_upper": "same_upper"}


def make_windows(
    x: Shape,
    *,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...],
    padding: int | tuple[int, ...] | str,
    dilation: int | tuple[int, ...] = 1,
    ceil: bool = False,
) -> tuple[Window, ...]:
    """The window along each spatial dimension of x. Raises Reject for a wrong number of dimensions."""
    given = {"kernel": kernel, "stride": stride, "dilation": dilation, "padding": padding}
    kernels, strides = per_dimension(kernel, x, "kernel", given), per_dimension(stride, x, "stride", given)
    dilations = per_dimension(dilation, x, "dilation", given)
    if isinstance(padding, str):
        pads = [_same(padding, *facts) for facts in zip(x.spatial_size, kernels, strides, dilations, strict=True)]
    else:
        pads = [(p, p) for p in per_dimension(padding, x, "padding", given)]
    return tuple(
        Window(kernel=k, stride=s, before=before, after=after, dilation=d, ceil=ceil)
        for k, s, (before, after), d in zip(kernels, strides, pads, dilations, strict=True)
    )


def _same(how: str, size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    reach = dilation * (kernel - 1)
    if how == "same_upper":
        # TensorFlow's SAME, ONNX's SAME_UPPER: the smallest padding that gives ceil(W/S).
        reach = (-(-size // stride) - 1) * stride + reach + 1 - size
        # Without padding there are ceil(W/S) positions too: no need to record a condition on a symbolic dimension.
        reach = reach if isinstance(size, Sym) else max(reach, 0)
    return reach // 2, reach - reach // 2


def slide(x: Shape, windows: Sequence[Window], channels: int) -> Shape:
    """The shape of the windows' output. Raises Reject with the arithmetic if one does not fit."""
    sizes = tuple(window.out(size) for window, size in zip(windows, x.spatial_size, strict=True))
    for window, size, out in zip(windows, x.spatial_size, sizes, strict=True):
        if out < 1:
            reach, room = window.extent, size + window.before + window.after
            raise Reject(
                "kernel",
                f"{reach} is larger than the {room} it slides over: {window.explain(size)}",
                kind=KernelTooLarge,  # no recovery shape: it would be too small as well
            )
    return x.with_spatial_size(channels, sizes)


def symmetric(windows: Sequence[Window]) -> bool:
    """Whether the padding is equal at both ends of each dimension, which torch's layers support."""
    return all(window.before == window.after for window in windows)


def pad_list(windows: Sequence[Window]) -> tuple[int, ...]:
    """The padding in the order of `torch.nn.functional.pad`: last dimension first, before and after."""
    return tuple(n for window in reversed(windows) for n in (window.before, window.after))


def check_mode(mode: str, amounts: Sequence[int], x: Shape, argument: str, recovery_shape: Shape) -> None:
    """Check that a padding mode can add these amounts to the dimensions of x. Raises Reject."""
    for amount, size in zip(amounts, x.spatial_size, strict=True):
        most = {"reflect": size - 1, "circular": size}.get(mode, amount)
        if amount > most:
            raise Reject(
                argument,
                f"`{mode}` can add at most {most} to a length of {size}, not {amount}",
                changes=tuple(Change(arguments=((name, "replicate"),)) for name in ("pad_mode", "mode")),
                recovery_shape=recovery_shape,
            )
