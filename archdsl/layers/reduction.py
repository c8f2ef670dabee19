"""Layers that replace the elements along one or several axes with one number, such as their mean.

`axis` takes names (`c`, `t`, `d`, `h`, `w` or `l`, or several: `axis=hw`) or numbers, counted from 0 without the batch
(`axis=1x2`).
"""

from math import prod
from typing import ClassVar

from ..contract.arguments import Flag, NaturalInt, PositiveFloat, argument
from ..contract.axes import AnyAxes
from ..contract.call import ARG, Apply, Step
from ..contract.layer import Layer, Reject
from ..contract.reads import ALL, SAME, Links
from ..contract.reasons import Reasons, change, factor_of, reasons
from ..contract.saves import NO_SAVED_TENSORS, Saves, contiguous
from ..diagnostics import Change
from ..shapes.shape import SPATIAL, Layout, Shape
from ..text.word_lists import listed
from ._calls import given
from ._reading import by_rank, find_axes, numbers, with_axes


class Reduction(Layer):
    """The base class of reductions."""

    style = "pool"
    overridable = True
    target: ClassVar[str]
    """The torch function, or a method after a dot; it takes `dim` and `keepdim`."""
    kept: ClassVar[Saves]
    """What the gradient is computed from."""

    axis: AnyAxes = argument(doc="axes to reduce")
    keep: Flag = argument(False, words={"keep": True}, doc="keep the axes, each of length 1")

    def options(self) -> dict[str, float]:
        """Further arguments of the torch function."""
        raise NotImplementedError

    def reduced(self, x: Shape) -> Shape:
        """The shape without the axes. Raises Reject."""
        x = with_axes(self.axis, numbers(x))
        axes = find_axes(self.axis, x)
        if self.keep:
            return Shape(*(1 if i in axes else size for i, size in enumerate(x.dims)), layout=x.layout)
        rest = tuple(size for i, size in enumerate(x.dims) if i not in axes)
        if not rest:
            y = Shape(*(1 for _ in x.dims), layout=x.layout)
            why = f"this would remove every axis of {x}"
            raise Reject("axis", why, changes=Change.of(keep="keep"), recovery_shape=y, language_rule=True)
        if x.layout is not Layout.OPEN and x.spatial and 0 not in axes and len(rest) > 1:
            return Shape(*rest, layout=SPATIAL[len(rest) - 1])
        return by_rank(rest, "axis")

    def reason(self, x: Shape, y: Shape) -> Reasons:
        x = with_axes(self.axis, x)
        if x.layout is Layout.OPEN:
            return change(x, y)
        removed = listed(f"{x.letters[i].upper()} = {factor_of(x.dims[i])}" for i in find_axes(self.axis, x))
        return reasons(f"over {removed}")

    def reads(self, x: Shape, y: Shape) -> Links:
        axes = find_axes(self.axis, x)
        kept = [i for i in range(x.rank) if self.keep or i not in axes]
        return tuple((kept.index(i), ALL if i in axes else SAME) if i in kept else (None, ALL) for i in range(x.rank))

    def saves(self, x: Shape, y: Shape) -> Saves:
        return self.kept.replace(output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Step:
        axes = tuple(axis + 1 for axis in find_axes(self.axis, x))
        options = {**self.options(), "dim": axes[0] if len(axes) == 1 else axes, **given(keepdim=(self.keep, False))}
        return Apply(target=self.target, args=(ARG,), kwargs=tuple(options.items()))


class Plain(Reduction):
    """A reduction without arguments of its own."""

    def out(self, x: Shape) -> Shape:
        return self.reduced(x)

    def options(self) -> dict[str, float]:
        return {}


class Sum(Plain):
    """The sum over axes.

    Example:
        input 128x64; sum axis=t
    """

    keyword = "sum"
    target = ".sum"
    kept = NO_SAVED_TENSORS


class Mean(Plain):
    """The mean over axes.

    Example:
        input 64x28x28; mean axis=c keep
    """

    keyword = "mean"
    target = ".mean"
    kept = NO_SAVED_TENSORS


class AxisMaximum(Plain):
    """The maximum over axes.

    Example:
        input 64x28x28; amax axis=c keep
    """

    keyword = "amax"
    synonyms = ("reduce_max",)
    target = ".amax"
    kept = Saves(inputs=(0,), output=True)


class AxisMinimum(Plain):
    """The minimum over axes.

    Example:
        input 64x28x28; amin axis=hw
    """

    keyword = "amin"
    synonyms = ("reduce_min",)
    target = ".amin"
    kept = Saves(inputs=(0,), output=True)


class Deviation(Reduction):
    """The standard deviation over axes: √(Σ(x − mean)²/(n − `correction`)) for n elements.

    Example:
        input 2x100; conv 64 k5; std axis=l
    """

    keyword = "std"
    target = ".std"
    kept = Saves(inputs=(0,), output=True)

    correction: NaturalInt = argument(1, doc="1 for the unbiased variance, 0 for the mean squared deviation")

    def out(self, x: Shape) -> Shape:
        y = self.reduced(x)
        count = prod(x.dims[axis] for axis in find_axes(self.axis, x))
        if count <= self.correction:
            # torch divides by 0 and gives NaN.
            why = f"{self.correction} is not less than the number of elements, {count}"
            raise Reject("axis", why, changes=Change.of(correction="0"), recovery_shape=y, language_rule=True)
        return y

    def options(self) -> dict[str, float]:
        return given(correction=(self.correction, 1))


class Norm(Reduction):
    """The p-norm over axes, (Σ|x|ᵖ)^(1/p); the Euclidean norm by default.

    Example:
        input 128x64; norm axis=c keep
    """

    keyword = "norm"
    synonyms = ("vector_norm",)
    target = "torch.linalg.vector_norm"
    kept = Saves(inputs=(0,), output=True)

    p: PositiveFloat = argument(2.0, positional=True, doc="the exponent p")

    def out(self, x: Shape) -> Shape:
        return self.reduced(x)

    def options(self) -> dict[str, float]:
        return given(ord=(self.p, 2.0))
