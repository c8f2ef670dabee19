"""Merges: several tensors become one."""

from typing import ClassVar

from ..call import INPUTS, Hole, Step, Steps, X, operator, torch
from ..layer import Op, Reject
from ..shape import Layout, Shape, times
from ._reading import numbers


class Merge(Op):
    """An op with several inputs and no weights."""

    style = "merge"

    def weights_of(self, xs: tuple[Shape, ...]) -> dict[str, tuple[int, ...]]:
        return {}


class Elementwise(Merge):
    """A merge of single elements. An operand whose sides are all 1, a gate, serves every place."""

    function: ClassVar[str]

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        layout = _common_layout(xs)
        xs = tuple(x.read_as(layout) for x in xs)
        full = max(xs, key=lambda x: x.numel)
        for x in xs:
            if x.dims != full.dims and x.dims != _gate(full):
                raise _differ(xs, "sizes", _way_to_agree(xs), full)
        return full

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        combine = getattr(operator, self.function)
        return tuple(combine(X, Hole(index=i)) for i in range(1, len(xs)))


class Add(Elementwise):
    """The sum of the operands (He et al., 2015)."""

    keyword = "add"
    synonyms = ("sum",)
    function = "add"


class Mul(Elementwise):
    """The product of the operands: a gate (Hu et al., 2017)."""

    keyword = "mul"
    synonyms = ("multiply",)
    function = "mul"


class Concat(Merge):
    """The operands one after another along the channels (Szegedy et al., 2014; Huang et al., 2016)."""

    keyword = "concat"
    synonyms = ("cat", "concatenate")

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        layout = _common_layout(xs)
        if layout is Layout.OPEN:
            layout = Layout.SIGNAL
        xs = tuple(x.read_as(layout) for x in xs)
        whole = xs[0].with_channels(sum(x.channels for x in xs))
        for x in xs:
            if x.with_channels(1) != xs[0].with_channels(1):
                raise _differ(xs, "sides", (), whole)
        return whole

    def steps(self, xs: tuple[Shape, ...]) -> tuple[Step, ...]:
        return (torch.cat(INPUTS, 1 + self.infer(xs).channel_axis),)


def _common_layout(xs: tuple[Shape, ...]) -> Layout:
    """The layout of all operands, where an open one takes that of the others. Raises Reject."""
    for x in xs:
        numbers(x)
    layouts = dict.fromkeys(x.layout for x in xs if x.layout is not Layout.OPEN)
    if not layouts:
        return Layout.OPEN
    layout = next(iter(layouts))
    if len(layouts) > 1 or any(x.rank != xs[0].rank for x in xs):
        raise _differ(xs, "axes", _way_to_agree(xs), max(xs, key=lambda x: x.numel))
    return layout


def _gate(full: Shape) -> tuple[int, ...]:
    """The sizes of one number for each channel of a shape."""
    axis = full.channel_axis
    return tuple(size if i == axis else 1 for i, size in enumerate(full.dims))


def _way_to_agree(xs: tuple[Shape, ...]) -> tuple[str, ...]:
    ranks = {x.rank for x in xs}
    if len(ranks) > 1 and 1 in ranks:
        return ("`gap keep` makes a gate C×1×1 of an image",)
    if {Layout.SEQUENCE, Layout.SIGNAL} <= {x.layout for x in xs}:
        return ("`permute 1 0` turns C×L into T×C, and the reverse",)
    return ()


def _differ(xs: tuple[Shape, ...], what: str, help: tuple[str, ...], otherwise: Shape) -> Reject:
    described = [f"{times(x.dims)} ({x.layout})" if len({y.dims for y in xs}) == 1 else str(x) for x in xs]
    return Reject(
        None,
        f"{' and '.join(dict.fromkeys(described))} differ in their {what}",
        help=help,
        otherwise=otherwise,
        kind="OperandsDiffer",
        own=_torch_would_broadcast(xs),
    )


def _torch_would_broadcast(xs: tuple[Shape, ...]) -> bool:
    """Whether torch takes other sizes than this language does, and silently repeats the smaller ones."""
    if len({x.rank for x in xs}) > 1:
        return True
    return all(len({size for size in sizes if size != 1}) <= 1 for sizes in zip(*(x.dims for x in xs), strict=True))
