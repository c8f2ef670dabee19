"""Elementwise functions without weights. Below 0, `log`, `sqrt` and `rsqrt` return NaN."""

from typing import ClassVar

from ..contract.arguments import AnyFloat, argument
from ..contract.call import ARG, Apply, Step, method, operator
from ..contract.layer import Layer, Reject
from ..contract.reads import Links, pointwise
from ..contract.saves import INPUT, NO_SAVED_TENSORS, OUTPUT, Saves
from ..diagnostics import Change
from ..shapes.shape import Shape
from ._calls import given
from ._reading import numbers


class Elementwise(Layer):
    """A function that applies to each element separately."""

    style = "arithmetic"
    overridable = True
    kept: ClassVar[Saves] = INPUT
    """What the gradient is computed from."""

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return self.kept


class Function(Elementwise):
    """A function without arguments; its keyword is the name of torch's method."""

    def out(self, x: Shape) -> Shape:
        return numbers(x)

    def torch(self, x: Shape) -> Step:
        return Apply(target=f".{self.keyword}", args=(ARG,))


class Abs(Function):
    """The absolute value.

    Example:
        input 2x64; abs
    """

    keyword = "abs"
    synonyms = ("absolute",)


class Neg(Function):
    """The negation, −x.

    Example:
        input 64; neg
    """

    keyword = "neg"
    synonyms = ("negative", "negate")
    kept = NO_SAVED_TENSORS


class Exp(Function):
    """The exponential function.

    Example:
        input 64; exp
    """

    keyword = "exp"
    kept = OUTPUT


class Log(Function):
    """The natural logarithm.

    Example:
        input 80x3000; clamp min=1e-10; log
    """

    keyword = "log"


class Sqrt(Function):
    """The square root.

    Example:
        input 64x8x8; square; avgpool 8; sqrt
    """

    keyword = "sqrt"
    kept = OUTPUT


class Rsqrt(Function):
    """The reciprocal of the square root, 1/√x.

    Example:
        input 64; square; shift 1e-6; rsqrt
    """

    keyword = "rsqrt"
    kept = OUTPUT


class Square(Function):
    """The square, x².

    Example:
        input 64; relu; square
    """

    keyword = "square"


class Sin(Function):
    """The sine of an angle in radians.

    Example:
        input 64; sin
    """

    keyword = "sin"


class Cos(Function):
    """The cosine of an angle in radians.

    Example:
        input 64; cos
    """

    keyword = "cos"


class Power(Elementwise):
    """Every element raised to a constant power.

    Example:
        input 64x8x8; clamp min=1e-6; pow 3
    """

    keyword = "pow"
    synonyms = ("power",)

    exponent: AnyFloat = argument(positional=True, doc="the exponent")

    def out(self, x: Shape) -> Shape:
        return numbers(x)

    def torch(self, x: Shape) -> Step:
        return operator.pow(ARG, self.exponent)


class Clamp(Elementwise):
    """Replace elements below `min` with `min` and those above `max` with `max`.

    Example:
        input 64x28x28; clamp 0 6
    """

    keyword = "clamp"
    synonyms = ("clip",)

    min: AnyFloat | None = argument(None, positional=True, doc="lower bound; none by default")
    max: AnyFloat | None = argument(None, positional=True, doc="upper bound; none by default")

    def out(self, x: Shape) -> Shape:
        numbers(x)
        if self.min is None and self.max is None:
            why = "either `min` or `max` is required"
            raise Reject(
                None, why, changes=(Change(instead="clamp min=0"), Change(instead="clamp 0 1")), recovery_shape=x
            )
        if self.min is not None and self.max is not None and self.min > self.max:
            # torch would set every element to `max`.
            why = f"no value is between {self.min:g} and {self.max:g}"
            change = Change(instead=f"clamp {self.max:g} {self.min:g}")
            raise Reject("max", why, changes=change, recovery_shape=x, language_rule=True)
        return x

    def torch(self, x: Shape) -> Step:
        # Both of the same type: torch's ONNX exporter fails if one is an integer and the other a float.
        low, high = self.min, self.max
        if low is not None and high is not None and not (isinstance(low, int) and isinstance(high, int)):
            low, high = float(low), float(high)
        return method.clamp(ARG, **given(min=(low, None), max=(high, None)))
