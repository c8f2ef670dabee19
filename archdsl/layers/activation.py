"""Elementwise activations, and activations along an axis."""

from typing import Annotated, ClassVar, Literal

from ..contract.arguments import AnyFloat, Flag, OneOf, PositiveFloat, argument
from ..contract.axes import AXIS_DOC, AnyAxes, AnyAxis
from ..contract.call import ARG, Module, Step, Steps, method, nn, ours
from ..contract.layer import Layer, Reject, Weights
from ..contract.reads import ALL, SAME, Links, axis_links, halves, pointwise
from ..contract.saves import INPUT, OUTPUT, Saves
from ..shapes.shape import Layout, Shape
from ..text.word_lists import listed
from ._calls import given
from ._reading import find_axes, find_axis, numbers, spatial, with_axes


class Activation(Layer):
    """An elementwise activation. Its arguments have the names and defaults of torch's module."""

    style = "activation"
    module: ClassVar[str]
    keeps_output: ClassVar[bool] = False
    """Whether the gradient is computed from the output; otherwise from the input."""

    def out(self, x: Shape) -> Shape:
        return numbers(x)

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return OUTPUT if self.keeps_output else INPUT

    def torch(self, x: Shape) -> Step:
        options = given(**{p.name: (getattr(self, p.name), p.default) for p in self.parameters})
        return Module(target=f"torch.nn.{self.module}", kwargs=tuple(options.items()))


class ReLU(Activation):
    """max(x, 0) (Fukushima, 1969; Nair & Hinton, 2010).

    Example:
        input 64x28x28; relu
    """

    keyword = "relu"
    module = "ReLU"
    keeps_output = True


class ReLU6(Activation):
    """min(max(x, 0), 6) (Krizhevsky, 2010; Howard et al., 2017).

    Example:
        input 64x28x28; relu6
    """

    keyword = "relu6"
    module = "ReLU6"


class LeakyReLU(Activation):
    """x above 0, slope·x below (Maas et al., 2013).

    Example:
        input 64x28x28; leakyrelu 0.2
    """

    keyword = "leakyrelu"
    synonyms = ("leaky_relu", "lrelu")
    module = "LeakyReLU"

    negative_slope: AnyFloat = argument(0.01, positional=True, doc="slope below 0")


class ELU(Activation):
    """x above 0, alpha·(exp(x) − 1) below (Clevert et al., 2016).

    Example:
        input 64x28x28; elu
    """

    keyword = "elu"
    module = "ELU"

    alpha: AnyFloat = argument(1.0, positional=True, doc="the output approaches −alpha for large negative x")


class SELU(Activation):
    """Scaled ELU, with constants chosen to keep mean 0 and variance 1 from layer to layer (Klambauer et al., 2017).

    Example:
        input 256; selu
    """

    keyword = "selu"
    module = "SELU"


class CELU(Activation):
    """x above 0, alpha·(exp(x/alpha) − 1) below (Barron, 2017).

    Example:
        input 64x28x28; celu 0.5
    """

    keyword = "celu"
    module = "CELU"

    alpha: PositiveFloat = argument(1.0, positional=True, doc="the output approaches −alpha for large negative x")


class GELU(Activation):
    """x·Φ(x), with Φ the standard normal CDF; `gelu tanh` is an approximation (Hendrycks & Gimpel, 2016).

    Example:
        input 197x768; fc 3072; gelu
    """

    keyword = "gelu"
    module = "GELU"

    approximate: Annotated[Literal["none", "tanh"], OneOf(choices=("none", "tanh"))] = argument(
        "none", words={"tanh": "tanh"}, doc="`tanh` for an approximation with tanh"
    )


class SiLU(Activation):
    """x·sigmoid(x), also called swish (Elfwing et al., 2017; Ramachandran et al., 2017).

    Example:
        input 32x112x112; silu
    """

    keyword = "silu"
    synonyms = ("swish",)
    module = "SiLU"


class Mish(Activation):
    """x·tanh(softplus(x)) (Misra, 2019).

    Example:
        input 32x112x112; mish
    """

    keyword = "mish"
    module = "Mish"


class Hardswish(Activation):
    """x·hardsigmoid(x): an approximation of silu (Howard et al., 2019).

    Example:
        input 16x112x112; hardswish
    """

    keyword = "hardswish"
    synonyms = ("hswish", "hard_swish")
    module = "Hardswish"


class Hardsigmoid(Activation):
    """min(max(x/6 + 1/2, 0), 1): a piecewise linear approximation of the sigmoid (Howard et al., 2019).

    The version of Courbariaux et al. (2015) is steeper: min(max(x/2 + 1/2, 0), 1).

    Example:
        input 16x1x1; hardsigmoid
    """

    keyword = "hardsigmoid"
    synonyms = ("hsigmoid", "hard_sigmoid")
    module = "Hardsigmoid"


class Sigmoid(Activation):
    """1/(1 + exp(−x)), between 0 and 1.

    Example:
        input 16x1x1; sigmoid
    """

    keyword = "sigmoid"
    module = "Sigmoid"
    keeps_output = True


