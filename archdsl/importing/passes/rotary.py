"""Rotary position embeddings: pairs of features rotated by an angle that grows with the step (Su et al., 2021)."""

from typing import NamedTuple

import torch

from ...layers.cut import Slice
from ...layers.joining import Concat
from ..building import Builder, ConstantOp, Lifted


class Rotary(NamedTuple):
    """A rotated node: its axes of steps and of features, the number of rotated features, and the base."""

    source: int
    steps: int
    features: int
    rotated: int
    base: float


def rotated(b: Builder, node: int) -> Rotary | None:
    """The rotation that a node computes; None if it computes none. Feature i of n is paired with feature i + n/2."""
    here = b.nodes[node]
    if here.op.keyword == "add":
        return _rotated(b, here)
    if not isinstance(here.op, Concat):
        return None
    turned, *others = (b.nodes[i] for i in here.inputs)
    if len(others) in (1, 2) and turned.op.keyword == "sub":
        found = _rotated_halves(b, turned, others[0], _axis_of(here))
        rest = others[1:]
    else:
        found = _rotated(b, turned) if turned.op.keyword == "add" and len(others) == 1 else None
        rest = others
    return found if found is None or not rest else _partial_rotation(b, here, found, rest[0])


def _partial_rotation(b: Builder, here: Lifted, found: Rotary, rest: Lifted) -> Rotary | None:
    """The rotation of the first features, where the ones after them stay unchanged."""
    if not isinstance(rest.op, Slice) or _axis(rest) != found.features:
        return None
    part = b.nodes[found.source]
    ends = (0, found.rotated), (found.rotated, here.shape.dims[found.features])
    is_split = isinstance(part.op, Slice) and _range(b, part) == ends[0] and _range(b, rest) == ends[1]
    return found._replace(source=rest.inputs[0]) if is_split and part.inputs == rest.inputs else None


def _rotated_halves(b: Builder, minus: Lifted, plus: Lifted, axis: int) -> Rotary | None:
    """first·cos − second·sin, and second·cos + first·sin."""
    products = [b.nodes[i] for each in (minus, plus) for i in each.inputs]
    if plus.op.keyword != "add" or len(products) != 4 or any(len(each.inputs) != 2 for each in products):
        return None
    if any(each.op.keyword != "mul" for each in products):
        return None
    (first, cos), (second, sin), *last = (_with_constant(b, each) for each in products)
    if cos is None or sin is None:
        return None
    for (x, same_cos), (y, same_sin) in (last, last[::-1]):
        is_same = same_cos is not None and same_sin is not None and torch.equal(same_cos, cos)
        if (x, y) != (second, first) or not is_same or not torch.equal(same_sin, sin):  # type: ignore[arg-type]  # just tested
            continue
        halves = b.nodes[first], b.nodes[second]
        if not all(isinstance(each.op, Slice) and _axis(each) == axis for each in halves):
            return None
        (source, *_), half = halves[0].inputs, cos.shape[axis]
        ranges = [_range(b, each) for each in halves]
        if halves[1].inputs != (source,) or ranges != [(0, half), (half, 2 * half)] or b.dims(source)[axis] != 2 * half:
            return None
        return _found(b.dims(source), source, axis, *(torch.cat([each, each], axis) for each in (cos, sin)))
    return None


def _rotated(b: Builder, here: Lifted) -> Rotary | None:
    """x·cos + (the halves of x swapped, the first one negative)·sin."""
    products = [b.nodes[i] for i in here.inputs]
    if any(each.op.keyword != "mul" or len(each.inputs) != 2 for each in products):
        return None
    for straight, crossed in (products, products[::-1]):
        x, cos = _with_constant(b, straight)
        halves, sin = _with_constant(b, crossed)
        if cos is None or sin is None:
            continue
        axis = _swapped_halves(b, halves, x)
        if axis is not None:
            return _found(b.dims(x), x, axis, cos, sin)
    return None


