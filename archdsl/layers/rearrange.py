"""Rearranging and reducing axes by a pattern, in einops' notation without the batch (Rogozhnikov, 2022).

The pattern names the axes of the input, from left to right, and after `->` those of the output. Parentheses join
several names into one axis: `(h w)` has length h·w, row by row. `1` and `()` are axes of length 1. The size of an axis
is inferred from the input or given as an argument: `"(h p) w -> h (p w)" p=4`. A number in place of a name is an axis
of that size; in `rearrange`, such axes keep their order, but may be joined or split.

A result with two axes is a sequence if its first axis is `t` or its last contains `c`, and a signal if its last is `l`
or its first contains `c`; otherwise, the next layer decides.
"""

from typing import Annotated, Literal

from ..contract.arguments import Int, OneOf, PatternText, argument
from ..contract.call import Steps, nn
from ..contract.layer import Layer
from ..contract.reads import Links
from ..contract.reasons import Reasons, change
from ..contract.saves import SavedTensor, Saves
from ..shapes.shape import Shape
from ..shapes.symbolic import concrete
from ._axis_plan import AxisPlan, plan, plan_reduced
from ._pattern import AxisPattern, check_names, measure, parse, read_by_names, wrong
from ._reading import numbers

SizesByName = Annotated[tuple[tuple[str, int], ...], Int(minimum=1)]
_METHODS = {"mean": "mean", "sum": "sum", "max": "amax", "min": "amin"}


class PatternLayer(Layer):
    """The base class of `rearrange` and `reduce`."""

    style = "shape"
    overridable = True

    sizes: SizesByName = argument((), rest=True, doc="the size of an axis, by its name in the pattern")

    def read(self, text: str) -> AxisPattern:
        """The pattern, of a single tensor, with the names whose sizes are given. Raises Reject."""
        pattern = parse(text)
        if len(pattern.left) > 1:
            raise wrong("a single tensor is rearranged, but the pattern has a comma", pattern.left[1].at)
        for name, _ in self.sizes:
            if name not in pattern.left[0].names:
                raise wrong(f"there is no axis `{name}` on the left", pattern.left[0].at)
        return pattern

    def parsed(self, x: Shape, text: str) -> tuple[AxisPattern, dict[str, int]]:
        """The pattern and the sizes of its names for this input. Raises Reject."""
        pattern = self.read(text)
        return pattern, measure(pattern.left[0], numbers(x), dict(self.sizes))

    def reason(self, x: Shape, y: Shape) -> Reasons:
        return change(x, y)


class Rearrange(PatternLayer):
    """Reorder, split and join axes.

    Example:
        input 32x16x16; rearrange "c (h 2) (w 2) -> (c 4) h w"
    """

    keyword = "rearrange"

    pattern: Annotated[str, PatternText(form="rearrange")] = argument(
        positional=True, doc="the axes before and after, without the batch"
    )

    def check_text(self) -> None:
        pattern = self.read(self.pattern)
        check_names(pattern.left, pattern.right, all_kept=True)

    def out(self, x: Shape) -> Shape:
        pattern, _ = self.parsed(x, self.pattern)
        check_names(pattern.left, pattern.right, all_kept=True)
        return read_by_names(self._plan(x).dims, pattern.right)

    def _plan(self, x: Shape) -> AxisPlan:
        pattern, sizes = self.parsed(x, self.pattern)
        return plan(pattern.left[0], pattern.right, sizes, tuple(dict(self.sizes)))

    def reads(self, x: Shape, y: Shape) -> Links:
        return self._plan(x).reads(x, y)

    def saves(self, x: Shape, y: Shape) -> Saves:
        moved = self._plan(x)
        whole = tuple(range(x.rank))
        view = not moved.copies(whole)[0]
        return Saves(view=view, required_format=whole, output_format=lambda order: moved.copies(order)[1])

    def torch(self, x: Shape) -> Steps:
        return self._plan(x).steps(None) or (nn.Identity(),)


class Reduce(PatternLayer):
    """Reduce the axes that are missing after the arrow, and rearrange the others.

    Example:
        input 32x16x16; reduce "c (h 2) (w 2) -> c h w" max
    """

    keyword = "reduce"

    pattern: Annotated[str, PatternText(form="reduce")] = argument(
        positional=True, doc="the axes before and after, without the batch"
    )
    operation: Annotated[Literal["mean", "sum", "max", "min"], OneOf(choices=("mean", "sum", "max", "min"))] = argument(
        positional=True, doc="how the elements along the removed axes are combined"
    )

    def check_text(self) -> None:
        pattern = self.read(self.pattern)
        check_names(pattern.left, pattern.right, all_kept=False)
        _check_numbers(pattern)

    def out(self, x: Shape) -> Shape:
        pattern, _ = self.parsed(x, self.pattern)
        left, right = pattern.left[0], pattern.right
        check_names(pattern.left, right, all_kept=False)
        _check_numbers(pattern)
        moved = self._plan(x)
        if len([f for group in moved.before for f in group]) == len(right.names):
            raise wrong("all axes stay", left.at, help="`rearrange` needs no operation")
        return read_by_names(moved.dims, right)

    def _plan(self, x: Shape) -> AxisPlan:
        pattern, sizes = self.parsed(x, self.pattern)
        return plan_reduced(pattern.left[0], pattern.right, sizes, tuple(dict(self.sizes)))

    def reads(self, x: Shape, y: Shape) -> Links:
        return self._plan(x).reads(x, y)

    def saves(self, x: Shape, y: Shape) -> Saves:
        copied, order = self._plan(x).copies_reduced()
        kept = Saves(output_format=lambda _: order)
        if self.operation in ("mean", "sum"):
            return kept
        own = (SavedTensor(per_sample=concrete(y.numel)),) if copied else ()
        return kept.replace(inputs=(0,), output=not copied, saved=own)

    def torch(self, x: Shape) -> Steps:
        return self._plan(x).steps(_METHODS[self.operation])


def _check_numbers(pattern: AxisPattern) -> None:
    """Check that `reduce` keeps no axis that is a number. Raises Reject."""
    for axis in pattern.right.axes:
        if axis.number not in (None, 1):
            raise wrong("a number before the arrow is reduced: an axis that stays needs a name", axis.at)
