"""Layers that pad an axis or keep a part of it."""

from typing import Annotated, Literal

from ..contract.arguments import (
    AnyFloat,
    AnyInt,
    NaturalSpatialInt,
    OneOf,
    PositiveInt,
    PositiveSpatialInt,
    Tensor,
    argument,
)
from ..contract.axes import AXIS_DOC, AnyAxis
from ..contract.call import ARG, F, Step, Steps, operator, ours
from ..contract.layer import Layer, LayerOp, Reject, Weights
from ..contract.reads import NOTHING_READ, SAME, Links, axis_links, moved, only
from ..contract.reasons import Reasons, change, reasons
from ..contract.saves import NO_SAVED_TENSORS, VIEW, Saves
from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import ArgumentsConflict
from ..shapes.shape import Layout, Shape, times
from ..shapes.symbolic import Sym, concrete, form_of
from ._calls import given
from ._reading import by_rank, find_axis, numbers, per_dimension, spatial, with_axes
from ._window import check_mode

Modes = Literal["constant", "reflect", "replicate", "circular"]


class Pad(Layer):
    """Add elements at the ends of every spatial dimension, or of one axis.

    Example:
        input 3x32x32; pad 4 mode=reflect
    """

    keyword = "pad"
    synonyms = (
        "zeropad",
        "zero_pad",
        "zeropad1d",
        "zeropad2d",
        "zeropad3d",
        "zeropadding",
        "zeropadding1d",
        "zeropadding2d",
        "zeropadding3d",
    )
    style = "shape"

    amount: NaturalSpatialInt = argument(0, positional=True, doc="elements added at each end")
    before: NaturalSpatialInt | None = argument(None, doc="elements added at the start; `amount` by default")
    after: NaturalSpatialInt | None = argument(None, doc="elements added at the end; `amount` by default")
    axis: AnyAxis | None = argument(None, doc=f"{AXIS_DOC}; all spatial ones by default")
    mode: Annotated[Modes, OneOf(choices=("constant", "reflect", "replicate", "circular"))] = argument(
        "constant", doc="how the added elements are filled"
    )
    value: AnyFloat = argument(0.0, doc="the value that `mode=constant` pads with")

    def _ends(self, x: Shape) -> list[tuple[int, int]]:
        """The padding before and after, for each axis of x."""
        before, after = (self.amount if end is None else end for end in (self.before, self.after))
        if self.axis is None:
            ends = zip(per_dimension(before, x, "before"), per_dimension(after, x, "after"), strict=True)
            return [(0, 0), *ends]
        axis = find_axis(self.axis, x)
        if isinstance(before, tuple) or isinstance(after, tuple):
            raise Reject("amount", "one axis takes one number at each end", language_rule=True)
        return [(before, after) if i == axis else (0, 0) for i in range(x.rank)]

    def _read(self, x: Shape) -> Shape:
        return spatial(x) if self.axis is None or self.mode != "constant" else numbers(with_axes(self.axis, x))

    def out(self, x: Shape) -> Shape:
        x = self._read(x)
        ends = self._ends(x)
        y = Shape(*(size + sum(end) for size, end in zip(x.dims, ends, strict=True)), layout=x.layout)
        if self.value and self.mode != "constant":
            raise Reject(
                "value",
                f"`mode={self.mode}` adds no constant",
                changes=(Change.of(mode="constant"), Change.of(value=None)),
                recovery_shape=y,
                language_rule=True,
            )
        if self.mode != "constant" and any(ends[0]):
            raise Reject(
                "mode",
                f"channels can only be padded with a constant, not `{self.mode}`",
                recovery_shape=y,
                language_rule=True,
            )
        check_mode(self.mode, [max(end) for end in ends[1:]], x, "amount", y)
        return y

    def reads(self, x: Shape, y: Shape) -> Links:
        border = "zeros" if self.mode == "constant" else self.mode
        return tuple((axis, moved(-before, border=border)) for axis, (before, _) in enumerate(self._ends(x)))

    def saves(self, x: Shape, y: Shape) -> Saves:
        mirrors = self.mode in ("reflect", "replicate")
        return Saves(inputs=(0,), inputs_in_fp32=True, output_in_fp32=True) if mirrors else NO_SAVED_TENSORS

    def torch(self, x: Shape) -> Step:
        ends = self._ends(x)
        ends = ends[1:] if self.axis is None or self.mode != "constant" else ends[find_axis(self.axis, x) :]
        amounts = tuple(number for end in reversed(ends) for number in end)
        return F.pad(ARG, amounts, **given(mode=(self.mode, "constant"), value=(self.value, 0.0)))