def _with_constant(b: Builder, product: Lifted) -> tuple[int, torch.Tensor | None]:
    """The factor that depends on the input, and the other one if it is constant, in the axes of the product."""
    for x, other in (product.inputs, product.inputs[::-1]):
        start = b.nodes[other]
        while start.origin is not None:
            start = b.nodes[start.origin.node]
        if isinstance(start.op, ConstantOp) and b.dims(x) == product.shape.dims:
            dims = b.dims(other)
            flat = start.op.tensor.reshape([size for size in start.op.tensor.shape if size != 1] or [1])
            if tuple(flat.shape) == tuple(size for size in dims if size != 1):
                return x, flat.reshape(dims).expand(product.shape.dims)
    return product.inputs[0], None


def _swapped_halves(b: Builder, node: int, x: int) -> int | None:
    """The axis along which a node is the second half of x, negative, then the first half; None if it is not."""
    here = b.nodes[node]
    if not isinstance(here.op, Concat) or len(here.inputs) != 2:
        return None
    negative, first = (b.nodes[i] for i in here.inputs)
    if negative.op.keyword != "neg":
        return None
    second = b.nodes[negative.inputs[0]]
    if not (isinstance(first.op, Slice) and isinstance(second.op, Slice)):
        return None
    axis, size = _axis(first), b.dims(x)[_axis(first)]
    if _axis(second) != axis or (_range(b, first), _range(b, second)) != ((0, size // 2), (size // 2, size)):
        return None
    return axis if first.inputs == second.inputs == (x,) and here.shape.dims == b.dims(x) else None


def _axis(node: Lifted) -> int:
    from ...layers._reading import find_axis

    return find_axis(node.op.axis, node.shape)  # type: ignore[attr-defined]  # an argument of `slice`


def _axis_of(node: Lifted) -> int:
    """The axis of a concatenation."""
    from ...layers._reading import find_axis

    axis = node.op.axis  # type: ignore[attr-defined]  # an argument of `concat`
    return node.shape.channel_axis if axis is None else find_axis(axis, node.shape)


def _range(b: Builder, node: Lifted) -> tuple[int, int] | None:
    """The positions that a slice takes; None if its step is not 1."""
    op = node.op
    assert isinstance(op, Slice)
    size = b.dims(node.inputs[0])[_axis(node)]
    return (op.start, size if op.stop is None else op.stop) if op.step == 1 else None


def _found(dims: tuple[int, ...], x: int, features: int, cos: torch.Tensor, sin: torch.Tensor) -> Rotary | None:
    """The rotation with these cosines and sines, if they depend only on the feature and the step along another axis."""
    count = dims[features]
    for steps in range(len(dims)):
        if steps == features or dims[steps] < 2:
            continue
        others = [axis for axis in range(len(dims)) if axis not in (steps, features)]
        tables = [each.permute(*others, steps, features).reshape(-1, dims[steps], count) for each in (cos, sin)]
        if any(not torch.equal(each, each[:1].expand_as(each)) for each in tables):
            continue
        base = _base(*(each[0].double() for each in tables))
        if base is not None:
            return Rotary(x, steps, features, count, base)
    return None


def _base(cos: torch.Tensor, sin: torch.Tensor) -> float | None:
    """The base of the wavelengths of steps×features, with as few digits as necessary; None if there is none."""
    steps, count = cos.shape
    if count == 2:
        found = 10000.0
    else:
        rate = float(torch.atan2(sin[1, 1], cos[1, 1]))
        if not 0 < rate < 1:
            return None
        found = rate ** (-count / 2)
    for digits in (1, 2, 3, 4, 5, 6):
        base = float(f"{found:.{digits}g}")
        if abs((base / found) ** (2 / count) - 1) > 2e-6:
            continue
        rates = base ** (-torch.arange(0, count, 2, dtype=torch.float64) / count)
        angles = (torch.arange(steps)[:, None] * rates).repeat(1, 2)
        if torch.allclose(cos, angles.cos(), atol=1e-4) and torch.allclose(sin, angles.sin(), atol=1e-4):
            return base
    return None