class Tanh(Activation):
    """The hyperbolic tangent, between −1 and 1.

    Example:
        input 6x28x28; tanh
    """

    keyword = "tanh"
    module = "Tanh"
    keeps_output = True


class Softplus(Activation):
    """log(1 + exp(beta·x))/beta, and x where beta·x is above the threshold (Dugas et al., 2001).

    Example:
        input 64; softplus
    """

    keyword = "softplus"
    module = "Softplus"

    beta: PositiveFloat = argument(1.0, doc="sharpness of the bend")
    threshold: AnyFloat = argument(20.0, doc="value of beta·x above which the result is x")


class PReLU(Layer):
    """x above 0, slope·x below, where the slope is learned (He et al., 2015).

    Example:
        input 64x28x28; prelu channelwise
    """

    keyword = "prelu"
    style = "activation"

    channelwise: Flag = argument(False, words={"channelwise": True}, doc="one slope per channel instead of one for all")
    init: AnyFloat = argument(0.25, doc="initial slope")
    frozen: Flag = argument(False, words={"frozen": True}, doc="the slope is not trained")

    def out(self, x: Shape) -> Shape:
        return spatial(x) if self.channelwise and x.layout is Layout.OPEN else numbers(x)

    def weights(self, x: Shape) -> Weights:
        return {"weight": (x.channels if self.channelwise else 1,)}

    def frozen_weights(self) -> tuple[str, ...]:
        return ("weight",) if self.frozen else ()

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(inputs=(0,), autocast=True, cast_weights=("weight",))

    def torch(self, x: Shape) -> Steps:
        count = x.channels if self.channelwise else 1
        module = nn.PReLU(**given(num_parameters=(count, 1), init=(self.init, 0.25)))
        if self.channelwise and x.layout is Layout.SEQUENCE:
            # torch treats the first axis after the batch as the channels.
            return method.transpose(ARG, 1, 2), module, method.transpose(ARG, 1, 2)
        return (module,)


class SoftmaxActivation(Layer):
    """The base class of `softmax` and `logsoftmax`, along one axis, or along several as if they were one."""

    style = "activation"
    logarithm: ClassVar[bool]

    axis: AnyAxes | None = argument(
        None, doc=f"{AXIS_DOC}, or several adjacent ones (`hw`); the channels or features by default"
    )

    def _axes(self, x: Shape) -> tuple[int, ...]:
        return (x.channel_axis,) if self.axis is None else find_axes(self.axis, x)

    def out(self, x: Shape) -> Shape:
        x = spatial(x) if x.layout is Layout.OPEN and self.axis is None else with_axes(self.axis, numbers(x))
        axes = self._axes(x)
        if len(axes) != axes[-1] - axes[0] + 1:
            why = f"the axes {listed(x.letters[axis] for axis in axes)} of {x} are not adjacent"
            raise Reject("axis", why, help="`permute` makes them adjacent", recovery_shape=x, language_rule=True)
        return x

    def reads(self, x: Shape, y: Shape) -> Links:
        axes = self._axes(x)
        return tuple((axis, ALL if axis in axes else SAME) for axis in range(x.rank))

    def saves(self, x: Shape, y: Shape) -> Saves:
        return OUTPUT

    def torch(self, x: Shape) -> Step:
        axes = self._axes(x)
        if len(axes) > 1:
            return ours.AxesSoftmax(axes[0] + 1, axes[-1] + 1, **given(log=(self.logarithm, False)))
        return (nn.LogSoftmax if self.logarithm else nn.Softmax)(dim=axes[0] + 1)


class Softmax(SoftmaxActivation):
    """exp(x) divided by its sum along an axis, or several: positive numbers that sum to 1.

    Example:
        input 10; softmax
    """

    keyword = "softmax"
    logarithm = False


class LogSoftmax(SoftmaxActivation):
    """The logarithm of softmax, computed without overflow.

    Example:
        input 10; logsoftmax
    """

    keyword = "logsoftmax"
    synonyms = ("log_softmax",)
    logarithm = True


class GLU(Layer):
    """The first half of the channels times the sigmoid of the second (Dauphin et al., 2017).

    Example:
        input 64x28x28; glu
    """

    keyword = "glu"
    style = "activation"

    axis: AnyAxis | None = argument(None, doc=f"{AXIS_DOC}; the channels or features by default")

    def out(self, x: Shape) -> Shape:
        x = spatial(x) if x.layout is Layout.OPEN and self.axis is None else with_axes(self.axis, numbers(x))
        axis = find_axis(self.axis, x)
        size = x.dims[axis]
        if size % 2:
            why, y = f"it halves the axis, but {size} is odd", x.with_size(axis, (size + 1) // 2)
            raise Reject(None, why, help=f"an axis of {size + 1} would give {size // 2 + 1}", recovery_shape=y)
        return x.with_size(axis, size // 2)

    def reads(self, x: Shape, y: Shape) -> Links:
        axis = find_axis(self.axis, x)
        return axis_links(x.rank, axis, halves(x.dims[axis]))

    def saves(self, x: Shape, y: Shape) -> Saves:
        return INPUT

    def torch(self, x: Shape) -> Step:
        return nn.GLU(dim=find_axis(self.axis, x) + 1)
