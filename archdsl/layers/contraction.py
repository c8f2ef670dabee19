"""Merges that multiply tensors and sum along common axes."""

from collections.abc import Mapping
from itertools import pairwise
from math import prod
from string import ascii_lowercase
from typing import Annotated

from ..contract.arguments import PatternText, argument
from ..contract.call import ARG, ARG2, Steps, torch
from ..contract.layer import Reject
from ..contract.reads import ALL, SAME, Links
from ..contract.reasons import Reasons, factor_of, reasons
from ..contract.saves import MemoryFormat, SavedTensor, Saves, contiguous
from ..diagnostics.catalog.shape_errors import OperandsDiffer
from ..shapes.shape import Shape
from ..shapes.symbolic import concrete
from ..text.counts import counted
from ._pattern import AxisPattern, PatternTerm, check_names, check_rank, parse, read_by_names, wrong
from ._reading import numbers
from .merge import MergeOp, differ


class Matmul(MergeOp):
    """The matrix product of two tensors over their last two axes: N×K times K×M is N×M.

    The axes before these are batch axes, which must have the same sizes.

    Example:
        input 16x64; fc 32 as q; permute 1 0 as keys; matmul q keys
    """

    keyword = "matmul"
    synonyms = ("bmm", "mm")

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        for x in xs:
            if numbers(x).rank < 2:
                why = f"it needs at least two axes, but {x} has one"
                raise Reject(None, why, language_rule=True)
        if len(xs) != 2:
            why = f"it multiplies two tensors, not {len(xs)}"
            raise Reject(None, why, help="a product of three tensors takes two statements", language_rule=True)
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


class Einsum(MergeOp):
    """Multiply tensors and sum over the axes that are missing after the arrow (Einstein, 1916).

    The pattern names the axes of one or two tensors, without the batch. If only the second tensor is given, the current
    tensor is the first.

    Example:
        input 16x64; fc 32 as k; from in; fc 32; einsum "t d, s d -> t s" k
    """

    keyword = "einsum"

    pattern: Annotated[str, PatternText(form="einsum")] = argument(
        positional=True, doc="the axes of each tensor, and after `->` those of the result"
    )

    def operands(self, given: int) -> int:
        return self.pattern.partition("->")[0].count(",") + 1

    def check_text(self) -> None:
        pattern = parse(self.pattern)
        _check_terms(pattern)
        check_names(pattern.left, pattern.right, all_kept=False)

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        pattern = parse(self.pattern)
        _check_terms(pattern)
        _check_count(pattern, xs)
        check_names(pattern.left, pattern.right, all_kept=False)
        sizes: dict[str, int] = {}
        for term, x in zip(pattern.left, xs, strict=True):
            check_rank(term, numbers(x))
            for axis, size in zip(term.axes, x.dims, strict=True):
                if sizes.setdefault(axis.name, size) != size:
                    why = f"`{axis.name}` is {sizes[axis.name]} in the first tensor, but {size} in the second"
                    # torch broadcasts an axis of length 1.
                    reject = wrong(why, axis.at)
                    reject.language_rule = 1 in (sizes[axis.name], size)
                    raise reject
        return read_by_names(tuple(sizes[name] for name in pattern.right.names), pattern.right)

    def macs_of(self, xs: tuple[Shape, ...], y: Shape) -> int:
        shared, sizes = self.contracted(xs)
        return prod(sizes.values()) if shared else 0

    def contracted(self, xs: tuple[Shape, ...]) -> tuple[tuple[str, ...], Mapping[str, int]]:
        """The axes that two tensors are summed along, and the sizes of all axes of their product."""
        pattern = parse(self.pattern)
        if len(pattern.left) == 1:
            return (), {}
        first, second = pattern.left
        right = pattern.right.names
        shared = tuple(name for name in first.names if name in second.names and name not in right)
        pairs = ((name, size) for term, x in zip(pattern.left, xs, strict=True) for name, size in _named(term, x))
        # An axis of only one tensor that is not in the result is summed first.
        return shared, {name: size for name, size in pairs if name in right or name in shared}

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        pattern = parse(self.pattern)
        places = {name: index for index, name in enumerate(pattern.right.names)}
        return tuple(
            tuple((places[name], SAME) if name in places else (None, ALL) for name in term.names)
            for term in pattern.left
        )

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        pattern = parse(self.pattern)
        if len(pattern.left) == 1:
            return _moved(pattern)
        shared, sizes = self.contracted(xs)
        inputs: list[int] = []
        copies: list[SavedTensor] = []
        for index, (term, x) in enumerate(zip(pattern.left, xs, strict=True)):
            rest = [name for name in term.names if name in sizes]
            if len(rest) < x.rank and any(concrete(size) > 1 for name, size in _named(term, x) if name not in sizes):
                copies.append(SavedTensor(per_sample=concrete(prod(sizes[name] for name in rest))))
            elif shared and _is_copied(pattern, index, x, shared):
                copies.append(SavedTensor(per_sample=concrete(x.numel)))
            else:
                inputs.append(index)
        return Saves(inputs=tuple(inputs), saved=tuple(copies), autocast=bool(shared), output_format=contiguous(y.rank))

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        return reasons(" and ".join(f"{name} {x}" for name, x in zip(names, xs, strict=True)))

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        return (torch.einsum(_torch_pattern(parse(self.pattern)), *(ARG, ARG2)[: len(xs)]),)