class Crop(LayerOp):
    """Crop every spatial dimension to `size`, by default around the center (Ronneberger et al., 2015).

    `crop like=NAME` crops to the spatial size that another tensor has at run time.

    Example:
        input 64x64x64; crop 56
    """

    keyword = "crop"
    synonyms = ("center_crop", "centercrop")
    style = "shape"

    size: PositiveSpatialInt | None = argument(None, positional=True, doc="spatial size of the output")
    like: Tensor | None = argument(None, doc="a tensor with the spatial size of the output, instead of `size`")
    start: NaturalSpatialInt | None = argument(None, doc="first element; (length − size)//2 by default")

    def _target(self, xs: tuple[Shape, ...]) -> tuple[int, ...]:
        """The spatial size of the output. Raises Reject."""
        x = xs[0]
        if (self.size is None) == (self.like is None):
            if self.size is not None:
                changes = (Change.of(like=None), Change.of(size=None))
                why = "a size and `like=` are mutually exclusive"
                raise Reject("like", why, changes=changes, kind=ArgumentsConflict, language_rule=True)
            half = Change(instead=f"crop {max(1, concrete(min(x.spatial_size)) // 2)}")
            why = "either a size or `like=` is required"
            raise Reject(None, why, changes=half, kind=ArgumentsConflict, language_rule=True)
        if self.size is not None:
            return per_dimension(self.size, x, "size")
        if not xs[1].spatial or xs[1].rank != x.rank:
            count = len(xs[1].spatial_size) if xs[1].spatial else 0
            why = f"{x} has {len(x.spatial_size)} spatial dimensions, but `{self.like}`, {xs[1]}, has {count}"
            raise Reject("like", why, language_rule=True)
        return xs[1].spatial_size

    def _parts(self, xs: tuple[Shape, ...]) -> list[tuple[int, int]]:
        """Start and stop along each spatial dimension."""
        x = spatial(xs[0])
        sizes = self._target((x, *xs[1:]))
        if self.start is None:
            starts = tuple((length - size) // 2 for length, size in zip(x.spatial_size, sizes, strict=True))
        else:
            starts = per_dimension(self.start, x, "start")
        return [(start, start + size) for start, size in zip(starts, sizes, strict=True)]

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        x = spatial(xs[0])
        parts = self._parts(xs)
        for (start, stop), length in zip(parts, x.spatial_size, strict=True):
            if start < 0 or stop > length:
                # torch would clip.
                where = "" if self.start is None else f" from {start}"
                why = f"{stop - start}{where} exceeds the length of {length}"
                if self.like is not None:
                    raise Reject("like", why, language_rule=True)
                raise Reject("size", why, changes=Change.of(size=str(length)), language_rule=True)
        return x.with_spatial_size(x.channels, tuple(stop - start for start, stop in parts))

    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        return {}

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        return reasons(f"the spatial size of {names[1]}") if len(xs) > 1 else change(xs[0], y)

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        own = ((0, SAME), *((axis, moved(start)) for axis, (start, _) in enumerate(self._parts(xs), 1)))
        # Only the size of the `like` tensor is used; none of its elements are read.
        return own, *(((None, NOTHING_READ),) * other.rank for other in xs[1:])

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        return VIEW

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        if self.like is not None:
            starts = None if self.start is None else per_dimension(self.start, spatial(xs[0]), "start")
            return (ours.CropLike(**given(start=(starts, None))),)
        parts = tuple(slice(start, stop) for start, stop in self._parts(xs))
        return (operator.getitem(ARG, (slice(None), slice(None), *parts)),)


class Slice(Layer):
    """Keep channels START to STOP, STOP excluded, or a part of another axis; negative indices count from the end.

    Example:
        input 116x28x28; slice 0 58
    """

    keyword = "slice"
    style = "shape"

    start: AnyInt = argument(positional=True, doc="first element to keep")
    stop: AnyInt | None = argument(None, positional=True, doc="first element after the kept ones; the end by default")
    step: PositiveInt = argument(1, doc="keep every step-th element")
    axis: AnyAxis | None = argument(None, doc=f"{AXIS_DOC}; the channels or features by default")

    def _ends(self, x: Shape) -> tuple[int, int, int]:
        axis = find_axis(self.axis, x)
        size = x.dims[axis]
        start, stop = (end + size if end < 0 else end for end in (self.start, size if self.stop is None else self.stop))
        return axis, start, stop

    def out(self, x: Shape) -> Shape:
        x = spatial(x) if x.layout is Layout.OPEN and self.axis is None else with_axes(self.axis, x)
        axis, start, stop = self._ends(x)
        size = x.dims[axis]
        if not 0 <= start < stop <= size:
            # torch would clip, and return nothing for an empty range.
            argument = "start" if not 0 <= start < size or self.stop is None else "stop"
            raise Reject(argument, f"the range {start} to {stop} is not within 0 to {size}", language_rule=True)
        return x.with_size(axis, -(-(stop - start) // self.step))

    def reads(self, x: Shape, y: Shape) -> Links:
        axis, start, _ = self._ends(x)
        return axis_links(x.rank, axis, moved(start, self.step))

    def saves(self, x: Shape, y: Shape) -> Saves:
        return VIEW

    def torch(self, x: Shape) -> Step:
        axis, start, stop = self._ends(x)
        size = x.dims[axis]
        if isinstance(size, Sym):
            # The ends as they are given hold for every size.
            start, stop = self.start, size if self.stop is None else self.stop
        whole = (slice(None),) * (axis + 1)
        # Forms are compared: `==` would compare example sizes.
        ends = (None if form_of(start) == form_of(0) else start, None if form_of(stop) == form_of(size) else stop)
        return operator.getitem(ARG, (*whole, slice(*ends, None if self.step == 1 else self.step)))


class Take(Layer):
    """Select one step of a sequence, or one index of another axis, and remove the axis. `take -1` selects the last.

    Example:
        input 197x768; layernorm; take 0
    """

    keyword = "take"
    synonyms = ("select",)
    style = "shape"

    index: AnyInt = argument(positional=True, doc="index, from 0; negative indices count from the end")
    axis: AnyAxis = argument(0, doc=f"{AXIS_DOC}; it is removed")

    def out(self, x: Shape) -> Shape:
        axis = find_axis(self.axis, x)
        size = x.dims[axis]
        dims = (*x.dims[:axis], *x.dims[axis + 1 :])
        ids = x.layout is Layout.IDS
        y = Shape(*dims, layout=Layout.IDS, vocabulary=x.vocabulary) if ids else by_rank(dims)
        if not -size <= self.index < size:
            why = f"the axis of {times(x.dims)} has {size} elements, so there is no index {self.index}"
            raise Reject("index", why, recovery_shape=y)
        return y

    def reads(self, x: Shape, y: Shape) -> Links:
        removed = find_axis(self.axis, x)
        index = self.index + x.dims[removed] if self.index < 0 else self.index
        return tuple((None, only(index)) if i == removed else (i - (i > removed), SAME) for i in range(x.rank))

    def saves(self, x: Shape, y: Shape) -> Saves:
        removed = find_axis(self.axis, x)
        return Saves(view=True, output_format=lambda order: tuple(i - (i > removed) for i in order if i != removed))

    def torch(self, x: Shape) -> Step:
        return operator.getitem(ARG, (*(slice(None),) * (find_axis(self.axis, x) + 1), self.index))
