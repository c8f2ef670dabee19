"""Normalization layers."""

from collections.abc import Mapping
from math import prod
from typing import ClassVar

from ..contract.arguments import AnyFloat, Flag, PositiveFloat, PositiveInt, Probability, argument
from ..contract.call import ARG, Module, Step, Steps, method, nn
from ..contract.initializers import SCALE_DOC, ScaleInit, fill
from ..contract.layer import Layer, Reject, Weights
from ..contract.reads import ALL, Links, PeriodicReads, axis_links, pointwise
from ..contract.saves import SavedTensor, Saves
from ..diagnostics import Change
from ..shapes.shape import Layout, Shape
from ..shapes.symbolic import concrete
from ._calls import given
from ._reading import check_groups, featured, numbers, spatial


class Normalization(Layer):
    """The base class of normalization layers with a scale."""

    style = "norm"

    affine: Flag = argument(True, words={"noaffine": False}, doc="whether to scale and shift each channel")
    frozen: Flag = argument(False, words={"frozen": True}, doc="only the shift is trained")
    init: ScaleInit | None = argument(None, doc=SCALE_DOC)

    def check_scale(self) -> None:
        """Raise Reject for arguments that need a scale if there is none."""
        if self.init is not None and not self.affine:
            raise Reject(
                "init",
                "there is no scale to initialize",
                changes=Change.of(init=None),
                language_rule=True,
            )

    def frozen_weights(self) -> tuple[str, ...]:
        return ("weight",) if self.frozen and self.affine else ()

    def initializers(self, x: Shape) -> Mapping[str, Steps]:
        return fill(self.init, {"weight": ()})


class ChannelNorm(Normalization):
    """The base class of layers that scale and shift the channels."""

    def weights(self, x: Shape) -> Weights:
        return {"weight": (x.dims[0],), "bias": (x.dims[0],)} if self.affine else {}

    def reads(self, x: Shape, y: Shape) -> Links:
        return tuple((axis, ALL) for axis in range(x.rank))


class BatchNorm(ChannelNorm):
    """Batch normalization: normalize each channel over the batch to mean 0 and variance 1 (Ioffe & Szegedy, 2015).

    Example:
        input 64x28x28; bn
    """

    keyword = "bn"
    synonyms = ("batchnorm", "batch_norm", "batchnorm1d", "batchnorm2d", "batchnorm3d", "batchnormalization")
    over_batch = True

    eps: PositiveFloat = argument(1e-5, doc="added to the variance")
    momentum: Probability = argument(0.1, doc="weight of the new batch in the running statistics")

    def out(self, x: Shape) -> Shape:
        self.check_scale()
        return x if x.layout is Layout.VECTOR else spatial(x)

    def buffers(self, x: Shape) -> Weights:
        return {"running_mean": (x.dims[0],), "running_var": (x.dims[0],), "num_batches_tracked": ()}

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(inputs=(0,), saved=(SavedTensor(per_batch=2 * x.dims[0], bytes=4),))

    def torch(self, x: Shape) -> Step:
        make = getattr(nn, f"BatchNorm{max(1, len(x.spatial_size))}d")
        options = given(eps=(self.eps, 1e-5), momentum=(self.momentum, 0.1), affine=(self.affine, True))
        return make(x.dims[0], **options)  # type: ignore[no-any-return]  # getattr with a constructed name


