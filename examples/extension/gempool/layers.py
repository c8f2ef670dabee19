"""The layer, declared like those of archdsl. Nothing here imports torch."""

from archdsl.extension import (
    ALL,
    SAME,
    Layer,
    Layout,
    Links,
    Module,
    PositiveFloat,
    Reject,
    SavedTensor,
    Saves,
    Shape,
    Step,
    Weights,
    argument,
)


class GeM(Layer):
    """The generalized mean of each channel, with a learned exponent (Radenović et al., 2018).

    An exponent of 1 gives the mean; a large one approaches the maximum.

    Example:
        input 3x64x64; conv 16 k3; relu; gem
    """

    keyword = "gem"
    synonyms = ("gem_pool",)
    style = "pool"

    p: PositiveFloat = argument(3.0, positional=True, letter="p", doc="initial exponent")
    eps: PositiveFloat = argument(1e-6, doc="smaller values, including negative ones, are replaced by this one")

    def out(self, x: Shape) -> Shape:
        if x.layout is not Layout.IMAGE:
            why = f"it pools the channels of an image C×H×W, but {x} is not one"
            raise Reject(None, why, language_rule=True)
        return Shape(x.channels)

    def weights(self, x: Shape) -> Weights:
        return {"p": (1,)}

    def reads(self, x: Shape, y: Shape) -> Links:
        """An output value depends on all positions of its own channel."""
        return ((0, SAME), (None, ALL), (None, ALL))

    def saves(self, x: Shape, y: Shape) -> Saves:
        """The input, its clamped values and their powers; the means and their roots; the exponents."""
        return Saves(inputs=(0,), saved=(SavedTensor(per_sample=2 * x.numel + 2 * x.channels, per_batch=2),))

    def torch(self, x: Shape) -> Step:
        return Module(target="gempool.modules.GeM", args=(self.p, self.eps))
