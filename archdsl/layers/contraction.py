"""Merges that multiply tensors and sum along a common axis."""

from math import prod

from ..contract.call import ARG, ARG2, Steps, torch
from ..contract.layer import Reject
from ..contract.reads import ALL, SAME, Links
from ..contract.reasons import Reasons, factor_of, reasons
from ..contract.saves import Saves, contiguous
from ..diagnostics.catalogue.shape_errors import OperandsDiffer
from ..shapes.shape import Shape
from ._reading import numbers
from .merge import MergeOp, differ


class Matmul(MergeOp):
    """The matrix product of two tensors over their last two axes: N×K times K×M is N×M.

    Axes before these must be equal in both; each index along them is a product of its own.

    Example:
        input 16x64; permute 1 0 as keys; from in; matmul keys
    """

    keyword = "matmul"
    synonyms = ("bmm", "mm")

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        for x in xs:
            if numbers(x).rank < 2:
                why = f"it needs at least two axes, but {x} has one"
                raise Reject(None, why, help=f"`reshape 1x{x.dims[0]}` gives a matrix of one row", language_rule=True)
        if len(xs) != 2:
            why = f"it multiplies two tensors, not {len(xs)}"
            raise Reject(None, why, help="write one `matmul` after another", language_rule=True)
        a, b = xs
        y = Shape(*a.dims[:-1], b.dims[-1], layout=a.layout)
        if a.rank != b.rank:
            raise differ(xs, "have different numbers of axes", y, language_rule=True)
        if a.dims[:-2] != b.dims[:-2]:
            # torch broadcasts axes of length 1.
            raise differ(xs, "differ in an axis before the last two", y, language_rule=True)
        if a.dims[-1] != b.dims[-2]:
            raise Reject(
                None,
                f"{a} has {a.dims[-1]} columns, but {b} has {b.dims[-2]} rows",
                help=("`permute 1 0` transposes a matrix",) if b.rank == 2 else (),
                recovery_shape=y,
                kind=OperandsDiffer,
            )
        return y

    def macs_of(self, xs: tuple[Shape, ...], y: Shape) -> int:
        return prod(y.dims) * xs[0].dims[-1]

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        before: Links = tuple((axis, SAME) for axis in range(y.rank - 2))
        last = y.rank - 1
        return (*before, (last - 1, SAME), (None, ALL)), (*before, (None, ALL), (last, SAME))

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        order = tuple(range(y.rank)) if y.rank > 2 else None
        return Saves(inputs=(0, 1), autocast=True, required_format=order, output_format=contiguous(y.rank))

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        rows, columns = factor_of(y.dims[-2]), factor_of(y.dims[-1])
        return reasons(f"{rows} rows of {names[0]} times {columns} columns of {names[1]}")

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        return (torch.matmul(ARG, ARG2),)
