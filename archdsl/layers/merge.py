"""Merges: several tensors become one."""

from typing import ClassVar

from ..contract.call import ARG, ARGS, Placeholder, Step, Steps, operator, torch
from ..contract.layer import Op, Reject
from ..contract.reads import ALL, SAME, Links, only, pointwise
from ..contract.reasons import Reasons, broadcast, concatenated
from ..contract.saves import NOTHING, SavedTensor, Saves
from ..diagnostics.catalogue.shape_errors import OperandsDiffer
from ..shapes.shape import Layout, Shape
from ..shapes.symbolic import plain
from ._reading import numbers


class MergeOp(Op):
    """An op with several inputs and no weights."""

    style = "merge"

    def weights_of(self, xs: tuple[Shape, ...]) -> dict[str, tuple[int, ...]]:
        return {}


class ElementwiseMerge(MergeOp):
    """An elementwise merge. An operand whose spatial dimensions are all 1, a gate, is broadcast to every position."""

    function: ClassVar[str]
    masks: ClassVar[bool]
    """Whether an operand of one channel, a mask, is broadcast to every channel."""

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        layout = _common_layout(xs)
        xs = tuple(x.read_as(layout) for x in xs)
        full = max(xs, key=lambda x: plain(x.numel))
        for x in xs:
            if not (
                x == full or _is_plain_gate(x, full) or x.dims in (full.dims, _gate(full)) or self._masked(x, full)
            ):
                raise _differ(xs, "have different shapes", full, language_rule=_torch_would_broadcast(xs))
        return full

    def _masked(self, x: Shape, full: Shape) -> bool:
        return self.masks and _is_mask(x, full)

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        return tuple(_from_each(x.dims, y.dims) for x in xs)

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        return broadcast(xs, y, names)

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        combine = getattr(operator, self.function)
        return tuple(combine(ARG, Placeholder(index=i)) for i in range(1, len(xs)))


class Add(ElementwiseMerge):
    """The sum of the operands (He et al., 2015)."""

    keyword = "add"
    function = "add"
    masks = False

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        return NOTHING


class Mul(ElementwiseMerge):
    """The product of the operands: a gate (Hu et al., 2017), or a mask of one channel (Oktay et al., 2018)."""

    keyword = "mul"
    synonyms = ("multiply",)
    function = "mul"
    masks = True

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        # Of more than two factors the products so far are kept, too.
        return Saves(inputs=tuple(range(len(xs))), saved=(SavedTensor(per_sample=(len(xs) - 2) * y.numel),))


class Concat(MergeOp):
    """The operands concatenated along the channels (Szegedy et al., 2014; Huang et al., 2016)."""

    keyword = "concat"
    synonyms = ("cat", "concatenate")

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        layout = _common_layout(xs)
        if layout is Layout.OPEN:
            layout = Layout.SIGNAL
        xs = tuple(x.read_as(layout) for x in xs)
        whole = xs[0].with_channels(sum(x.channels for x in xs))
        for x in xs:
            if x.with_channels(1).dims != xs[0].with_channels(1).dims:
                raise _differ(xs, "differ in a dimension other than the channels", whole, language_rule=False)
        return whole

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        return tuple(_at_its_place(x.rank, y.channel_axis) for x in xs)

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        return NOTHING

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        return concatenated(xs, y, names)

    def steps(self, xs: tuple[Shape, ...]) -> tuple[Step, ...]:
        return (torch.cat(ARGS, 1 + max(x.channel_axis for x in xs)),)


def _from_each(dims: tuple[int, ...], full: tuple[int, ...]) -> Links:
    """Every place of the operand at its own place; an operand of length 1 along an axis serves all places."""
    if dims == full:
        return pointwise(len(dims))
    pairs = enumerate(zip(dims, full, strict=True))
    return tuple((axis, SAME if plain(size) == plain(whole) else only(0)) for axis, (size, whole) in pairs)


def _at_its_place(rank: int, channels: int) -> Links:
    return tuple((axis, ALL if axis == channels else SAME) for axis in range(rank))


def _common_layout(xs: tuple[Shape, ...]) -> Layout:
    """The layout of all operands, where an open one takes that of the others. Raises Reject."""
    for x in xs:
        numbers(x)
    layouts = dict.fromkeys(x.layout for x in xs if x.layout is not Layout.OPEN)
    if not layouts:
        return Layout.OPEN
    layout = next(iter(layouts))
    if len(layouts) > 1 or any(x.rank != xs[0].rank for x in xs):
        raise _differ(xs, "have different axes", max(xs, key=lambda x: x.numel), language_rule=True)
    return layout


def _gate(full: Shape) -> tuple[int, ...]:
    """The sizes of one number for each channel of a shape."""
    axis = full.channel_axis
    return tuple(size if i == axis else 1 for i, size in enumerate(full.dims))


def _is_plain_gate(x: Shape, full: Shape) -> bool:
    """Whether a shape is a gate whatever the symbolic dimensions are: those of the other need not be told apart."""
    sizes = [size for axis, size in enumerate(x.dims) if axis != x.channel_axis]
    return all(type(size) is int and size == 1 for size in sizes) and x.channels == full.channels


def _is_mask(x: Shape, full: Shape) -> bool:
    """Whether a shape has one number for each place of another."""
    return x.with_channels(full.channels).dims == full.dims and x.dims[x.channel_axis] == 1


def _suggestions(xs: tuple[Shape, ...]) -> tuple[str, ...]:
    ranks = {x.rank for x in xs}
    if len(ranks) > 1 and 1 in ranks:
        return ("`gap keep` turns an image into a gate C×1×1",)
    if {Layout.SEQUENCE, Layout.SIGNAL} <= {x.layout for x in xs}:
        return ("`permute 1 0` turns C×L into T×C and vice versa",)
    return ()


def _differ(xs: tuple[Shape, ...], how: str, recovery_shape: Shape, language_rule: bool) -> Reject:
    alike = len({x.dims for x in xs}) == 1
    described = (f"{x} ({x.layout})" if alike else str(x) for x in xs)
    return Reject(
        None,
        f"{' and '.join(dict.fromkeys(described))} {how}",
        help=_suggestions(xs),
        recovery_shape=recovery_shape,
        kind=OperandsDiffer,
        language_rule=language_rule,
    )


def _torch_would_broadcast(xs: tuple[Shape, ...]) -> bool:
    """Whether torch takes other sizes than this language does, and silently repeats the smaller ones."""
    return all(len(set(sizes) - {1}) <= 1 for sizes in zip(*(x.dims for x in xs), strict=True))
