"""Resampling, pixel shuffle and channel shuffle."""

from typing import Annotated, Any, Literal

from ..contract.arguments import Flag, OneOf, PositiveInt, PositiveSpatialInt, Tensor, argument
from ..contract.call import Step, Steps, nn, ours
from ..contract.layer import Layer, LayerOp, Reject, Weights
from ..contract.reads import (
    ALL,
    NOTHING_READ,
    SAME,
    Links,
    PeriodicReads,
    Reads,
    interpolating,
    pointwise,
    repeating,
    spatial_links,
)
from ..contract.reasons import KEEPS, Reasons, by_dimension, change, factor_of, reasons, scaled
from ..contract.saves import NO_SAVED_TENSORS, Saves, contiguous
from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import ArgumentsConflict
from ..shapes.shape import Layout, Shape, times
from ..shapes.symbolic import Sym
from ..text.counts import counted
from ._calls import compact, given
from ._reading import check_groups, numbers, per_dimension, spatial

_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}
_MODES = ("nearest", "linear", "bilinear", "trilinear", "bicubic")


class Resampling(LayerOp):
    """The base class of `upsample` and `resize`, which change the spatial size."""

    style = "shape"

    mode: Annotated[Literal["nearest", "linear", "bilinear", "trilinear", "bicubic"], OneOf(choices=_MODES)] = argument(
        "nearest", words={mode: mode for mode in _MODES}, doc="interpolation between elements"
    )
    align_corners: Flag = argument(False, words={"align_corners": True}, doc="align the corners of input and output")

    def factors(self, x: Shape) -> tuple[int | None, ...]:
        """The factor by which each spatial dimension grows; None if a size was given instead."""
        raise NotImplementedError

    def target(self, xs: tuple[Shape, ...]) -> tuple[int, ...]:
        """The spatial size of the output. Raises Reject."""
        raise NotImplementedError

    def module(self, options: dict[str, Any]) -> Step:
        """The torch module, given its mode."""
        raise NotImplementedError

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        x = spatial(xs[0])
        y = x.with_spatial_size(x.channels, self.target((x, *xs[1:])))
        count = len(x.spatial_size)
        takes = {"bilinear": 2, "bicubic": 2, "trilinear": 3}.get(self.mode, count)
        if takes != count:
            raise Reject(
                "mode",
                f"`{self.mode}` is for {takes} spatial dimensions, but {x} has {count}",
                changes=Change.of(mode="linear"),
                recovery_shape=y,
            )
        if self.align_corners and self.mode == "nearest":
            raise Reject(
                "align_corners",
                "`nearest` has no corners to align",
                changes=Change.of(mode="linear"),
                recovery_shape=y,
            )
        return y

    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        return {}

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        if len(xs) > 1:
            return reasons(f"the spatial size of {names[1]}")
        x = xs[0]
        factors = [factor for factor in self.factors(spatial(x)) if factor is not None]
        return scaled(x, y, factors) if factors and x != y else change(x, y)

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        x = spatial(xs[0])
        along = [
            self._dimension_reads(*each) for each in zip(y.spatial_size, x.spatial_size, self.factors(x), strict=True)
        ]
        # Only the size of the `like` tensor is used; none of its elements are read.
        others: list[Links] = [((None, NOTHING_READ),) * other.rank for other in xs[1:]]
        return ((0, SAME), *spatial_links(along)[1:]), *others

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        return NO_SAVED_TENSORS

    def _dimension_reads(self, size: int, side: int, factor: int | None) -> Reads:
        if self.mode == "nearest":
            return repeating(size, side, factor)
        return interpolating(size, side, factor, 2 if self.mode == "bicubic" else 1, self.align_corners)

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        mode = _LINEAR[len(spatial(xs[0]).spatial_size)] if self.mode == "linear" else self.mode
        return (self.module(given(mode=(mode, "nearest"), align_corners=(self.align_corners or None, None))),)


