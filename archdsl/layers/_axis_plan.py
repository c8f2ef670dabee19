"""How a pattern rearranges the axes of a tensor: it splits them into factors, permutes these and joins them."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import NamedTuple

from ..contract.call import ARG, Apply, Steps, method
from ..contract.reads import ALL, MIXED, SAME, Link, Links, PeriodicReads, Reads
from ..contract.saves import MemoryFormat
from ..shapes.shape import Shape
from ..shapes.symbolic import concrete
from ..text.word_lists import listed
from ._pattern import PatternAxis, PatternTerm, wrong


class Factor(NamedTuple):
    """A part of an axis: a name, or one of the numbers (`#0`, `#1` …). `fixed`: its size is given, not inferred."""

    key: str
    size: int
    fixed: bool


class AxisPlan(NamedTuple):
    """The factors of each axis of the input and of the output. Factors that the output lacks are reduced."""

    before: tuple[tuple[Factor, ...], ...]
    after: tuple[tuple[Factor, ...], ...]

    @property
    def dims(self) -> tuple[int, ...]:
        """The sizes of the output."""
        return tuple(prod(factor.size for factor in group) for group in self.after)

    def steps(self, reduction: str | None) -> Steps:
        """Calls of tensor methods that split, reduce, permute and join axes."""
        factors = [factor for group in self.before for factor in group]
        kept = [factor.key for group in self.after for factor in group]
        steps = list(_split(self.before))
        if reduction is not None:
            gone = tuple(i for i, factor in enumerate(factors, 1) if factor.key not in kept)
            steps.append(Apply(target=f".{reduction}", args=(ARG, gone[0] if len(gone) == 1 else gone)))
        order = [factor.key for factor in factors if factor.key in kept]
        if order != kept:
            steps.append(method.permute(ARG, 0, *(order.index(key) + 1 for key in kept)))
        return (*steps, *_join(self.after))

    def reads(self, x: Shape, y: Shape) -> Links:
        """What an output position reads along each axis of the input."""
        return tuple(self._link(group, y) for group in self.before)

    def _link(self, group: tuple[Factor, ...], y: Shape) -> Link:
        places = {factor.key: index for index, after in enumerate(self.after) for factor in after}
        spatial = [i for i, f in enumerate(group) if f.key in places and places[f.key] != y.channel_axis]
        axes = sorted({places[group[i].key] for i in spatial})
        if not axes:
            return None, ALL
        after = self.after[axes[0]]
        if len(axes) == 1 and [f.key for f in group] == [f.key for f in after]:
            return axes[0], SAME
        if len(axes) > 1 or len(spatial) > 1:
            return axes[0], MIXED
        # The output position selects an index of one factor; all elements of the factors inside it are read.
        at = spatial[0]
        if any(concrete(f.size) != 1 for f in group[:at]):
            return axes[0], MIXED
        number = next(i for i, f in enumerate(after) if f.key == group[at].key)
        outside = after[:number]
        return axes[0], _digit(group[at].size, prod(f.size for f in after[number + 1 :]), group[at + 1 :], not outside)

    def copies(self, order: MemoryFormat) -> tuple[bool, MemoryFormat]:
        """Whether joining copies a tensor with this memory order of axes, and the memory order of the result."""
        sizes = {f.key: concrete(f.size) for group in self.before for f in group}
        strides: dict[str, int] = {}
        step = 1
        for axis in reversed(order):
            for factor in reversed(self.before[axis]):
                strides[factor.key] = step
                step *= sizes[factor.key]
        return _laid_out(self.after, sizes, strides)

    def copies_reduced(self) -> tuple[bool, MemoryFormat]:
        """Like `copies`, after a reduction, whose result is contiguous."""
        kept = {f.key for group in self.after for f in group}
        sizes = {f.key: concrete(f.size) for group in self.before for f in group if f.key in kept}
        strides: dict[str, int] = {}
        step = 1
        for key in reversed(list(sizes)):
            strides[key] = step
            step *= sizes[key]
        return _laid_out(self.after, sizes, strides)


def plan(left: PatternTerm, right: PatternTerm, sizes: dict[str, int], given: Sequence[str]) -> AxisPlan:
    """The factors of both terms. Raises Reject if their numbers do not match."""
    pieces = _refined(_numbers(left), _numbers(right))
    before = _factors(left, sizes, pieces[0], given)
    return AxisPlan(before, _factors(right, sizes, pieces[1], given))


def plan_reduced(left: PatternTerm, right: PatternTerm, sizes: dict[str, int], given: Sequence[str]) -> AxisPlan:
    """The factors of both terms if the numbers on the left are reduced."""
    numbers = [(axis.number or 1,) for axis in _numbers(left)]
    before = _factors(left, sizes, numbers, given)
    return AxisPlan(before, _factors(right, sizes, [], given))


def _numbers(term: PatternTerm) -> list[PatternAxis]:
    return [axis for axis in term.axes if axis.number is not None and axis.number != 1]


def _refined(
    left: Sequence[PatternAxis], right: Sequence[PatternAxis]
) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """Both lists of numbers as the same factors, grouped by number. Raises Reject if there are no such factors."""
    made: tuple[list[list[int]], list[list[int]]] = ([[] for _ in left], [[] for _ in right])
    i = j = 0
    a = b = 1
    while i < len(left) and j < len(right):
        a, b = (left[i].number or 1) if a == 1 else a, (right[j].number or 1) if b == 1 else b
        piece = min(a, b)
        if max(a, b) % piece:
            why = f"{right[j].name} cannot be formed from {listed(axis.name for axis in left)} in this order"
            raise wrong(why, right[j].at, help="give the axes names: `h=2`")
        made[0][i].append(piece)
        made[1][j].append(piece)
        a, b = a // piece, b // piece
        i, j = i + (a == 1), j + (b == 1)
    if i < len(left) or j < len(right):
        axis = left[i] if i < len(left) else right[j]
        totals = [prod(each.number or 1 for each in side) for side in (left, right)]
        raise wrong(f"the product of the numbers is {totals[0]} on the left and {totals[1]} on the right", axis.at)
    return [tuple(each) for each in made[0]], [tuple(each) for each in made[1]]


def _factors(
    term: PatternTerm, sizes: dict[str, int], pieces: Sequence[tuple[int, ...]], given: Sequence[str]
) -> tuple[tuple[Factor, ...], ...]:
    """The factors of each axis of a term; those of numbers are numbered consecutively."""
    rest = list(pieces)
    count = 0
    groups: list[tuple[Factor, ...]] = []
    for group in term.groups:
        made: list[Factor] = []
        for axis in group.axes:
            if axis.number is None:
                made.append(Factor(axis.name, sizes[axis.name], axis.name in given))
            elif axis.number != 1:
                for size in rest.pop(0):
                    made.append(Factor(f"#{count}", size, True))
                    count += 1
        groups.append(tuple(made))
    return tuple(groups)


def _split(groups: Sequence[tuple[Factor, ...]]) -> Steps:
    """The calls that turn each factor into an axis. -1 stands for a size that torch infers."""
    steps: list[Apply] = []
    for axis, group in reversed(list(enumerate(groups, 1))):
        if not group:
            steps.append(method.squeeze(ARG, axis))
        elif len(group) > 1:
            steps.append(method.unflatten(ARG, axis, tuple(f.size if f.fixed else -1 for f in group)))
    return tuple(steps)


def _join(groups: Sequence[tuple[Factor, ...]]) -> Steps:
    """The calls that join the factors of each group into one axis."""
    steps: list[Apply] = []
    start = 1 + sum(len(group) for group in groups)
    for group in reversed(groups):
        start -= len(group)
        if not group:
            steps.append(method.unsqueeze(ARG, start))
        elif len(group) > 1:
            steps.append(method.flatten(ARG, start, start + len(group) - 1))
    return tuple(steps)


def _digit(size: int, after: int, inner: Sequence[Factor], outermost: bool) -> Reads:
    """Position o reads index floor(o/after) mod size of a factor, and all elements of the factors inside it."""
    width = prod(f.size for f in inner)
    if not all(type(number) is int for number in (size, after, width)):
        return MIXED
    if outermost:
        return PeriodicReads(period=after, step=width, offsets=(range(width),) * after) if after <= 4096 else MIXED
    if after * size > 4096:
        return MIXED
    places = (range(o // after * width, o // after * width + width) for o in range(after * size))
    return PeriodicReads(period=after * size, step=0, offsets=tuple(places))


def _laid_out(
    groups: Sequence[tuple[Factor, ...]], sizes: dict[str, int], strides: dict[str, int]
) -> tuple[bool, MemoryFormat]:
    """Whether joining factors with these strides copies the tensor, and the memory order of the result."""
    copied = False
    axes: list[tuple[int, int]] = []
    for group in groups:
        parts = [(sizes[f.key], strides[f.key]) for f in group if sizes[f.key] != 1]
        copied = copied or any(a[1] != b[0] * b[1] for a, b in pairwise(parts))
        axes.append((prod(size for size, _ in parts), parts[-1][1] if parts else 0))
    if copied:
        return True, tuple(range(len(groups)))
    return False, tuple(sorted(range(len(axes)), key=lambda axis: (-axes[axis][1], axis)))
