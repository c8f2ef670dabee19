"""Suggestions where the operands of a merge are incompatible, computed from their shapes."""

from collections.abc import Sequence

from ..graph import DraftNode
from ..layers.norm import BatchNorm
from ..shapes.shape import Shape, times
from ..shapes.symbolic import plain

_SMALL = 8


def projection(x: Shape, y: Shape, normed: bool) -> str | None:
    """The cheapest layer that turns x into y: a convolution of 1×1, or a linear map. None where there is none."""
    if x.spatial and y.spatial and x.rank == y.rank:
        strides = [_stride(plain(a), plain(b)) for a, b in zip(x.spatial_size, y.spatial_size, strict=True)]
        known = [stride for stride in strides if stride is not None]
        if len(known) < len(strides):
            return None
        stride = "" if set(known) == {1} else f" s{_written(tuple(known))}"
        return f"conv {y.channels} k1{stride}{' nobias; bn' if normed else ''}"
    if x.layout is y.layout and x.dims[:-1] == y.dims[:-1]:
        return f"fc {y.features}"
    return None


def _stride(a: int, b: int) -> int | None:
    """The stride of a 1×1 convolution that makes b places of a."""
    return next((s for s in (a // b, a // b + 1) if s >= 1 and (a - 1) // s + 1 == b), None)


def is_normed(nodes: Sequence[DraftNode]) -> bool:
    """Whether there is a batch normalisation among them."""
    return any(isinstance(node.op, BatchNorm) for node in nodes)


def suggestions_to_add(xs: Sequence[Shape]) -> tuple[str, ...]:
    """How two operands of `add` or `mul` can be brought together."""
    large, small = sorted(xs, key=lambda x: x.numel, reverse=True)
    for x, y in ((xs[0], xs[1]), (xs[1], xs[0])):
        if x.spatial and y.spatial and x.rank == y.rank and plain(x.spatial_size[0]) >= plain(y.spatial_size[0]):
            large, small = x, y
    layer = projection(large, small, False)
    return (f"`{layer}` on the path of {large} turns it into {small}",) if layer else suggestions_to_fit((large, small))


def suggestions_to_fit(xs: Sequence[Shape]) -> tuple[str, ...]:
    """How two operands can get the same spatial size."""
    if not all(x.spatial for x in xs) or len({x.rank for x in xs}) > 1:
        return ()
    a, b = (tuple(map(plain, x.spatial_size)) for x in xs)
    large, small = (a, b) if a[0] >= b[0] else (b, a)
    pairs = list(zip(large, small, strict=True))
    if any(big < little for big, little in pairs):
        return ()
    made = f"turns {times(large)} into {times(small)}"
    factors = {big / little for big, little in pairs}
    if len(factors) == 1 and (factor := factors.pop()).is_integer():
        return (f"`maxpool {int(factor)}` {made}, and `upsample {int(factor)}` does the reverse",)
    if keeps_with_same(pairs):
        return (
            "`same` on the convolutions of the smaller path keeps its spatial size",
            f"`crop {_written(small)}` {made}",
        )
    if all(_stride(big, little) == 2 for big, little in pairs):
        return (f"`maxpool k3 s2 p1` {made}",)
    return (f"`crop {_written(small)}` {made}",)


def keeps_with_same(pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether spatial dimensions got a little smaller, as convolutions without padding make them."""
    return all(0 <= big - little <= min(_SMALL, big // 3) for big, little in pairs)


def _written(sizes: tuple[int, ...]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))
