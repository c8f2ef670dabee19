"""Arithmetic with constants and learned values."""

from collections.abc import Mapping
from typing import ClassVar

from ..contract.arguments import AnyFloat, Flag, PositiveInt, Sizes, argument
from ..contract.call import ARG, Step, Steps, nn, operator, ours
from ..contract.initializers import ScaleInit, fill
from ..contract.layer import Layer, Reject, Weights
from ..contract.reads import NOTHING_READ, Links, axis_links, moved, pointwise
from ..contract.reasons import Reasons, reasons
from ..contract.saves import NO_SAVED_TENSORS, VIEW, Saves, contiguous
from ..diagnostics import Change
from ..shapes.shape import Layout, Shape
from ._calls import given
from ._reading import by_rank, numbers, sequential, spatial


class Identity(Layer):
    """Return the input unchanged.

    Example:
        input 64x28x28; identity
    """

    keyword = "identity"
    synonyms = ("noop", "nothing")
    style = "arithmetic"

    def out(self, x: Shape) -> Shape:
        return x

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return VIEW

    def torch(self, x: Shape) -> Step:
        return nn.Identity()


class Learned(Layer):
    """The base class of `scale` and `shift`: a constant, or a learned value for each channel."""

    style = "arithmetic"
    weight: ClassVar[str]
    """The name of the learned values."""

    learned: Flag = argument(False, words={"learned": True}, doc="learn one value per channel")
    frozen: Flag = argument(False, words={"frozen": True}, doc="the values are not trained")

    def out(self, x: Shape) -> Shape:
        if self.frozen and not self.learned:
            raise Reject(
                "frozen",
                "a constant is not trained",
                changes=(Change.of(frozen=None), Change(instead=f"{self.keyword} learned frozen")),
                language_rule=True,
            )
        return spatial(x) if self.learned and x.layout is Layout.OPEN else numbers(x)

    def sizes(self, x: Shape) -> tuple[int, ...]:
        """The shape of the learned values."""
        return (x.channels, *(1 for _ in x.spatial_size)) if x.spatial else (x.channels,)

    def weights(self, x: Shape) -> Weights:
        return {self.weight: self.sizes(x)} if self.learned else {}

    def frozen_weights(self) -> tuple[str, ...]:
        return (self.weight,) if self.frozen else ()

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)


class ScaleChannels(Learned):
    """Multiply every element by a constant; with `learned`, by a learned factor per channel (Touvron et al., 2021).

    Example:
        input 96x56x56; scale 1e-6 learned
    """

    keyword = "scale"
    weight = "weight"

    factor: AnyFloat = argument(1.0, positional=True, doc="the constant, or the initial value of the learned factors")

    def saves(self, x: Shape, y: Shape) -> Saves:
        if not self.learned:
            return NO_SAVED_TENSORS
        return Saves(
            inputs=() if self.frozen else (0,), output_in_fp32=True
        )  # only the gradient of the weight needs the input

    def torch(self, x: Shape) -> Step:
        if not self.learned:
            return operator.mul(ARG, self.factor)
        return ours.Scale(*self.sizes(x), **given(init=(self.factor, 1.0)))


class ShiftChannels(Learned):
    """Add a constant to every element; with `learned`, a learned bias per channel.

    Example:
        input 64x28x28; conv 64 k1 nobias; shift learned
    """

    keyword = "shift"
    overridable = True
    weight = "bias"

    amount: AnyFloat = argument(0.0, positional=True, doc="the constant, or the initial value of the learned biases")

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(output_in_fp32=True) if self.learned else NO_SAVED_TENSORS

    def torch(self, x: Shape) -> Step:
        if not self.learned:
            return operator.add(ARG, self.amount)
        return ours.Shift(*self.sizes(x), **given(init=(self.amount, 0.0)))


