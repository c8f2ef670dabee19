"""Operators that move elements, make constants or return shapes."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..onnx_node import OnnxNode
from . import operator


@operator("Reshape")
def reshape(node: OnnxNode, x: Tensor, _: Tensor) -> Tensor:
    """The tensor in a new shape: 0 keeps a size, −1 is inferred; a fixed batch size becomes that of the import."""
    wanted = node.integers(1)
    if not node.get("allowzero", 0):
        wanted = [x.shape[i] if size == 0 else size for i, size in enumerate(wanted)]
    return x.reshape(node.rebatched(x, wanted))


@operator("Flatten")
def flatten(node: OnnxNode, x: Tensor) -> Tensor:
    """The tensor as a matrix."""
    axis = node.get("axis", 1) % (x.ndim + 1)
    return x.flatten(axis) if axis == 1 else x.reshape(*x.shape[:axis].numel() * torch.Size([1]), -1)


@operator("Transpose")
def transpose(node: OnnxNode, x: Tensor) -> Tensor:
    """The tensor with its axes in another order, by default reversed."""
    return x.permute(node.get("perm", list(range(x.ndim))[::-1]))


@operator("Squeeze")
def squeeze(node: OnnxNode, x: Tensor, *_: Tensor) -> Tensor:
    """The tensor without axes of length 1."""
    axes = node.integers(1) if node.has(1) else node.get("axes", None)
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


@operator("Unsqueeze")
def unsqueeze(node: OnnxNode, x: Tensor, *_: Tensor) -> Tensor:
    """The tensor with additional axes of length 1."""
    axes = node.integers(1) if node.has(1) else node.get("axes", [])
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


@operator("Concat")
def concat(node: OnnxNode, *x: Tensor) -> Tensor:
    """Tensors joined along an axis."""
    axis = node.get("axis", 0)
    return torch.cat(node.samples(x, axis), axis)


@operator("Split")
def split(node: OnnxNode, x: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
    """Parts of given sizes, or of equal size except possibly the last."""
    axis = node.get("axis", 0)
    sizes = node.integers(1) if node.has(1) else node.get("split", None)
    if sizes is None:
        each = -(-x.shape[axis] // node.results)
        return torch.split(x, each, axis)
    return torch.split(x, list(sizes), axis)


@operator("Slice")
def slice_(node: OnnxNode, x: Tensor, *_: Tensor) -> Tensor:
    """A range along each of the given axes."""
    starts = node.integers(1) if node.has(1) else list(node.get("starts", []))
    ends = node.integers(2) if node.has(2) else list(node.get("ends", []))
    axes = node.integers(3) if node.has(3) else list(node.get("axes", range(len(starts))))
    steps = node.integers(4) if node.has(4) else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 0:
            node.refuse("a part of a tensor in reversed order", "a layer that reverses an axis")
        index: list[Any] = [slice(None)] * x.ndim
        size = x.shape[axis]
        index[axis] = slice(max(start, -size), max(min(end, size), -size), step)
        x = x[tuple(index)]
    return x


@operator("Gather")
def gather(node: OnnxNode, x: Tensor, index: Tensor) -> Tensor:
    """Positions along an axis, or rows of a learned table."""
    axis = node.get("axis", 0)
    if node.is_known(1) and index.ndim == 0:
        return x.select(axis, node.integers(1)[0])
    if node.is_learned(0) and x.ndim == 2 and axis == 0:
        return F.embedding(index, x)
    if node.is_known(1):
        found = node.integers(1)
        if index.ndim == 1 and found == list(range(found[0], found[0] + len(found))):
            return x.narrow(axis, found[0] % x.shape[axis], len(found))
    return x.index_select(axis, index.flatten()).reshape(
        *x.shape[: axis % x.ndim], *index.shape, *x.shape[axis % x.ndim + 1 :]
    )


@operator("Pad")
def pad(node: OnnxNode, x: Tensor, *_: Tensor) -> Tensor:
    """The tensor with padding at the ends of each axis."""
    pads = node.integers(1) if node.has(1) else list(node.get("pads", []))
    axes = node.integers(3) if node.has(3) else list(range(x.ndim))
    amounts = {axis % x.ndim: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}
    first = min((axis for axis, both in amounts.items() if any(both)), default=x.ndim)
    mode = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}[
        node.get("mode", "constant")
    ]
    if first >= 2:
        first = 2
    order = [each for axis in reversed(range(first, x.ndim)) for each in amounts.get(axis, (0, 0))]
    if not any(order):
        return x
    value = node.number(2) if node.has(2) else node.get("value", 0.0)
    return F.pad(x, order, mode, value if mode == "constant" else None)


@operator("DepthToSpace")
def depth_to_space(node: OnnxNode, x: Tensor) -> Tensor:
    """The tensor with its channels moved into space, in either order."""
    size = node.get("blocksize", 1)
    if node.get("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x, size)
    n, c, h, w = x.shape
    parts = x.reshape(n, size, size, c // size**2, h, w).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(n, c // size**2, h * size, w * size)


@operator("SpaceToDepth")
def space_to_depth(node: OnnxNode, x: Tensor) -> Tensor:
    """The tensor with its spatial positions moved into channels, in either order."""
    size = node.get("blocksize", 1)
    if node.get("mode", "DCR") == "CRD":
        return F.pixel_unshuffle(x, size)
    n, c, h, w = x.shape
    parts = x.reshape(n, c, h // size, size, w // size, size).permute(0, 3, 5, 1, 2, 4)
    return parts.reshape(n, c * size**2, h // size, w // size)


@operator("Expand")
def expand(node: OnnxNode, x: Tensor, _: Tensor) -> Tensor:
    """The tensor repeated along axes of length 1."""
    wanted = node.integers(1)
    rank = max(len(wanted), x.ndim)
    wanted = [1] * (rank - len(wanted)) + wanted
    own = [1] * (rank - x.ndim) + list(x.shape)
    wanted = [max(a, b) for a, b in zip(own, wanted, strict=True)]
    node.check_size(wanted)
    return x.expand(wanted)


@operator("Tile")
def tile(node: OnnxNode, x: Tensor, _: Tensor) -> Tensor:
    """Copies of the tensor along each axis."""
    return x.repeat(node.integers(1))


@operator("Shape")
def shape(node: OnnxNode, x: Tensor) -> Tensor:
    """The sizes."""
    return torch.tensor(list(x.shape)[node.get("start", 0) : node.get("end", x.ndim)])


@operator("Size")
def size(node: OnnxNode, x: Tensor) -> Tensor:
    """The number of elements."""
    return torch.tensor(x.numel())


@operator("Constant")
def constant(node: OnnxNode) -> Tensor:
    """A tensor that is stored in the node."""
    return node.constant()


@operator("ConstantOfShape")
def constant_of_shape(node: OnnxNode, _: Tensor) -> Tensor:
    """A tensor of a shape, filled with one number."""
    dims = node.integers(0)
    node.check_size(dims)
    value = node.constant("value")
    return torch.full(tuple(dims), value.flatten()[0].item(), dtype=value.dtype)


@operator("Range")
def range_(node: OnnxNode, start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    """Evenly spaced numbers."""
    first, last, step = (each.item() for each in (start, limit, delta))
    node.check_size([int(abs((last - first) / (step or 1))) + 1])
    return torch.arange(first, last, step, dtype=start.dtype)


@operator("Cast", "CastLike")
def cast(node: OnnxNode, x: Tensor, like: Tensor | None = None) -> Tensor:
    """The tensor in another dtype."""
    kind = like.dtype if like is not None else node.dtype()
    return x if x.dtype == kind else x.to(kind)


@operator("Where")
def where(node: OnnxNode, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Elements of one of two tensors."""
    return torch.where(condition, x, y)
