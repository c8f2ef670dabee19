"""Pooling over a sliding window, to a fixed output size, or over whole spatial dimensions."""

from math import inf, prod
from typing import Any, ClassVar

from ..contract.arguments import Flag, PositiveFloat, PositiveSpatialInt, argument
from ..contract.call import ARG, F, Module, Step, Steps, method, nn, ours
from ..contract.layer import Layer, Reject
from ..contract.reads import ALL, SAME, Links, pooling_to, sliding, spatial_links
from ..contract.reasons import Reasons, change, reasons
from ..contract.saves import INPUT, NO_SAVED_TENSORS, SavedTensor, Saves
from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import ArgumentsConflict, KernelTooLarge, PaddingTooLarge
from ..shapes.shape import Layout, Shape, Window
from ._calls import compact, given
from ._reading import per_dimension, spatial
from ._window import PADDING_WORDS, Padding, make_windows, pad_list, slide


class Pooling(Layer):
    """The base class of pooling layers with a sliding window."""

    style = "pool"
    module: ClassVar[str]
    filler: ClassVar[float] = 0.0
    """The value to pad with if torch's module cannot pad."""

    kernel: PositiveSpatialInt = argument(positional=True, letter="k", doc="window size")
    stride: PositiveSpatialInt | None = argument(None, letter="s", doc="step of the window; the kernel size by default")
    padding: Padding = argument(
        0, letter="p", words=PADDING_WORDS, doc="elements added at each end; for Keras's `same`, write `same_upper`"
    )
    ceil: Flag = argument(False, words={"ceil": True}, doc="round the number of windows up")

    def windows(self, x: Shape) -> tuple[Window, ...]:
        stride = self.kernel if self.stride is None else self.stride
        return make_windows(
            spatial(x), kernel=self.kernel, stride=stride, padding=self.padding, dilation=self._spread(), ceil=self.ceil
        )

    def out(self, x: Shape) -> Shape:
        x = spatial(x)
        windows = self.windows(x)
        if self.ceil and isinstance(self.padding, str):
            raise Reject(
                "ceil",
                f"`{self.padding}` already rounds up",
                changes=Change.of(ceil=None),
                language_rule=True,
            )
        y = slide(x, windows, x.channels)
        self._check(x, windows, y)
        return y

    def reads(self, x: Shape, y: Shape) -> Links:
        return ((0, SAME), *spatial_links([sliding(window) for window in self.windows(x)])[1:])

    def saves(self, x: Shape, y: Shape) -> Saves:
        windows = self.windows(x)
        if self._pads_inside(windows):
            return Saves(inputs=(0,), saved=self._own(x.numel, y, windows))
        padded_sizes = (size + w.before + w.after for size, w in zip(spatial(x).spatial_size, windows, strict=True))
        padded = spatial(x).channels * prod(padded_sizes)
        inputs = (0,) if self._signed() else ()
        return Saves(inputs=inputs, saved=(SavedTensor(per_sample=padded), *self._own(padded, y, windows)))

    def _own(self, read: int, y: Shape, windows: tuple[Window, ...]) -> tuple[SavedTensor, ...]:
        """What is saved besides the input; `read` is the number of elements of the padded input."""
        return ()

    def torch(self, x: Shape) -> Steps:
        windows = self.windows(x)
        inside = self._pads_inside(windows)
        kernel = compact([w.kernel for w in windows])
        options = given(
            stride=(compact([w.stride for w in windows]), kernel),
            padding=(compact([w.before for w in windows]) if inside else 0, 0),
            ceil_mode=(self.ceil, False),
        )
        module = Module(
            target=f"torch.nn.{self.module}{len(windows)}d",
            args=(*self._leading(), kernel),
            kwargs=tuple((options | self._options(windows)).items()),
        )
        pads = () if inside else (F.pad(ARG, pad_list(windows), **given(value=(self.filler, 0.0))),)
        return self._calls((*pads, module), windows)

    def _signed(self) -> bool:
        """Whether the signs are removed first, in a step that saves its input."""
        return False

    def _calls(self, usual: Steps, windows: tuple[Window, ...]) -> Steps:
        """The torch calls: the usual ones, if torch's module computes the same as this layer."""
        return usual

    def _check(self, x: Shape, windows: tuple[Window, ...], y: Shape) -> None:
        """Check the requirements of torch's module other than a window that fits. Raises Reject."""
        raise NotImplementedError

    def _spread(self) -> int | tuple[int, ...]:
        """The dilation."""
        return 1

    def _leading(self) -> tuple[Any, ...]:
        """Arguments of torch's module before the kernel."""
        return ()

    def _options(self, windows: tuple[Window, ...]) -> dict[str, Any]:
        """Arguments of torch's module besides the window."""
        return {}

    def _pads_inside(self, windows: tuple[Window, ...]) -> bool:
        """Whether torch's module does the padding."""
        if isinstance(self.padding, str):
            return all(window.before == window.after <= window.kernel // 2 for window in windows)
        return True


class MaxPool(Pooling):
    """Max pooling: the largest element of each window (Yamaguchi et al., 1990).

    Example:
        input 64x32x32; maxpool 2
    """

    keyword = "maxpool"
    synonyms = (
        "max_pool",
        "maxpool1d",
        "maxpool2d",
        "maxpool3d",
        "maxpooling",
        "maxpooling1d",
        "maxpooling2d",
        "maxpooling3d",
    )
    module = "MaxPool"
    filler = -inf

    dilation: PositiveSpatialInt = argument(1, letter="d", doc="distance between the window's elements")

    def _check(self, x: Shape, windows: tuple[Window, ...], y: Shape) -> None:
        # `same` padding is left to the module only if it is at most half the kernel.
        if not isinstance(self.padding, str):
            _check_padding(windows, y)

    def _spread(self) -> int | tuple[int, ...]:
        return self.dilation

    def _own(self, read: int, y: Shape, windows: tuple[Window, ...]) -> tuple[SavedTensor, ...]:
        return (SavedTensor(per_sample=y.numel, bytes=8),)  # the index of each maximum

    def _options(self, windows: tuple[Window, ...]) -> dict[str, Any]:
        return given(dilation=(compact([w.dilation for w in windows]), 1))


class AvgPool(Pooling):
    """Average pooling: the mean of each window, including padding unless `exclude_pad` is given (LeCun et al., 1989).

    Example:
        input 6x28x28; avgpool 2
    """

    keyword = "avgpool"
    synonyms = (
        "avg_pool",
        "avgpool1d",
        "avgpool2d",
        "avgpool3d",
        "averagepooling",
        "averagepooling1d",
        "averagepooling2d",
        "averagepooling3d",
    )
    module = "AvgPool"

    count_include_pad: Flag = argument(True, words={"exclude_pad": False}, doc="whether the mean includes the padding")

    def _check(self, x: Shape, windows: tuple[Window, ...], y: Shape) -> None:
        if not isinstance(self.padding, str):
            _check_padding(windows, y)
        elif self.count_include_pad and len(windows) < 3:
            # The result does not depend on what adds the padding: do not record a condition on a symbolic dimension.
            return
        _check_volume(x, windows, self._pads_inside(windows), y)

    def _divides(self, windows: tuple[Window, ...]) -> bool:
        """Whether torch's module cannot exclude the padding from the mean, because it differs between the two ends."""
        return not self.count_include_pad and not self._pads_inside(windows)

    def _own(self, read: int, y: Shape, windows: tuple[Window, ...]) -> tuple[SavedTensor, ...]:
        return (SavedTensor(per_batch=prod(y.spatial_size)),) if self._divides(windows) else ()

    def _calls(self, usual: Steps, windows: tuple[Window, ...]) -> Steps:
        if not self._divides(windows):
            return usual
        kernel, stride = (tuple(getattr(w, name) for w in windows) for name in ("kernel", "stride"))
        return (ours.MeanInside(kernel, stride, pad_list(windows)),)

    def _options(self, windows: tuple[Window, ...]) -> dict[str, Any]:
        return given(count_include_pad=(self.count_include_pad, True))


class LPPool(Pooling):
    """Power-average pooling: the p-norm of each window, (Σ|x|^p)^(1/p) (Sermanet et al., 2012).

    PyTorch's module sums x^p, so `abs` is applied first unless p is even. Padding adds zeros.

    Example:
        input 16x32x32; lppool 2 norm=3
    """

    keyword = "lppool"
    synonyms = ("lp_pool", "lppool1d", "lppool2d", "lppool3d")
    module = "LPPool"

    norm: PositiveFloat = argument(
        2,
        doc="the exponent p: with 1, the sum of the absolute values; with large p, nearly their maximum",
    )

    def _check(self, x: Shape, windows: tuple[Window, ...], y: Shape) -> None:
        inside = self._pads_inside(windows)
        if self.ceil and not inside:
            # The zeros are added before torch sees the input, so its rule for the last window would count them.
            why = "`ceil` and padding cannot be combined here"
            raise Reject("ceil", why, recovery_shape=y, kind=ArgumentsConflict, language_rule=True)
        _check_volume(x, windows, inside, y)

    def _leading(self) -> tuple[Any, ...]:
        return (self.norm,)

    def _own(self, read: int, y: Shape, windows: tuple[Window, ...]) -> tuple[SavedTensor, ...]:
        absolute = (SavedTensor(per_sample=read),) if self._signed() and self._pads_inside(windows) else ()
        return *absolute, SavedTensor(per_sample=read), SavedTensor(per_sample=4 * y.numel)

    def _calls(self, usual: Steps, windows: tuple[Window, ...]) -> Steps:
        return (method.abs(ARG), *usual) if self._signed() else usual

    def _signed(self) -> bool:
        # The p-th power of a negative number is negative or NaN.
        return self.norm % 2 != 0

    def _pads_inside(self, windows: tuple[Window, ...]) -> bool:
        return not any(window.before or window.after for window in windows)


def _check_padding(windows: tuple[Window, ...], y: Shape) -> None:
    for window in windows:
        # Half the kernel without dilation: torch's rule.
        most = window.kernel // 2
        if window.before > most:
            raise Reject(
                "padding",
                f"{window.before} is more than half the kernel: at most {most} for a kernel of {window.kernel}",
                changes=Change.of(padding=str(most)),
                recovery_shape=y,
                kind=PaddingTooLarge,
            )


def _check_volume(x: Shape, windows: tuple[Window, ...], inside: bool, y: Shape) -> None:
    """torch's mean over volumes accepts no kernel larger than the input, even if padding or `ceil` would let it fit."""
    for window, size in zip(windows, x.spatial_size, strict=True):
        length = size if inside else size + window.before + window.after
        if len(windows) == 3 and window.kernel > length:
            raise Reject(
                "kernel",
                f"{window.kernel} is larger than {length}, which average pooling of a volume does not allow",
                changes=Change.of(kernel=str(length)),
                recovery_shape=y,
                kind=KernelTooLarge,
            )


class GlobalPool(Layer):
    """The base class of global pooling layers."""

    style = "pool"
    module: ClassVar[str]
    reduction: ClassVar[str]
    """The method that computes the same over T."""

    keep: Flag = argument(False, words={"keep": True}, doc="keep the spatial dimensions, each of length 1")

    def out(self, x: Shape) -> Shape:
        if x.layout is Layout.SEQUENCE:
            return Shape(1, x.channels, layout=Layout.SEQUENCE) if self.keep else Shape(x.channels)
        x = spatial(x)
        return x.with_spatial_size(x.channels, (1,) * len(x.spatial_size)) if self.keep else Shape(x.channels)

    def reason(self, x: Shape, y: Shape) -> Reasons:
        if self.keep:
            return change(x, y)
        return reasons(f"one number for each of {x.channels} {'channels' if x.spatial else 'features'}")

    def reads(self, x: Shape, y: Shape) -> Links:
        axis = x.channel_axis
        return tuple((y.channel_axis, SAME) if i == axis else (i if self.keep else None, ALL) for i in range(x.rank))

    def torch(self, x: Shape) -> Steps:
        if x.layout is Layout.SEQUENCE:
            return (getattr(method, self.reduction)(ARG, 1, **given(keepdim=(self.keep, False))),)
        module = getattr(nn, f"{self.module}{len(spatial(x).spatial_size)}d")(1)
        return (module,) if self.keep else (module, method.flatten(ARG, 1))


class GlobalAveragePool(GlobalPool):
    """Global average pooling: the mean of each channel over space, or of each feature over steps (Lin et al., 2013).

    Example:
        input 3x8x8; conv 16 k5 p2; conv 10 k5 p2; gap
    """

    keyword = "gap"
    synonyms = (
        "global_avg_pool",
        "globalavgpool",
        "globalaveragepooling",
        "globalaveragepooling1d",
        "globalaveragepooling2d",
        "globalaveragepooling3d",
    )
    module = "AdaptiveAvgPool"
    reduction = "mean"

    def saves(self, x: Shape, y: Shape) -> Saves:
        return NO_SAVED_TENSORS


class GlobalMaxPool(GlobalPool):
    """Global max pooling: the maximum of each channel over space, or of each feature over steps.

    Example:
        input 512x7x7; gmp
    """

    keyword = "gmp"
    synonyms = (
        "global_max_pool",
        "globalmaxpool",
        "globalmaxpooling",
        "globalmaxpooling1d",
        "globalmaxpooling2d",
        "globalmaxpooling3d",
    )
    module = "AdaptiveMaxPool"
    reduction = "amax"

    def saves(self, x: Shape, y: Shape) -> Saves:
        if x.layout is Layout.SEQUENCE:
            return Saves(inputs=(0,), output=True)
        return Saves(inputs=(0,), saved=(SavedTensor(per_sample=y.numel, bytes=8),))


class AdaptivePool(Layer):
    """The base class of adaptive pooling layers."""

    style = "pool"
    module: ClassVar[str]

    size: PositiveSpatialInt = argument(positional=True, doc="spatial size of the output")

    def out(self, x: Shape) -> Shape:
        x = spatial(x)
        return x.with_spatial_size(x.channels, per_dimension(self.size, x, "size"))

    def reads(self, x: Shape, y: Shape) -> Links:
        return (
            (0, SAME),
            *spatial_links([pooling_to(*each) for each in zip(y.spatial_size, x.spatial_size, strict=True)])[1:],
        )

    def torch(self, x: Shape) -> Step:
        make = getattr(nn, f"{self.module}{len(spatial(x).spatial_size)}d")
        size = self.size if isinstance(self.size, int) else compact(self.size)
        return make(size)  # type: ignore[no-any-return]  # getattr with a constructed name


class AdaptiveAvgPool(AdaptivePool):
    """Adaptive average pooling: averages over windows chosen to give a fixed output size (He et al., 2014).

    Example:
        input 256x13x13; adaptive_avgpool 6
    """

    keyword = "adaptive_avgpool"
    synonyms = ("adaptiveavgpool", "adaptive_avg_pool", "adaptiveavgpool1d", "adaptiveavgpool2d", "adaptiveavgpool3d")
    module = "AdaptiveAvgPool"

    def saves(self, x: Shape, y: Shape) -> Saves:
        return NO_SAVED_TENSORS if set(y.spatial_size) == {1} else INPUT  # torch computes a size of 1 as a mean


class AdaptiveMaxPool(AdaptivePool):
    """Adaptive max pooling: maxima over windows chosen to give a fixed output size (He et al., 2014).

    Example:
        input 256x13x13; adaptive_maxpool 6
    """

    keyword = "adaptive_maxpool"
    synonyms = ("adaptivemaxpool", "adaptive_max_pool", "adaptivemaxpool1d", "adaptivemaxpool2d", "adaptivemaxpool3d")
    module = "AdaptiveMaxPool"

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(inputs=(0,), saved=(SavedTensor(per_sample=y.numel, bytes=8),))