class LearnedInput(Layer):
    """A learned tensor, the same for each sample, such as queries or prompts (Carion et al., 2020).

    It does not read the current tensor; the network's first input determines the batch size.

    Example:
        input 256x25x25; tokens as memory; learned 100x256 as queries; attention h8; concat memory axis=t
    """

    keyword = "learned"
    style = "arithmetic"
    starts = True

    shape: Sizes = argument(positional=True, doc="shape of the tensor, without the batch")
    frozen: Flag = argument(False, words={"frozen": True}, doc="the tensor is not trained")
    init: ScaleInit | None = argument(None, doc="initializer of the tensor; `normal(0.02)` if not given")

    def out(self, x: Shape) -> Shape:
        return by_rank(self.shape, "shape")

    def weights(self, x: Shape) -> Weights:
        return {"weight": self.shape}

    def frozen_weights(self) -> tuple[str, ...]:
        return ("weight",) if self.frozen else ()

    def initializers(self, x: Shape) -> Mapping[str, Steps]:
        return fill(self.init, self.weights(x))

    def reason(self, x: Shape, y: Shape) -> Reasons:
        return reasons("the shape of the learned tensor")

    def reads(self, x: Shape, y: Shape) -> Links:
        return ((None, NOTHING_READ),) * x.rank

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(output_in_fp32=True, output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Step:
        return ours.LearnedTensor(*self.shape)


class ArangeLayer(Layer):
    """The numbers 0, 1, 2, …, the same for each sample, for positions, coordinates or frequencies.

    It does not read the current tensor; the network's first input determines the batch size.

    Example:
        input time 1; arange 64; scale -0.14; exp; mul time; concat { sin } { cos }
    """

    keyword = "arange"
    style = "arithmetic"
    starts = True
    overridable = True

    count: PositiveInt = argument(positional=True, doc="number of values; the last is `count` − 1")

    def out(self, x: Shape) -> Shape:
        return Shape(self.count)

    def reason(self, x: Shape, y: Shape) -> Reasons:
        return reasons("the number of values")

    def reads(self, x: Shape, y: Shape) -> Links:
        return ((None, NOTHING_READ),) * x.rank

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(output_in_fp32=True, output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Step:
        return ours.Arange(self.count)


class PrependClassToken(Layer):
    """Prepend a learned class token; T×C becomes (T + 1)×C (Devlin et al., 2018; Dosovitskiy et al., 2020).

    Example:
        input 768x14x14; tokens; cls
    """

    keyword = "cls"
    synonyms = ("class_token", "classtoken")
    style = "arithmetic"

    frozen: Flag = argument(False, words={"frozen": True}, doc="the token is not trained")

    def out(self, x: Shape) -> Shape:
        x = sequential(x)
        return x.with_size(0, x.dims[0] + 1)

    def weights(self, x: Shape) -> Weights:
        return {"weight": (1, 1, x.features)}

    def frozen_weights(self) -> tuple[str, ...]:
        return ("weight",) if self.frozen else ()

    def reads(self, x: Shape, y: Shape) -> Links:
        return axis_links(x.rank, 0, moved(-1))

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(output_in_fp32=True, output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Step:
        return ours.ClassToken(x.features)


class PositionEmbedding(Layer):
    """Position embedding: add a vector to each step, learned or sinusoidal (Vaswani et al., 2017).

    Example:
        input 196x768; cls; pos
    """

    keyword = "pos"
    synonyms = ("position_embedding", "positionembedding")
    style = "arithmetic"
    variable_length = (("weight", 1),)

    length: PositiveInt | None = argument(None, doc="maximum number of steps; T by default")
    sines: Flag = argument(False, words={"sines": True}, doc="use fixed sines and cosines of increasing wavelength")
    frozen: Flag = argument(False, words={"frozen": True}, doc="the vectors are not trained")

    def out(self, x: Shape) -> Shape:
        x = sequential(x)
        if self.frozen and self.sines:
            raise Reject(
                "frozen",
                "sines are not learned",
                changes=Change.of(frozen=None),
                recovery_shape=x,
                language_rule=True,
            )
        steps = x.dims[0]
        if self.length is not None and self.length < steps:
            why = f"{self.length:,} is less than the {steps:,} steps of {x}"
            # torch would broadcast a table of length 1 to all steps.
            raise Reject(
                "length",
                why,
                changes=Change.of(length=str(steps)),
                recovery_shape=x,
                language_rule=self.length == 1,
            )
        return x

    def weights(self, x: Shape) -> Weights:
        return {} if self.sines else {"weight": (1, self.length or x.dims[0], x.features)}

    def frozen_weights(self) -> tuple[str, ...]:
        return ("weight",) if self.frozen else ()

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(output_in_fp32=True)

    def torch(self, x: Shape) -> Step:
        make = ours.SinePositions if self.sines else ours.Positions
        return make(self.length or x.dims[0], x.features)
