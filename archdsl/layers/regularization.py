"""Layers that randomly drop a part of the network in training, and do nothing at inference."""

from ..contract.arguments import Probability, argument
from ..contract.call import Step, nn, ours
from ..contract.layer import Layer
from ..contract.reads import Links, pointwise
from ..contract.saves import VIEW, SavedTensor, Saves
from ..shapes.shape import Shape
from ._calls import given
from ._reading import numbers, spatial


class Dropout(Layer):
    """Dropout: randomly zero elements in training (Srivastava et al., 2014).

    Example:
        input 4096; dropout 0.5
    """

    keyword = "dropout"
    style = "regularization"

    p: Probability = argument(0.5, positional=True, doc="probability of zeroing an element")

    def out(self, x: Shape) -> Shape:
        return numbers(x)

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(saved=(SavedTensor(per_sample=x.numel),)) if self.p else VIEW

    def torch(self, x: Shape) -> Step:
        return nn.Dropout(**given(p=(self.p, 0.5)))


class ChannelDropout(Layer):
    """Spatial dropout: randomly zero whole channels in training (Tompson et al., 2015).

    Example:
        input 64x28x28; dropout2d 0.1
    """

    keyword = "dropout2d"
    synonyms = ("dropout1d", "dropout3d", "spatial_dropout", "spatialdropout1d", "spatialdropout2d", "spatialdropout3d")
    style = "regularization"

    p: Probability = argument(0.5, positional=True, doc="probability of zeroing a channel")

    def out(self, x: Shape) -> Shape:
        return spatial(x)

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(saved=(SavedTensor(per_sample=x.channels),)) if self.p else VIEW

    def torch(self, x: Shape) -> Step:
        make = getattr(nn, f"Dropout{len(x.spatial_size)}d")
        return make(**given(p=(self.p, 0.5)))  # type: ignore[no-any-return]  # getattr with a constructed name


class StochasticDepth(Layer):
    """Stochastic depth at the end of a residual branch: set random samples to zero in training (Huang et al., 2016).

    Example:
        input 96x56x56; residual { conv 96 k7 p3 g96; drop_path 0.1 }
    """

    keyword = "drop_path"
    synonyms = ("droppath", "stochastic_depth", "stochasticdepth")
    style = "regularization"

    p: Probability = argument(positional=True, doc="probability of zeroing a sample")

    def out(self, x: Shape) -> Shape:
        return numbers(x)

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(saved=(SavedTensor(per_sample=1),)) if self.p else VIEW

    def torch(self, x: Shape) -> Step:
        return ours.DropPath(self.p)