def _moved(pattern: AxisPattern) -> Saves:
    """What an `einsum` of one tensor saves: a permutation is a view, a sum saves nothing."""
    names, right = pattern.left[0].names, pattern.right.names
    if len(names) > len(right):
        return Saves(output_format=contiguous(len(right)))

    def moved(order: MemoryFormat) -> MemoryFormat:
        return tuple(right.index(names[axis]) for axis in order)

    return Saves(view=True, output_format=moved)


def _is_copied(pattern: AxisPattern, index: int, x: Shape, shared: tuple[str, ...]) -> bool:
    """Whether torch must copy a tensor to view it as a batch of matrices: if axes to be joined are not adjacent.

    torch joins the axes of both tensors, those of this one, and the summed ones, each in the order of the result and
    then of the letters in the pattern.
    """
    names, others = pattern.left[index].names, pattern.left[1 - index].names
    letters = _letters(pattern)
    order = [*pattern.right.names, *sorted(shared, key=lambda name: (letters[name].islower(), letters[name]))]
    strides: dict[str, int] = {"": concrete(x.numel)}
    for axis, name in enumerate(names):
        strides[name] = prod(map(concrete, x.dims[axis + 1 :]))
    sizes = {"": 2, **{name: concrete(size) for name, size in _named(pattern.left[index], x)}}
    both = ["", *(name for name in order if name in names and name in others and name not in shared)]
    own = [name for name in order if name in names and name not in others]
    summed = [name for name in order if name in shared]
    groups = ([name for name in group if sizes[name] > 1] for group in (both, own, summed))
    return any(strides[a] != sizes[b] * strides[b] for group in groups for a, b in pairwise(group))


def _check_terms(pattern: AxisPattern) -> None:
    """Check that there are one or two terms, and that they have names only. Raises Reject."""
    if len(pattern.left) > 2:
        why = "at most two tensors can be multiplied"
        raise wrong(why, pattern.left[2].at, help="write one `einsum` after another; their order determines the cost")
    for term in (*pattern.left, pattern.right):
        for group in term.groups:
            if len(group.axes) != 1 or group.axes[0].number is not None:
                raise wrong("`einsum` takes names only", group.at, help="`rearrange` splits and joins axes")


def _check_count(pattern: AxisPattern, xs: tuple[Shape, ...]) -> None:
    """Check that there is a tensor for each term. Raises Reject."""
    if len(pattern.left) != len(xs):
        count = len(pattern.left)
        why = f"the pattern is for {counted(count, 'tensor')}, not {len(xs)}"
        raise wrong(why, pattern.left[-1].at)


def _named(term: PatternTerm, x: Shape) -> tuple[tuple[str, int], ...]:
    return tuple(zip(term.names, x.dims, strict=True))


def _letters(pattern: AxisPattern) -> Mapping[str, str]:
    """A letter for each name, and for the batch, whose name is empty."""
    names = dict.fromkeys(name for term in pattern.left for name in term.names)
    letters: dict[str, str] = {name: name for name in names if len(name) == 1 and name in ascii_lowercase}
    for name in ("", *(name for name in names if name not in letters)):
        # The batch is `b` unless that is taken; a longer name gets one of its own letters if possible.
        wanted = (name.lower() or "b") + ascii_lowercase + ascii_lowercase.upper()
        letters[name] = next(each for each in wanted if each.isalpha() and each not in letters.values())
    return letters


def _torch_pattern(pattern: AxisPattern) -> str:
    """The pattern in torch's notation: `btd,bsd->bts`."""
    letters = _letters(pattern)
    terms = ["".join(letters[name] for name in ("", *term.names)) for term in (*pattern.left, pattern.right)]
    return f"{','.join(terms[:-1])}->{terms[-1]}"
