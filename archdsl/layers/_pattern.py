"""Patterns of axes in einops' notation, without the batch: `c (h 2) w -> (c 2) h w` (Rogozhnikov, 2022)."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from math import prod
from typing import NamedTuple

from ..contract.layer import Reject
from ..shapes.shape import Layout, Shape
from ..text.word_lists import listed
from ._reading import by_rank

_TOKEN = re.compile(r"->|[A-Za-z_]\w*|\d+|\s+|.", re.ASCII | re.DOTALL)
At = tuple[int, int]
"""The start and end offsets of something in the pattern."""


class PatternAxis(NamedTuple):
    """A name, or a number as its own name."""

    name: str
    at: At

    @property
    def number(self) -> int | None:
        """The size, where the axis is a number."""
        return int(self.name) if self.name.isdigit() else None


class AxisGroup(NamedTuple):
    """The parts of one axis of a tensor: several in parentheses, else one."""

    axes: tuple[PatternAxis, ...]
    at: At


class PatternTerm(NamedTuple):
    """The axes of one tensor."""

    groups: tuple[AxisGroup, ...]
    at: At

    @property
    def axes(self) -> tuple[PatternAxis, ...]:
        """All axes, including those in parentheses."""
        return tuple(axis for group in self.groups for axis in group.axes)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, without the numbers."""
        return tuple(axis.name for axis in self.axes if axis.number is None)


class AxisPattern(NamedTuple):
    """The terms before the arrow, and the one after it."""

    left: tuple[PatternTerm, ...]
    right: PatternTerm


def wrong(why: str, at: At | None, *, help: tuple[str, ...] | str = (), recovery: Shape | None = None) -> Reject:
    """The rejection of a pattern, at a place in it."""
    return Reject("pattern", why, help=help, at=at, recovery_shape=recovery, language_rule=True)


@cache
def parse(text: str) -> AxisPattern:
    """The terms of a pattern. Raises Reject."""
    tokens = [(found[0], (found.start(), found.end())) for found in _TOKEN.finditer(text) if not found[0].isspace()]
    arrows = [index for index, (word, _) in enumerate(tokens) if word == "->"]
    if len(arrows) != 1:
        why = "a second `->`" if arrows else "there is no `->`"
        raise wrong(why, tokens[arrows[1]][1] if arrows else None, help='for example "c h w -> (h w) c"')
    before, after = tokens[: arrows[0]], tokens[arrows[0] + 1 :]
    start, end = tokens[arrows[0]][1]
    left: list[PatternTerm] = []
    begin = 0
    for index, (word, at) in enumerate([*before, (",", (start, start))]):
        if word == ",":
            left.append(_term(before[begin:index], at))
            begin = index + 1
    return AxisPattern(tuple(left), _term(after, (end, end)))


def _term(tokens: Sequence[tuple[str, At]], place: At) -> PatternTerm:
    groups: list[AxisGroup] = []
    opened: int | None = None
    inside: list[PatternAxis] = []
    for word, at in tokens:
        if word == "(" and opened is None:
            opened, inside = at[0], []
        elif word == ")" and opened is not None:
            groups.append(AxisGroup(tuple(inside), (opened, at[1])))
            opened = None
        elif not re.match(r"\w", word, re.ASCII):
            hint = "name each axis" if word == "." else ()
            raise wrong(f"`{word}` is not allowed here", at, help=hint)
        elif word.isdigit() and (len(word) > 18 or int(word) == 0):
            raise wrong(f"{word} is not a size", at)
        elif opened is None:
            groups.append(AxisGroup((PatternAxis(word, at),), at))
        else:
            inside.append(PatternAxis(word, at))
    if opened is not None:
        raise wrong("this parenthesis is not closed", (opened, opened + 1))
    whole = (tokens[0][1][0], tokens[-1][1][1]) if tokens else place
    term = PatternTerm(tuple(groups), whole)
    _check_twice(term)
    return term


def _check_twice(term: PatternTerm) -> None:
    seen: set[str] = set()
    for axis in term.axes:
        if axis.number is None and axis.name in seen:
            raise wrong(f"`{axis.name}` appears twice in one tensor", axis.at)
        seen.add(axis.name)


def check_rank(term: PatternTerm, x: Shape) -> None:
    """Check that the term has as many axes as x. Raises Reject."""
    if len(term.groups) != x.rank:
        count = len(term.groups)
        why = f"{count} {'axis is' if count == 1 else 'axes are'} named, but {x} has {x.rank}"
        raise wrong(why, term.at, help="the batch is left out")


def measure(term: PatternTerm, x: Shape, given: Mapping[str, int]) -> dict[str, int]:
    """The size of each name of a term, from x and the given ones. Raises Reject."""
    check_rank(term, x)
    sizes: dict[str, int] = {}
    for group, whole in zip(term.groups, x.dims, strict=True):
        open_axes = [axis for axis in group.axes if axis.number is None and axis.name not in given]
        known = prod(given.get(axis.name, 1) if axis.number is None else axis.number for axis in group.axes)
        if len(open_axes) > 1:
            last = open_axes[-1]
            names = listed(f"`{axis.name}`" for axis in open_axes)
            why = f"the sizes of {names} cannot be determined from an axis of length {whole}"
            raise wrong(why, last.at, help=f"give all but one: `{last.name}=2`, or a number in its place")
        if not open_axes and known != whole:
            factors = "·".join(str(given.get(axis.name, axis.name)) for axis in group.axes) or "1"
            product = f"{factors} = {known}" if len(group.axes) > 1 else str(known)
            raise wrong(f"{product}, but this axis of {x} is {whole}", group.at)
        if open_axes and whole % known:
            fixed = [axis for axis in group.axes if axis not in open_axes]
            raise wrong(f"{known} does not divide the {whole} of {x}", (fixed[0].at if len(fixed) == 1 else group.at))
        sizes |= {axis.name: given[axis.name] for axis in group.axes if axis.name in given}
        sizes |= {axis.name: whole // known for axis in open_axes}
    return sizes


def check_names(left: Sequence[PatternTerm], right: PatternTerm, *, all_kept: bool) -> None:
    """Check that every name on the right is on the left and, if all are kept, vice versa. Raises Reject."""
    known = {name for term in left for name in term.names}
    for axis in right.axes:
        if axis.number is None and axis.name not in known:
            raise wrong(f"`{axis.name}` is not on the left", axis.at)
    for axis in (axis for term in left for axis in term.axes):
        if all_kept and axis.number is None and axis.name not in right.names:
            why = f"`{axis.name}` is missing on the right"
            raise wrong(why, axis.at, help='`reduce "…" mean` removes axes')


def read_by_names(dims: tuple[int, ...], right: PatternTerm) -> Shape:
    """The shape with these sizes; for two, `t`, `l` and the position of `c` select the layout. Raises Reject."""
    if not dims or len(dims) > 4:
        count = len(dims)
        why = f"a tensor has one to four dimensions, but this has {count}"
        raise wrong(why, right.at)
    if len(dims) != 2:
        return by_rank(dims)
    first, last = ({axis.name for axis in group.axes} for group in right.groups)
    if first == {"t"} or ("c" in last and "c" not in first):
        return Shape(*dims, layout=Layout.SEQUENCE)
    return Shape(*dims, layout=Layout.SIGNAL if last == {"l"} or "c" in first else Layout.OPEN)