class Upsample(Resampling):
    """Increase the spatial size: repeat each element, or interpolate.

    `linear` is bilinear on an image and trilinear on a volume. `upsample like=NAME` uses the spatial size that another
    tensor has at run time.

    Example:
        input 64x16x16; upsample 2 bilinear
    """

    keyword = "upsample"
    synonyms = ("upsampling", "upsampling1d", "upsampling2d", "upsampling3d")

    factor: PositiveSpatialInt | None = argument(None, positional=True, doc="factor for each spatial dimension")
    size: PositiveSpatialInt | None = argument(None, doc="spatial size of the output, instead of a factor")
    like: Tensor | None = argument(None, doc="a tensor with the spatial size of the output, instead of a factor")

    def factors(self, x: Shape) -> tuple[int | None, ...]:
        return (None,) * len(x.spatial_size) if self.factor is None else per_dimension(self.factor, x, "factor")

    def target(self, xs: tuple[Shape, ...]) -> tuple[int, ...]:
        x = xs[0]
        given = [name for name in ("factor", "size", "like") if getattr(self, name) is not None]
        if len(given) != 1:
            why = "either a factor, `size=` or `like=` is required"
            if given:
                words = ("a factor" if name == "factor" else f"`{name}=`" for name in given)
                why = f"{' and '.join(words)} are mutually exclusive"
            argument = given[1] if given else None
            changes = tuple(_only(name, given) for name in given) or Change(instead="upsample 2")
            raise Reject(argument, why, changes=changes, kind=ArgumentsConflict, language_rule=True)
        if self.like is not None:
            return self._like(x, xs[1])
        if self.size is not None:
            return per_dimension(self.size, x, "size")
        factors = per_dimension(self.factor or 1, x, "factor")
        return tuple(length * factor for length, factor in zip(x.spatial_size, factors, strict=True))

    def _like(self, x: Shape, other: Shape) -> tuple[int, ...]:
        if not other.spatial or other.rank != x.rank:
            count = len(other.spatial_size) if other.spatial else 0
            why = f"{x} has {len(x.spatial_size)} spatial dimensions, but `{self.like}`, {other}, has {count}"
            raise Reject("like", why, language_rule=True)
        return other.spatial_size

    def module(self, options: dict[str, Any]) -> Step:
        if self.like is not None:
            return ours.UpsampleLike(**options)
        size, factor = (compact(v) if isinstance(v, tuple) else v for v in (self.size, self.factor))
        return nn.Upsample(**given(size=(size, None), scale_factor=(factor, None)), **options)


class Resize(Resampling):
    """Resize to a given spatial size: take the nearest element for each position, or interpolate.

    `linear` is bilinear on an image and trilinear on a volume.

    Example:
        input 64x7x7; resize 224x224 bilinear
    """

    keyword = "resize"
    synonyms = ("interpolate",)

    size: PositiveSpatialInt = argument(positional=True, doc="spatial size of the output")

    def factors(self, x: Shape) -> tuple[int | None, ...]:
        return (None,) * len(x.spatial_size)

    def target(self, xs: tuple[Shape, ...]) -> tuple[int, ...]:
        return per_dimension(self.size, xs[0], "size")

    def module(self, options: dict[str, Any]) -> Step:
        return nn.Upsample(size=compact(self.size) if isinstance(self.size, tuple) else self.size, **options)


