"""Merges that join tensors along an existing axis or a new one."""

from ..contract.arguments import argument
from ..contract.axes import AXIS_DOC, AnyAxis, NewAxis
from ..contract.call import ARGS, Steps, torch
from ..contract.layer import Reject
from ..contract.reads import ALL, MIXED, SAME, Links, axis_links, moved
from ..contract.reasons import Reasons, concatenated, reasons
from ..contract.saves import NO_SAVED_TENSORS, Saves, contiguous
from ..diagnostics import Change
from ..shapes.shape import Layout, Shape
from ._reading import by_rank, find_axis, with_axes
from .merge import MergeOp, common_layout, differ


class Concat(MergeOp):
    """The operands concatenated along an axis, by default the channels (Szegedy et al., 2014; Huang et al., 2016).

    Example:
        input 64x28x28; concat { conv 32 k3 p1; relu }
    """

    keyword = "concat"
    synonyms = ("cat", "concatenate")

    axis: AnyAxis | None = argument(None, doc=f"{AXIS_DOC}; the channels or features by default")

    def _read(self, xs: tuple[Shape, ...]) -> tuple[tuple[Shape, ...], int]:
        """The operands in their common layout, and the axis."""
        layout = common_layout(xs)
        if layout is Layout.OPEN and self.axis is None:
            layout = Layout.SIGNAL
        x = with_axes(self.axis, xs[0].read_as(layout))
        return tuple(each.read_as(x.layout) for each in xs), find_axis(self.axis, x)

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        xs, axis = self._read(xs)
        y = xs[0].with_size(axis, sum(x.dims[axis] for x in xs))
        for x in xs:
            if x.with_size(axis, 1).dims != xs[0].with_size(axis, 1).dims:
                along = "the channels" if self.axis is None else f"axis {xs[0].letters[axis]}"
                raise differ(xs, f"differ in a dimension other than {along}", y, language_rule=False)
        return y

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        xs, axis = self._read(xs)
        links: list[Links] = []
        start = 0
        for x in xs:
            own = ALL if axis == y.channel_axis else moved(-start)
            links.append(axis_links(x.rank, axis, own))
            start += x.dims[axis]
        return tuple(links)

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        return NO_SAVED_TENSORS

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        xs, axis = self._read(xs)
        return concatenated(xs, y, names, axis)

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        return (torch.cat(ARGS, self._read(xs)[1] + 1),)


class StackMerge(MergeOp):
    """Operands of the same shape, stacked along a new axis, by default the first.

    `axis=t` or `axis=l` turns vectors into a sequence or a signal, and `axis=d` turns images into a volume.

    Example:
        input 3x64x64; stack { conv 8 k3 } { conv 8 k3 } axis=d
    """

    keyword = "stack"

    axis: NewAxis = argument(0, doc="the new axis, numbered from 0 without the batch")

    def _place(self, x: Shape) -> tuple[int, Layout | None]:
        """The index of the new axis, and the layout of the result (None: by its rank). Raises Reject."""
        if isinstance(self.axis, int):
            if -x.rank - 1 <= self.axis <= x.rank:
                return self.axis % (x.rank + 1), None
            why = f"the result has the axes 0 to {x.rank}, not {self.axis}"
            raise Reject("axis", why, language_rule=True)
        for layout in (Layout.SEQUENCE, Layout.SIGNAL, Layout.VOLUME):
            letters = Shape(*(1,) * (x.rank + 1), layout=layout).letters
            if self.axis in letters and letters.replace(self.axis, "") == x.letters:
                return letters.index(self.axis), layout
        why = f"{x} cannot have an axis `{self.axis}`"
        raise Reject("axis", why, changes=Change.of(axis="0"), language_rule=True)

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        layout = common_layout(xs)
        xs = tuple(x.read_as(layout) for x in xs)
        place, made = self._place(xs[0])
        dims = (*xs[0].dims[:place], len(xs), *xs[0].dims[place:])
        y = by_rank(dims, "axis") if made is None else Shape(*dims, layout=made)
        if any(x.dims != xs[0].dims for x in xs):
            raise differ(xs, "have different shapes", y, language_rule=False)
        return y

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        place, _ = self._place(xs[0].read_as(common_layout(xs)))
        # Only one position along a new spatial axis reads an operand; links can only give an upper bound.
        channels = SAME if place == y.channel_axis else MIXED
        return tuple(
            tuple((i + (i >= place), channels if i == x.channel_axis else SAME) for i in range(x.rank)) for x in xs
        )

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        return Saves(output_format=contiguous(y.rank))

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        return reasons(f"{len(xs)} tensors of {xs[0]}")

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        place, _ = self._place(xs[0].read_as(common_layout(xs)))
        return (torch.stack(ARGS, place + 1),)
