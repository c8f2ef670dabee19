"""Resampling, pixel shuffle and channel shuffle."""

from typing import Annotated, Any, Literal

from ..contract.arguments import Flag, OneOf, PositiveInt, PositiveSpatialInt, argument
from ..contract.call import Step, nn
from ..contract.layer import Layer, Reject
from ..contract.reads import ALL, SAME, Links, PeriodicReads, Reads, interpolating, pointwise, repeating, spatial_links
from ..contract.reasons import KEEPS, Reasons, by_dimension, change, factor_of, reasons, scaled
from ..contract.saves import NOTHING, Saves, contiguous
from ..diagnostics import Change
from ..shapes.shape import Layout, Shape
from ._calls import compact, given
from ._reading import check_groups, numbers, per_dimension, spatial

_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}
_MODES = ("nearest", "linear", "bilinear", "trilinear", "bicubic")


class Resampling(Layer):
    """What `upsample` and `resize` share: a change of spatial size."""

    style = "shape"

    mode: Annotated[Literal["nearest", "linear", "bilinear", "trilinear", "bicubic"], OneOf(choices=_MODES)] = argument(
        "nearest", words={mode: mode for mode in _MODES}, doc="interpolation between elements"
    )
    align_corners: Flag = argument(False, words={"align_corners": True}, doc="align the corners of input and output")

    def factors(self, x: Shape) -> tuple[int | None, ...]:
        """The factor for each spatial dimension; None if a size is given instead."""
        raise NotImplementedError

    def target(self, x: Shape) -> tuple[int, ...]:
        """The spatial size of the output. Raises Reject."""
        raise NotImplementedError

    def scaling(self) -> dict[str, Any]:
        """The corresponding arguments of torch's module."""
        raise NotImplementedError

    def out(self, x: Shape) -> Shape:
        x = spatial(x)
        y = x.with_spatial_size(x.channels, self.target(x))
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

    def reason(self, x: Shape, y: Shape) -> Reasons:
        factors = [factor for factor in self.factors(spatial(x)) if factor is not None]
        return scaled(x, y, factors) if factors and x != y else change(x, y)

    def reads(self, x: Shape, y: Shape) -> Links:
        spatial_reads = [
            self._along(*each) for each in zip(y.spatial_size, x.spatial_size, self.factors(spatial(x)), strict=True)
        ]
        return ((0, SAME), *spatial_links(spatial_reads)[1:])

    def saves(self, x: Shape, y: Shape) -> Saves:
        return NOTHING

    def _along(self, out_size: int, in_size: int, factor: int | None) -> Reads:
        if self.mode == "nearest":
            return repeating(out_size, in_size, factor)
        return interpolating(out_size, in_size, factor, 2 if self.mode == "bicubic" else 1, self.align_corners)

    def torch(self, x: Shape) -> Step:
        mode = _LINEAR[len(spatial(x).spatial_size)] if self.mode == "linear" else self.mode
        options = given(mode=(mode, "nearest"), align_corners=(self.align_corners or None, None))
        return nn.Upsample(**self.scaling(), **options)


class Upsample(Resampling):
    """Increase the spatial size by a factor: repeat each element, or interpolate.

    `linear` is bilinear on an image and trilinear on a volume. `resize` takes the size instead of a factor.

    Example:
        input 64x16x16; upsample 2 bilinear
    """

    keyword = "upsample"
    synonyms = ("upsampling", "upsampling1d", "upsampling2d", "upsampling3d")

    factor: PositiveSpatialInt | None = argument(None, positional=True, doc="factor for each spatial dimension")
    size: PositiveSpatialInt | None = argument(None, doc="spatial size of the output, instead of a factor")

    def factors(self, x: Shape) -> tuple[int | None, ...]:
        return (None,) * len(x.spatial_size) if self.factor is None else per_dimension(self.factor, x, "factor")

    def target(self, x: Shape) -> tuple[int, ...]:
        if (self.factor is None) == (self.size is None):
            why = (
                "either a factor or `size=` is required"
                if self.factor is None
                else "a factor and `size=` exclude each other"
            )
            raise Reject(
                None if self.factor is None else "size", why, changes=Change(instead="upsample 2"), language_rule=True
            )
        if self.size is not None:
            return per_dimension(self.size, x, "size")
        factors = per_dimension(self.factor or 1, x, "factor")
        return tuple(length * factor for length, factor in zip(x.spatial_size, factors, strict=True))

    def scaling(self) -> dict[str, Any]:
        size, factor = (compact(v) if isinstance(v, tuple) else v for v in (self.size, self.factor))
        return given(size=(size, None), scale_factor=(factor, None))


class Resize(Resampling):
    """Resize to this spatial size: the nearest element for each position, or interpolation.

    `linear` is bilinear on an image and trilinear on a volume. `upsample` takes a factor instead of the size.

    Example:
        input 64x7x7; resize 224x224 bilinear
    """

    keyword = "resize"
    synonyms = ("interpolate",)

    size: PositiveSpatialInt = argument(positional=True, doc="spatial size of the output")

    def factors(self, x: Shape) -> tuple[int | None, ...]:
        return (None,) * len(x.spatial_size)

    def target(self, x: Shape) -> tuple[int, ...]:
        return per_dimension(self.size, x, "size")

    def scaling(self) -> dict[str, Any]:
        return {"size": compact(self.size) if isinstance(self.size, tuple) else self.size}


class PixelShuffle(Layer):
    """Pixel shuffle: rearrange channels into space, C·r²×H×W to C×rH×rW (Shi et al., 2016).

    Example:
        input 64x16x16; pixelshuffle 2
    """

    keyword = "pixelshuffle"
    synonyms = ("pixel_shuffle", "depth_to_space", "depthtospace")
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


class PixelUnshuffle(Layer):
    """Pixel unshuffle: rearrange space into channels, C×rH×rW to C·r²×H×W (Shi et al., 2016).

    Example:
        input 3x64x64; pixelunshuffle 2
    """

    keyword = "pixelunshuffle"
    synonyms = ("pixel_unshuffle", "space_to_depth", "spacetodepth")
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
                    recovery_shape=x.with_spatial_size(
                        channels, tuple(max(1, length // self.factor) for length in x.spatial_size)
                    ),
                )
        return x.with_spatial_size(channels, tuple(length // self.factor for length in x.spatial_size))

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
    """Channel shuffle: interleave groups of channels; channel i of group g moves to i·G + g (Zhang et al., 2018).

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


def _image(x: Shape) -> Shape:
    if numbers(x).layout is Layout.IMAGE:
        return x
    raise Reject(None, f"it needs an image C×H×W, but {x} has {x.rank} axes", language_rule=True)