class PixelShuffle(Layer):
    """Pixel shuffle: rearrange channels into space, C·r²×H×W to C×rH×rW (Shi et al., 2016).

    Example:
        input 64x16x16; pixelshuffle 2
    """

    keyword = "pixelshuffle"
    synonyms = ("pixel_shuffle",)
    style = "shape"

    factor: PositiveInt = argument(positional=True, letter="r", doc="factor r by which height and width grow")

    def out(self, x: Shape) -> Shape:
        x = _image(x)
        square = self.factor * self.factor
        sizes = tuple(length * self.factor for length in x.spatial_size)
        if x.channels % square:
            near = max(1, x.channels // square) * square
            raise Reject(
                "factor",
                f"{self.factor}² = {square} does not divide {x.channels} channels",
                changes=Change(before=f"conv {near} k1", why=f"{square} divides {near}"),
                recovery_shape=x.with_spatial_size(near // square, sizes),
            )
        return x.with_spatial_size(x.channels // square, sizes)

    def reason(self, x: Shape, y: Shape) -> Reasons:
        if x == y:
            return (KEEPS,)
        count = f"{x.channels}/{self.factor}² = {y.channels} channels"
        return (*reasons(count), *scaled(x, y, (self.factor, self.factor)))

    def reads(self, x: Shape, y: Shape) -> Links:
        return spatial_links([repeating(0, 0, self.factor)] * 2)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Step:
        return nn.PixelShuffle(self.factor)


def _one_or_all(sizes: tuple[int, ...]) -> str:
    """One number per dimension as it is written: `2`, `2x3`."""
    return str(sizes[0]) if len({*sizes}) == 1 else "x".join(map(str, sizes))


class PixelUnshuffle(Layer):
    """Pixel unshuffle: rearrange space into channels, C×rH×rW to C·r²×H×W (Shi et al., 2016).

    Example:
        input 3x64x64; pixelunshuffle 2
    """

    keyword = "pixelunshuffle"
    synonyms = ("pixel_unshuffle",)
    style = "shape"

    factor: PositiveInt = argument(positional=True, letter="r", doc="factor r by which height and width shrink")

    def out(self, x: Shape) -> Shape:
        x = _image(x)
        channels = x.channels * self.factor * self.factor
        for length in x.spatial_size:
            if length % self.factor:
                raise Reject(
                    "factor",
                    f"{self.factor} does not divide the length of {length}",
                    help=f"`pad` or `crop` gives a length that {self.factor} divides",
                    changes=self._divisible(x),
                    recovery_shape=x.with_spatial_size(
                        channels, tuple(max(1, length // self.factor) for length in x.spatial_size)
                    ),
                )
        return x.with_spatial_size(channels, tuple(length // self.factor for length in x.spatial_size))

    def _divisible(self, x: Shape) -> tuple[Change, ...]:
        """The layers before this one that give lengths that the factor divides; none for symbolic lengths."""
        if any(isinstance(length, Sym) for length in x.spatial_size):
            return ()
        missing = tuple(-length % self.factor for length in x.spatial_size)
        kept = tuple(length - length % self.factor for length in x.spatial_size)
        grown = tuple(length + more for length, more in zip(x.spatial_size, missing, strict=True))
        pad = Change(before=f"pad after={_one_or_all(missing)}", why=f"it gives {times(grown)}")
        crop = Change(before=f"crop {_one_or_all(kept)}", why=f"it gives {times(kept)}")
        return (pad, crop) if all(kept) else (pad,)

    def reason(self, x: Shape, y: Shape) -> Reasons:
        if x == y:
            return (KEEPS,)
        pairs = zip(x.spatial_size, y.spatial_size, strict=True)
        arithmetic = by_dimension([f"{factor_of(a)}/{self.factor} = {factor_of(b)}" for a, b in pairs], x)
        return (*reasons(f"{x.channels}·{self.factor}² = {y.channels} channels"), *arithmetic)

    def reads(self, x: Shape, y: Shape) -> Links:
        return spatial_links([PeriodicReads(step=self.factor, offsets=(range(self.factor),))] * 2)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Step:
        return nn.PixelUnshuffle(self.factor)


class ChannelShuffle(Layer):
    """Channel shuffle: interleave G groups of channels; channel i of group g moves to i·G + g (Zhang et al., 2018).

    Example:
        input 116x28x28; shuffle 2
    """

    keyword = "shuffle"
    synonyms = ("channel_shuffle", "channelshuffle")
    style = "shape"

    groups: PositiveInt = argument(
        positional=True, letter="g", doc="number of equal groups that the channels are split into"
    )

    def out(self, x: Shape) -> Shape:
        x = spatial(x)
        check_groups(self.groups, ((x.channels, "channels"),), x)
        return x

    def reads(self, x: Shape, y: Shape) -> Links:
        return ((0, ALL), *pointwise(x.rank)[1:])

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Step:
        return nn.ChannelShuffle(self.groups)


def _only(name: str, given: list[str]) -> Change:
    """The change that keeps one of the arguments."""
    return Change(arguments=tuple((other, None) for other in given if other != name))


def _image(x: Shape) -> Shape:
    if numbers(x).layout is Layout.IMAGE:
        return x
    raise Reject(None, f"it needs an image C×H×W, but {x} has {counted(x.rank, 'dimension')}", language_rule=True)
