"""Operations that move elements: they change only the view."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..arranging import as_is, channels_first
from ..atoms import BATCH, REPEATED, Atom, axis_of, merged, reshaped, whole
from ..import_problem import NotExpressible
from ..values import ConstantTensor, Tensor
from . import rule
from .convolution_rules import compact
from .joining_rules import joined
from .slicing_rules import part


def _reshape(lifter: Any, x: Tensor, dims: Sequence[int]) -> Tensor:
    made = reshaped(x.view, dims)
    if made is None:
        flat = reshaped(x.view, (lifter.b.batch, _rest(x)))
        if flat is None or flat[0] != axis_of(BATCH, lifter.b.batch) or dims[0] != lifter.b.batch:
            raise NotExpressible(f"reshaping {x.sizes} to {tuple(dims)}", "sizes that are multiples of each other")
        node = lifter.b.layer("reshape", as_is(lifter.b, x), sizes=tuple(dims[1:]))
        return Tensor(node, whole(tuple(dims[1:]), lifter.b.batch))
    return Tensor(x.node, made)


def _rest(x: Tensor) -> int:
    count = 1
    for size in x.sizes[1:]:
        count *= size
    return count


@rule("view", "reshape", "flatten", "unflatten", "_unsafe_view", "reshape_as", "view_as")
def reshape(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The same elements in another shape."""
    return _reshape(lifter, a["self"], lifter.sizes)


@rule("permute")
def permute(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The tensor with its axes in another order."""
    x = a["self"]
    return Tensor(x.node, tuple(x.view[dim] for dim in a["dims"]))


@rule("transpose", "swapaxes")
def transpose(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The tensor with two axes swapped."""
    x = a["self"]
    first, second = (a[name] for name in (("dim0", "dim1") if "dim0" in a else ("axis0", "axis1")))
    view = list(x.view)
    view[first], view[second] = view[second], view[first]
    return Tensor(x.node, tuple(view))


@rule("t", "numpy_T")
def matrix_transpose(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The matrix with its axes swapped."""
    x = a["self"]
    return Tensor(x.node, x.view[::-1])


@rule("movedim")
def movedim(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The tensor with axes moved to other places."""
    x = a["self"]
    rank = len(x.view)
    source = [each % rank for each in _listed(a["source"])]
    target = [each % rank for each in _listed(a["destination"])]
    order: list[int | None] = [None] * rank
    for here, there in zip(source, target, strict=True):
        order[there] = here
    rest = iter(i for i in range(rank) if i not in source)
    return Tensor(x.node, tuple(x.view[next(rest) if i is None else i] for i in order))


def _listed(value: Any) -> list[int]:
    return list(value) if isinstance(value, list | tuple) else [value]


@rule("unsqueeze")
def unsqueeze(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The tensor with an additional axis of length 1."""
    x = a["self"]
    place = a["dim"] % (len(x.view) + 1)
    return Tensor(x.node, (*x.view[:place], (), *x.view[place:]))


@rule("squeeze")
def squeeze(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The tensor without axes of length 1."""
    x = a["self"]
    wanted = range(len(x.view)) if a.get("dim") is None else [dim % len(x.view) for dim in _listed(a["dim"])]
    return Tensor(x.node, tuple(group for i, group in enumerate(x.view) if i not in wanted or group))


@rule("expand", "expand_as", "broadcast_to")
def expand(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The tensor repeated along axes of length 1."""
    x = lifter.tensor(a["self"])
    sizes = lifter.sizes
    view = ((),) * (len(sizes) - len(x.view)) + x.view
    made = tuple(
        (Atom(REPEATED, 0, size),) if not group and size > 1 else group for group, size in zip(view, sizes, strict=True)
    )
    return Tensor(x.node, made)


@rule("repeat")
def repeat(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The tensor repeated: each axis becomes copies × the axis."""
    x = lifter.tensor(a["self"])
    counts = list(a["repeats"])
    view = ((),) * (len(counts) - len(x.view)) + x.view
    made = tuple(
        merged(((Atom(REPEATED, 0, count),) if count > 1 else ()) + group)
        for group, count in zip(view, counts, strict=True)
    )
    return Tensor(x.node, made)


@rule("roll")
def roll(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The tensor shifted cyclically: two slices, in the other order."""
    x = a["self"]
    for shift, dim in zip(a["shifts"], a["dims"], strict=True):
        size = x.sizes[dim]
        cut = (-shift) % size
        if cut:
            x = joined(lifter, [part(lifter, x, dim, cut, size), part(lifter, x, dim, 0, cut)], dim)
    return x  # type: ignore[no-any-return]  # a tensor


@rule("flip")
def flip(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """There is no layer that reverses an axis."""
    raise NotExpressible("reversing an axis")


@rule("pixel_shuffle")
def pixel_shuffle(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`pixelshuffle`."""
    b = lifter.b
    node = lifter.made("pixelshuffle", channels_first(b, a["self"]), factor=a["upscale_factor"])
    return Tensor(node, whole(b.dims(node), b.batch))


@rule("pixel_unshuffle")
def pixel_unshuffle(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`pixelunshuffle`."""
    b = lifter.b
    node = lifter.made("pixelunshuffle", channels_first(b, a["self"]), factor=a["downscale_factor"])
    return Tensor(node, whole(b.dims(node), b.batch))


@rule("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`shuffle`."""
    b = lifter.b
    node = lifter.made("shuffle", channels_first(b, a["self"]), groups=a["groups"])
    return Tensor(node, whole(b.dims(node), b.batch))


@rule("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_linear1d", "upsample_bilinear2d",
      "upsample_bicubic2d", "upsample_trilinear3d")  # fmt: skip
def upsample(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`upsample` by a factor, else `resize` to a size."""
    b = lifter.b
    name = str(lifter.at.target).split(".")[1]
    word = next(each for each in ("nearest", "bilinear", "bicubic", "trilinear", "linear") if each in name)
    more: dict[str, Any] = {} if word == "nearest" else {"mode": word}
    if a.get("align_corners"):
        more["align_corners"] = True
    x = channels_first(b, a.get("input", a.get("self")))
    before, after = b.nodes[x].shape.spatial_size, lifter.sizes[2:]
    factors = [new // old if new % old == 0 else 0 for old, new in zip(before, after, strict=True)]
    if all(factors):
        node = lifter.made("upsample", x, factor=compact(factors), **more)
    else:
        node = lifter.made("resize", x, size=compact(list(after)), **more)
    return Tensor(node, whole(b.dims(node), b.batch))


@rule("new_zeros", "new_ones", "new_full", "new_empty", "zeros_like", "ones_like", "full_like", "empty_like")
def new_constant(lifter: Any, a: Mapping[str, Any]) -> ConstantTensor:
    """A tensor of one number, in the shape of another."""
    found = lifter.at.meta["val"]
    name = str(lifter.at.target).split(".")[1]
    value = 1 if "ones" in name else a.get("fill_value", 0)
    return ConstantTensor(torch.full(tuple(found.shape), value, dtype=found.dtype))
