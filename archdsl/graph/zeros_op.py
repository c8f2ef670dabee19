"""Zeros: what a carried tensor of a repetition starts with."""

from ..contract.call import Module, Steps
from ..contract.layer import Op, Weights
from ..contract.reads import NOTHING_READ, Links
from ..contract.reasons import Reasons, reasons
from ..contract.saves import Saves, contiguous
from ..shapes.shape import Shape


class ZerosOp(Op):
    """Zeros of a shape. It takes the number of samples, and the sizes of the axes in `axes`, from its input.

    `axes` has the axis of the input for each axis of the shape, or None where the size is the shape's own.
    """

    keyword = "zeros"
    style = "arithmetic"

    shape: Shape
    axes: tuple[int | None, ...]

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        pairs = zip(self.shape.dims, self.axes, strict=True)
        return Shape(*(dim if axis is None else xs[0].dims[axis] for dim, axis in pairs))

    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        return {}

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        return (((None, NOTHING_READ),) * xs[0].rank,)

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        return Saves(output_format=contiguous(y.rank))

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        return reasons("the shape that is carried over")

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        pairs = zip(self.shape.dims, self.axes, strict=True)
        sizes = tuple(dim if axis is None else axis - xs[0].rank for dim, axis in pairs)
        return (Module(target="archdsl.backends.modules.Zeros", args=sizes),)