class GroupNorm(ChannelNorm):
    """Group normalization: normalize equal groups of channels of each sample (Wu & He, 2018).

    Example:
        input 64x28x28; groupnorm 8
    """

    keyword = "groupnorm"
    synonyms = ("gn", "group_norm", "groupnormalization")

    groups: PositiveInt = argument(
        positional=True, letter="g", doc="number of equal groups that the channels are split into"
    )
    eps: PositiveFloat = argument(1e-5, doc="added to the variance")

    def out(self, x: Shape) -> Shape:
        self.check_scale()
        y = x if x.layout is Layout.VECTOR else spatial(x)
        check_groups(self.groups, ((x.dims[0], "channels"),), y)
        if x.numel == self.groups:
            # torch raises for a batch of one.
            why = f"a group of {x} is a single number, which would always become 0"
            changes = Change.of(groups=str(concrete(x.dims[0]) // 2)) if concrete(x.dims[0]) % 2 == 0 else None
            raise Reject("groups", why, changes=changes or (), recovery_shape=y, language_rule=True)
        return y

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(inputs=(0,), saved=(SavedTensor(per_sample=2 * self.groups, bytes=4),))

    def torch(self, x: Shape) -> Step:
        return nn.GroupNorm(self.groups, x.dims[0], **given(eps=(self.eps, 1e-5), affine=(self.affine, True)))


class InstanceNorm(ChannelNorm):
    """Instance normalization: normalize each channel of each sample (Ulyanov et al., 2016).

    Example:
        input 64x28x28; instancenorm
    """

    keyword = "instancenorm"
    synonyms = ("instance_norm", "instancenorm1d", "instancenorm2d", "instancenorm3d")

    eps: PositiveFloat = argument(1e-5, doc="added to the variance")
    affine: Flag = argument(False, words={"affine": True}, doc="whether to scale and shift each channel")

    def out(self, x: Shape) -> Shape:
        self.check_scale()
        x = spatial(x)
        if x.numel == x.channels:
            raise Reject(None, f"a channel of {x} is a single number, which would always become 0", recovery_shape=x)
        return x

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(inputs=(0,), saved=(SavedTensor(per_sample=(3 if self.affine else 2) * x.channels, bytes=4),))

    def torch(self, x: Shape) -> Step:
        make = getattr(nn, f"InstanceNorm{len(x.spatial_size)}d")
        options = given(eps=(self.eps, 1e-5), affine=(self.affine, False))
        return make(x.dims[0], **options)  # type: ignore[no-any-return]  # getattr with a constructed name


class FeatureNorm(Normalization):
    """The base class of normalization over the features: the last axis, or the channels of an image."""

    module: ClassVar[str]

    affine: Flag = argument(True, words={"noaffine": False}, doc="whether the layer has learned weights")
    frozen: Flag = argument(False, words={"frozen": True}, doc="only the shift, if any, is trained")

    def out(self, x: Shape) -> Shape:
        self.check_scale()
        return numbers(x) if x.spatial and x.layout is not Layout.OPEN else featured(x)

    def reads(self, x: Shape, y: Shape) -> Links:
        return axis_links(x.rank, y.channel_axis, ALL)

    def saves(self, x: Shape, y: Shape) -> Saves:
        places = prod(size for axis, size in enumerate(x.dims) if axis != y.channel_axis)
        kept = self._saves(places, x.numel)
        return kept.replace(output_format=lambda order: (*range(1, x.rank), 0)) if y.spatial else kept

    def _saves(self, places: int, elements: int) -> Saves:
        """What is saved for this number of positions, with this number of elements in total."""
        raise NotImplementedError

    def torch(self, x: Shape) -> Steps:
        y = self.out(x)
        module = Module(target=f"torch.nn.{self.module}", args=(y.channels,), kwargs=tuple(self._options().items()))
        if not y.spatial:
            return (module,)
        axes = tuple(range(1, x.rank + 1))
        # torch normalizes only the last axes, so the channels are moved there and back, as in torchvision's
        # LayerNorm2d.
        return method.permute(ARG, 0, *axes[1:], 1), module, method.permute(ARG, 0, x.rank, *axes[:-1])

    def _options(self) -> dict[str, object]:
        raise NotImplementedError


class LayerNorm(FeatureNorm):
    """Layer normalization: normalize the features of each step or position (Ba et al., 2016).

    Example:
        input 197x768; layernorm eps=1e-6
    """

    keyword = "layernorm"
    synonyms = ("ln", "layer_norm", "layernormalization")
    module = "LayerNorm"

    eps: PositiveFloat = argument(1e-5, doc="added to the variance")
    bias: Flag = argument(True, words={"nobias": False}, doc="whether to shift each feature, if `affine`")

    def weights(self, x: Shape) -> Weights:
        features = (self.out(x).channels,)
        return {name: features for name, there in (("weight", True), ("bias", self.bias)) if self.affine and there}

    def _options(self) -> dict[str, object]:
        return given(eps=(self.eps, 1e-5), elementwise_affine=(self.affine, True), bias=(self.bias, True))

    def _saves(self, places: int, elements: int) -> Saves:
        return Saves(inputs=(0,), saved=(SavedTensor(per_sample=2 * places, bytes=4),))


class RMSNorm(FeatureNorm):
    """Divide the features of each step or position by their root mean square (Zhang & Sennrich, 2019).

    Example:
        input 128x512; rmsnorm eps=1e-6
    """

    keyword = "rmsnorm"
    synonyms = ("rms_norm",)
    module = "RMSNorm"

    frozen: Flag = argument(False, words={"frozen": True}, doc="the scale is not trained")
    eps: PositiveFloat | None = argument(
        None, doc="added to the mean square; the machine epsilon of the dtype by default"
    )

    def weights(self, x: Shape) -> Weights:
        return {"weight": (self.out(x).channels,)} if self.affine else {}

    def _options(self) -> dict[str, object]:
        return given(eps=(self.eps, None), elementwise_affine=(self.affine, True))

    def _saves(self, places: int, elements: int) -> Saves:
        normalized = elements if self.affine and not self.frozen else 0
        return Saves(
            inputs=(0,), saved=(SavedTensor(per_sample=places + normalized),), inputs_in_fp32=True, output_in_fp32=True
        )


class LocalResponseNorm(Layer):
    """Local response normalization over neighboring channels: x / (k + alpha·mean(x²))^beta (Krizhevsky et al., 2012).

    As in PyTorch, the mean is over `size` channels, with zeros beyond the first and the last one. The paper uses the
    sum over existing channels, so alpha here is the paper's alpha times `size`: `lrn 5 alpha=5e-4 k=2`.

    Example:
        input 96x27x27; lrn 5 k=2
    """

    keyword = "lrn"
    synonyms = ("localresponsenorm", "local_response_norm")
    style = "norm"

    size: PositiveInt = argument(positional=True, doc="number of channels in the mean")
    alpha: AnyFloat = argument(1e-4, doc="weight of the mean square of the neighbors")
    beta: AnyFloat = argument(0.75, doc="exponent")
    k: AnyFloat = argument(1.0, doc="added to `alpha` times the mean square")

    def out(self, x: Shape) -> Shape:
        return spatial(x)

    def reads(self, x: Shape, y: Shape) -> Links:
        first = -(self.size // 2)
        return axis_links(x.rank, 0, PeriodicReads(offsets=(range(first, first + self.size),)))

    def saves(self, x: Shape, y: Shape) -> Saves:
        squares = (x.channels + self.size - 1) * prod(x.spatial_size)
        return Saves(inputs=(0,), saved=(SavedTensor(per_sample=squares + 2 * x.numel, bytes=4),), output_in_fp32=True)

    def torch(self, x: Shape) -> Step:
        options = given(alpha=(self.alpha, 1e-4), beta=(self.beta, 0.75), k=(self.k, 1.0))
        return nn.LocalResponseNorm(self.size, **options)
