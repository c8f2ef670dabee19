"""Normalisations."""

from typing import Annotated

from ..arguments import Flag, PositiveFloat, PositiveInt, Real, argument
from ..call import Step, nn
from ..layer import Layer, Reject, Weights, spatial
from ..shape import Layout, Shape
from ._window import given
from .conv import nearest_divisor


class BatchNorm(Layer):
    """Batch normalisation: each channel to mean 0 and variance 1 over the batch (Ioffe & Szegedy, 2015).

    Example:
        input 64x28x28; bn
    """

    keyword = "bn"
    synonyms = ("batchnorm", "batch_norm", "batchnorm1d", "batchnorm2d", "batchnorm3d", "batchnormalization")
    style = "norm"

    eps: PositiveFloat = argument(1e-5, doc="added to the variance")
    momentum: Annotated[float, Real(least=0, most=1)] = argument(0.1, doc="the share of the new batch in the running mean")
    affine: Flag = argument(True, words={"noaffine": False}, doc="whether each channel is scaled and shifted")
    frozen: Flag = argument(False, words={"frozen": True}, doc="the scale does not train; the shift does")

    def out(self, x: Shape) -> Shape:
        return x if x.layout is Layout.VECTOR else spatial(x)

    def weights(self, x: Shape) -> Weights:
        return {"weight": (x.dims[0],), "bias": (x.dims[0],)} if self.affine else {}

    def buffers(self, x: Shape) -> Weights:
        return {"running_mean": (x.dims[0],), "running_var": (x.dims[0],), "num_batches_tracked": ()}

    def frozen_weights(self) -> tuple[str, ...]:
        return ("weight",) if self.frozen and self.affine else ()

    def torch(self, x: Shape) -> Step:
        make = getattr(nn, f"BatchNorm{max(1, len(x.sides))}d")
        options = given(eps=(self.eps, 1e-5), momentum=(self.momentum, 0.1), affine=(self.affine, True))
        return make(x.dims[0], **options)  # type: ignore[no-any-return]  # getattr with a made name


class GroupNorm(Layer):
    """Normalise the channels in equal groups, each sample by itself (Wu & He, 2018).

    Example:
        input 64x28x28; groupnorm 8
    """

    keyword = "groupnorm"
    synonyms = ("gn", "group_norm")
    style = "norm"

    groups: PositiveInt = argument(positional=True, letter="g", doc="in how many equal parts the channels are split")
    eps: PositiveFloat = argument(1e-5, doc="added to the variance")
    affine: Flag = argument(True, words={"noaffine": False}, doc="whether each channel is scaled and shifted")

    def out(self, x: Shape) -> Shape:
        y = x if x.layout is Layout.VECTOR else spatial(x)
        if x.dims[0] % self.groups:
            raise Reject(
                "groups",
                f"{self.groups} does not divide {x.dims[0]} channels",
                help=f"`groupnorm {nearest_divisor(x.dims[0], self.groups)}` divides {x.dims[0]}",
                otherwise=y,
                kind="GroupsDoNotDivide",
            )
        return y

    def weights(self, x: Shape) -> Weights:
        return {"weight": (x.dims[0],), "bias": (x.dims[0],)} if self.affine else {}

    def torch(self, x: Shape) -> Step:
        return nn.GroupNorm(self.groups, x.dims[0], **given(eps=(self.eps, 1e-5), affine=(self.affine, True)))
