"""Biases for pairs of steps, which attention adds to its dot products."""

from collections.abc import Mapping
from typing import Annotated

from ..contract.arguments import Flag, Int, PositiveInt, argument
from ..contract.call import Step, Steps, ours
from ..contract.initializers import Init, Initializer, fill
from ..contract.layer import Layer, Weights
from ..contract.reads import NOTHING_READ, Links
from ..contract.reasons import Reasons, reasons
from ..contract.saves import SavedTensor, Saves, contiguous
from ..shapes.shape import Shape
from ._attention import check_buckets
from ._calls import given
from ._reading import sequential

BiasInit = Annotated[Init, Initializer(names=("zeros", "ones", "constant", "normal", "trunc_normal", "uniform"))]


class RelativePositionBias(Layer):
    """Relative position bias: a learned bias per head that depends on the distance between steps (Raffel et al., 2019).

    The result, heads×T×T, is used as the `mask` of attention, and several layers can share it. Each short distance has
    its own bias; longer distances share biases, in buckets that widen with the distance. Without `causal`, earlier and
    later steps have separate biases.

    Example:
        net N(T = 16, C = 64); input TxC; relative_bias h8 as near; from in; attention h8 mask=near
    """

    keyword = "relative_bias"
    synonyms = ("position_bias", "relative_position_bias")
    style = "arithmetic"

    heads: PositiveInt = argument(positional=True, letter="h", doc="number of heads")
    buckets: Annotated[int, Int(minimum=4)] = argument(32, doc="number of learned biases per head")
    distance: PositiveInt = argument(128, doc="from this distance on, all distances share the last bucket")
    causal: Flag = argument(False, words={"causal": True}, doc="use all buckets for earlier steps")
    frozen: Flag = argument(False, words={"frozen": True}, doc="the biases are not trained")
    init: BiasInit | None = argument(None, doc="initializer of the biases; `trunc_normal(0.02)` if not given")

    def out(self, x: Shape) -> Shape:
        x = sequential(x)
        y = Shape(self.heads, x.dims[0], x.dims[0])
        check_buckets(self.buckets, self.distance, self.causal, y)
        return y

    def weights(self, x: Shape) -> Weights:
        return {"weight": (self.buckets, self.heads)}

    def frozen_weights(self) -> tuple[str, ...]:
        return ("weight",) if self.frozen else ()

    def initializers(self, x: Shape) -> Mapping[str, Steps]:
        return fill(self.init, self.weights(x))

    def reason(self, x: Shape, y: Shape) -> Reasons:
        return reasons("the number of heads", "the number of steps", "the number of steps")

    def reads(self, x: Shape, y: Shape) -> Links:
        return ((None, NOTHING_READ),) * x.rank

    def saves(self, x: Shape, y: Shape) -> Saves:
        indices = SavedTensor(per_batch=x.dims[0] * x.dims[0], bytes=8)
        saved = () if self.frozen else (indices,)
        return Saves(saved=saved, output_in_fp32=True, output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Step:
        options = given(buckets=(self.buckets, 32), distance=(self.distance, 128), causal=(self.causal, False))
        return ours.RelativeBias(self.heads, **options)
