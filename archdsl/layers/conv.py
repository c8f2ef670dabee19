"""Convolutions."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, Literal, NamedTuple

from ..contract.arguments import Flag, Float, NaturalSpatialInt, OneOf, PositiveInt, PositiveSpatialInt, argument
from ..contract.call import ARG, F, Steps, nn, ours
from ..contract.initializers import (
    MATRIX_DOC,
    WHITEN_EPS,
    FilterInit,
    TransposedFilterInit,
    check_filters,
    fill_filters,
)
from ..contract.layer import Layer, Reject, Weights
from ..contract.reads import Links, sliding, spatial_links, transposed_sliding
from ..contract.reasons import Reasons, argument_count, by_dimension, reasons
from ..contract.saves import SavedTensor, Saves, contiguous
from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import ArgumentsConflict
from ..shapes.shape import Shape, Window
from ._calls import compact, given
from ._fixed import AnyFilter, Rows, fixed_filter
from ._reading import check_groups, per_dimension, spatial
from ._reparametrization import (
    WEIGHT_DOC,
    WeightForm,
    WeightLayout,
    applied,
    buffers,
    check_weight,
    frozen_names,
    parameters,
    saved,
)
from ._window import PADDING_WORDS, Padding, check_mode, make_windows, pad_list, slide, symmetric

PadMode = Annotated[
    Literal["zeros", "reflect", "replicate", "circular", "constant"],
    OneOf(choices=("zeros", "reflect", "replicate", "circular", "constant")),
]


class FilterPlan(NamedTuple):
    """The number of filters and groups, the channels that each filter reads, and the kernel size."""

    filters: int
    groups: int
    channels: int
    kernel: int | tuple[int, ...]


class Convolution(Layer):
    """The base class of `conv` and `dwconv`."""

    style = "conv"

    stride: PositiveSpatialInt = argument(1, letter="s", doc="step of the kernel")
    padding: Padding = argument(
        0, letter="p", words=PADDING_WORDS, doc="elements added at each end; for Keras's `same`, write `same_upper`"
    )
    dilation: PositiveSpatialInt = argument(1, letter="d", doc="distance between the kernel's elements")
    bias: Flag = argument(True, words={"nobias": False}, doc="whether to add a bias to each channel")
    pad_mode: PadMode = argument("zeros", doc="how the padding is filled")
    pad_value: Annotated[float, Float()] = argument(0.0, doc="the value that `pad_mode=constant` pads with")
    frozen: Flag = argument(False, words={"frozen": True}, doc="only the bias is trained")
    init: FilterInit | None = argument(None, doc=f"{MATRIX_DOC}; `whiten` computes the weights from training images")
    weight: WeightForm | None = argument(None, doc=WEIGHT_DOC)
    fixed: AnyFilter | None = argument(
        None, doc="a filter that is not learned, without a bias: a name, or its rows in quotes"
    )

    def plan(self, x: Shape) -> FilterPlan:
        """The filters for an input in the channels-first layout."""
        raise NotImplementedError

    def check(self, x: Shape, y: Shape) -> None:
        """Check the channels against the filters. Raises Reject."""
        raise NotImplementedError

    def windows(self, x: Shape) -> tuple[Window, ...]:
        x = spatial(x)
        kernel = self.plan(x).kernel
        return make_windows(x, kernel=kernel, stride=self.stride, padding=self.padding, dilation=self.dilation)

    def out(self, x: Shape) -> Shape:
        x = spatial(x)
        windows = self.windows(x)
        if self.fixed is not None:
            self._check_fixed(x)
        y = slide(x, windows, self.plan(x).filters)
        self._check_mode(x, windows, y)
        self.check(x, y)
        check_weight(self.weight, self._layout(x), self.init)
        if self.fixed is None and self.weight is None:
            dilated = any(w.dilation > 1 for w in windows)
            check_filters(self.init, self.weights(x), self.plan(x).groups, dilated=dilated)
        return y

    def _check_fixed(self, x: Shape) -> None:
        self._rows(x)
        plan = self.plan(x)
        learned = tuple((name, None) for name in ("frozen", "init", "weight") if getattr(self, name))
        if learned:
            why = "a filter that is `fixed` is not learned"
            one: tuple[str, str | None] = (
                ("filters", str(plan.groups)) if isinstance(self, Conv) else ("multiplier", None)
            )
            changes = (Change(arguments=learned), Change(arguments=(*learned, one)))
            raise Reject(learned[0][0], why, changes=changes, kind=ArgumentsConflict, language_rule=True)
        if plan.filters != plan.groups:
            many = f"all {plan.filters} filters would be the same"
            help = (f"`conv {plan.groups}` has one filter", "or `dwconv` applies it to each channel")
            argument = "filters" if isinstance(self, Conv) else "multiplier"
            raise Reject(argument, many, help=help, language_rule=True)

    def _rows(self, x: Shape) -> Rows:
        """The numbers of the fixed filter."""
        return fixed_filter(self.fixed or "", per_dimension(self.plan(x).kernel, x, "kernel"), x)

    def _check_mode(self, x: Shape, windows: tuple[Window, ...], y: Shape) -> None:
        if self.pad_value and self.pad_mode != "constant":
            raise Reject(
                "pad_value",
                f"`pad_mode={self.pad_mode}` adds no constant",
                changes=(Change.of(pad_mode="constant"), Change.of(pad_value=None)),
                recovery_shape=y,
                kind=ArgumentsConflict,
                language_rule=True,
            )
        # The larger half of an odd padding is at the end; comparing the two would record a condition.
        check_mode(self.pad_mode, [w.after for w in windows], x, "padding", y)

    def reason(self, x: Shape, y: Shape) -> Reasons:
        arithmetic = by_dimension(self.explain(x, y), x) if self.slides(x) else ()
        return (*self.counted(x, y), *arithmetic)

    def counted(self, x: Shape, y: Shape) -> Reasons:
        """Why the output has this number of channels."""
        raise NotImplementedError

    def weights(self, x: Shape) -> Weights:
        if self.fixed is not None:
            return {}
        bias = {"bias": (self.plan(spatial(x)).filters,)} if self.bias else {}
        if self.weight is not None:
            return parameters(self.weight, self._layout(x), bias)
        return {"weight": self._sizes(x)} | bias

    def buffers(self, x: Shape) -> Weights:
        return buffers(self.weight, self._layout(x)) if self.fixed is None else {"weight": self._sizes(x)}

    def _layout(self, x: Shape) -> WeightLayout:
        return WeightLayout(self._sizes(x))

    def _sizes(self, x: Shape) -> tuple[int, ...]:
        """The sizes of all filters."""
        x = spatial(x)
        plan = self.plan(x)
        return plan.filters, plan.channels, *per_dimension(plan.kernel, x, "kernel")

    def frozen_weights(self) -> tuple[str, ...]:
        return frozen_names(self.weight) if self.frozen else ()

    def initializers(self, x: Shape) -> Mapping[str, Steps]:
        return fill_filters(self.init, self.weights(x), self.plan(spatial(x)).groups)

    def whitening(self) -> float | None:
        if self.init is None or self.init.name != "whiten":
            return None
        return self.init.numbers[0] if self.init.numbers else WHITEN_EPS

    def macs(self, x: Shape, y: Shape) -> int:
        return prod(self._sizes(x)) * prod(y.spatial_size)

    def reads(self, x: Shape, y: Shape) -> Links:
        border = "zeros" if self.pad_mode == "constant" else self.pad_mode
        return spatial_links([sliding(window, border) for window in self.windows(x)])

    def saves(self, x: Shape, y: Shape) -> Saves:
        windows = self.windows(x)
        computed = saved(self.weight, self._layout(x), frozen=self.frozen)
        kept = Saves(
            inputs=(0,), saved=computed, autocast=True, cast_weights=("weight",), output_format=contiguous(y.rank)
        )
        if self.pad_mode == "zeros" and symmetric(windows):
            return kept
        # The padding is a separate step whose output is saved; some padding modes save their input too.
        padded_sizes = (size + w.before + w.after for size, w in zip(spatial(x).spatial_size, windows, strict=True))
        mirrors = self.pad_mode in ("reflect", "replicate")
        padded = SavedTensor(per_sample=spatial(x).channels * prod(padded_sizes))
        return kept.replace(inputs=(0,) if mirrors else (), saved=(padded, *computed), inputs_in_fp32=mirrors)

    def torch(self, x: Shape) -> Steps:
        x = spatial(x)
        plan = self.plan(x)
        windows = self.windows(x)
        inside = symmetric(windows) and self.pad_mode != "constant"
        options = given(
            stride=(compact([w.stride for w in windows]), 1),
            padding=(compact([w.before for w in windows]) if inside else 0, 0),
            dilation=(compact([w.dilation for w in windows]), 1),
            groups=(plan.groups, 1),
            bias=(self.bias or self.fixed is not None, True),
            padding_mode=(self.pad_mode if inside else "zeros", "zeros"),
        )
        if self.fixed is not None:
            module = ours.FixedConv(x.channels, self._rows(x), **options)
        else:
            make = getattr(nn, f"Conv{len(x.spatial_size)}d")
            module = make(x.channels, plan.filters, compact([w.kernel for w in windows]), **options)
            module = applied(self.weight, module, self._layout(x))
        if inside:
            return (module,)
        mode = {"zeros": "constant"}.get(self.pad_mode, self.pad_mode)
        pad = F.pad(ARG, pad_list(windows), **given(mode=(mode, "constant"), value=(self.pad_value, 0.0)))
        return pad, module


class Conv(Convolution):
    """Convolution: filters slide over the spatial dimensions and sum over all channels (LeCun et al., 1989).

    Example:
        input 3x32x32; conv 64 k5 s1 same
    """

    keyword = "conv"
    synonyms = ("conv1d", "conv2d", "conv3d", "convolution")

    filters: PositiveInt = argument(positional=True, doc="number of output channels")
    kernel: PositiveSpatialInt = argument(positional=True, letter="k", doc="kernel size")
    groups: PositiveInt = argument(1, letter="g", doc="number of equal groups that the channels are split into")

    def plan(self, x: Shape) -> FilterPlan:
        return FilterPlan(self.filters, self.groups, x.channels // self.groups, self.kernel)

    def counted(self, x: Shape, y: Shape) -> Reasons:
        return (argument_count("filters", self.filters, "filter"),)

    def check(self, x: Shape, y: Shape) -> None:
        check_groups(self.groups, ((x.channels, "input channels"), (self.filters, "filters")), y)


class DepthwiseConv(Convolution):
    """Depthwise convolution: each channel has its own filters (Chollet, 2017; Howard et al., 2017).

    Example:
        input 32x56x56; dwconv k3 s2 p1 nobias
    """

    keyword = "dwconv"
    synonyms = ("depthwise", "depthwise_conv", "depthwiseconv", "depthwiseconv1d", "depthwiseconv2d")

    kernel: PositiveSpatialInt = argument(positional=True, letter="k", doc="kernel size")
    multiplier: PositiveInt = argument(1, letter="m", doc="number of filters per channel")

    def plan(self, x: Shape) -> FilterPlan:
        return FilterPlan(x.channels * self.multiplier, x.channels, 1, self.kernel)

    def counted(self, x: Shape, y: Shape) -> Reasons:
        if self.multiplier == 1:
            return reasons("each channel separately")
        return reasons(f"{x.channels}·{self.multiplier} = {y.channels} channels")

    def check(self, x: Shape, y: Shape) -> None:
        """Nothing to check: each channel is a group."""


class UpConv(Layer):
    """Transposed convolution: each input element adds a scaled copy of the filter to the output (Zeiler et al., 2010).

    For input size W, stride S, padding P, dilation D and kernel size K, the output size is
    (W − 1)·S − 2P + D·(K − 1) + output_padding + 1.

    Example:
        input 64x16x16; upconv 32 k2 s2
    """

    keyword = "upconv"
    synonyms = (
        "deconv",
        "convtranspose",
        "conv_transpose",
        "convtranspose1d",
        "convtranspose2d",
        "convtranspose3d",
        "conv1dtranspose",
        "conv2dtranspose",
        "conv3dtranspose",
    )
    style = "conv"

    filters: PositiveInt = argument(positional=True, doc="number of output channels")
    kernel: PositiveSpatialInt = argument(positional=True, letter="k", doc="kernel size")
    stride: PositiveSpatialInt = argument(1, letter="s", doc="distance between the input's elements in the output")
    padding: NaturalSpatialInt = argument(0, letter="p", words={"valid": 0}, doc="elements removed at each end")
    output_padding: NaturalSpatialInt = argument(
        0, doc="elements added at the end; less than the stride or the dilation"
    )
    dilation: PositiveSpatialInt = argument(1, letter="d", doc="distance between the kernel's elements")
    groups: PositiveInt = argument(1, letter="g", doc="number of equal groups that the channels are split into")
    bias: Flag = argument(True, words={"nobias": False}, doc="whether to add a bias to each channel")
    frozen: Flag = argument(False, words={"frozen": True}, doc="only the bias is trained")
    init: TransposedFilterInit | None = argument(None, doc=MATRIX_DOC)
    weight: WeightForm | None = argument(None, doc=WEIGHT_DOC)

    def _per_dimension(self, x: Shape) -> list[tuple[int, int, int, int, int, int]]:
        names = ("kernel", "stride", "padding", "output_padding", "dilation")
        columns = [per_dimension(getattr(self, name), x, name) for name in names]
        return list(zip(x.spatial_size, *columns, strict=True))

    def out(self, x: Shape) -> Shape:
        x = spatial(x)
        sizes = []
        for size, k, s, p, extra, d in self._per_dimension(x):
            if extra >= max(s, d):
                raise Reject("output_padding", f"{extra} must be less than the stride {s} or the dilation {d}")
            out = (size - 1) * s - 2 * p + d * (k - 1) + extra + 1
            if out < 1:
                why = f"{_explain(size, k, s, p, extra, d)} = {str(out).replace('-', '−')}, below 1"
                raise Reject("padding", why, changes=Change.of(padding=str(p - (2 - out) // 2)))
            sizes.append(out)
        y = x.with_spatial_size(self.filters, tuple(sizes))
        check_groups(self.groups, ((x.channels, "input channels"), (self.filters, "filters")), y)
        check_weight(self.weight, self._layout(x), self.init)
        if self.weight is None:
            check_filters(self.init, self.weights(x), self.groups, dilated=False)
        return y

    def _layout(self, x: Shape) -> WeightLayout:
        sizes = (x.channels, self.filters // self.groups, *per_dimension(self.kernel, x, "kernel"))
        return WeightLayout(sizes, axis=1, groups=self.groups)

    def explain(self, x: Shape, y: Shape) -> tuple[str, ...]:
        x = spatial(x)
        return tuple(
            dict.fromkeys(
                f"{_explain(*facts)} = {out}" for facts, out in zip(self._per_dimension(x), y.spatial_size, strict=True)
            )
        )

    def slides(self, x: Shape) -> bool:
        return True

    def reason(self, x: Shape, y: Shape) -> Reasons:
        return (argument_count("filters", self.filters, "filter"), *by_dimension(self.explain(x, y), x))

    def weights(self, x: Shape) -> Weights:
        bias = {"bias": (self.filters,)} if self.bias else {}
        layout = self._layout(spatial(x))
        return {"weight": layout.sizes} | bias if self.weight is None else parameters(self.weight, layout, bias)

    def buffers(self, x: Shape) -> Weights:
        return buffers(self.weight, self._layout(spatial(x)))

    def frozen_weights(self) -> tuple[str, ...]:
        return frozen_names(self.weight) if self.frozen else ()

    def initializers(self, x: Shape) -> Mapping[str, Steps]:
        return fill_filters(self.init, self.weights(x), self.groups)

    def macs(self, x: Shape, y: Shape) -> int:
        return prod(self._layout(x).sizes) * prod(spatial(x).spatial_size)

    def reads(self, x: Shape, y: Shape) -> Links:
        return spatial_links([transposed_sliding(k, s, p, d) for _, k, s, p, _, d in self._per_dimension(spatial(x))])

    def saves(self, x: Shape, y: Shape) -> Saves:
        computed = saved(self.weight, self._layout(spatial(x)), frozen=self.frozen)
        return Saves(
            inputs=(0,), saved=computed, autocast=True, cast_weights=("weight",), output_format=contiguous(y.rank)
        )

    def torch(self, x: Shape) -> Steps:
        x = spatial(x)
        columns = [compact(column) for column in list(zip(*self._per_dimension(x), strict=True))[1:]]
        kernel, stride, padding, extra, dilation = columns
        make = getattr(nn, f"ConvTranspose{len(x.spatial_size)}d")
        options = given(
            stride=(stride, 1),
            padding=(padding, 0),
            output_padding=(extra, 0),
            groups=(self.groups, 1),
            bias=(self.bias, True),
            dilation=(dilation, 1),
        )
        module = make(x.channels, self.filters, kernel, **options)
        return (applied(self.weight, module, self._layout(x)),)


def _explain(size: int, kernel: int, stride: int, padding: int, extra: int, dilation: int) -> str:
    return f"({size} − 1)·{stride} − 2·{padding} + {dilation}·({kernel} − 1) + {extra} + 1"
