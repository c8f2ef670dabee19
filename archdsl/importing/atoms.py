"""The layout of a source tensor in a tensor of our graph: each of its axes as a product of parts of our axes.

Reshaping, transposing and splitting change only this view; whatever chain of them a module runs, the result has one
canonical form. One of our axes with 12 features, seen as 3 heads of 4, is the atoms (axis, 4, 3) and (axis, 1, 4).
"""

from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

BATCH = -1
"""The batch axis, which the shapes of our graph omit."""
REPEATED = -2
"""An axis along which a tensor is repeated."""


class Atom(NamedTuple):
    """`size` positions along one of our axes, `stride` apart."""

    axis: int
    stride: int
    size: int


Group = tuple[Atom, ...]
View = tuple[Group, ...]
"""The atoms of each axis, the slowest first; an axis of length 1 has none."""


def length(group: Iterable[Atom]) -> int:
    """The number of positions of a group."""
    return prod(atom.size for atom in group)


def sizes(view: View) -> tuple[int, ...]:
    """The sizes of the source tensor."""
    return tuple(map(length, view))


def whole(dims: Sequence[int], batch: int | None) -> View:
    """The identity view of a tensor of our graph, with the batch first; without a batch if `batch` is None."""
    own = tuple(axis_of(axis, size) for axis, size in enumerate(dims))
    return own if batch is None else (axis_of(BATCH, batch), *own)


def axis_of(axis: int, size: int) -> Group:
    """All positions of an axis."""
    return (Atom(axis, 1, size),) if size != 1 else ()


def merged(atoms: Iterable[Atom]) -> Group:
    """The same positions with as few atoms as possible."""
    found: list[Atom] = []
    for atom in atoms:
        if atom.size == 1:
            continue
        last = found[-1] if found else None
        if (
            last is not None
            and last.axis == atom.axis
            and (atom.axis == REPEATED or last.stride == atom.stride * atom.size)
        ):
            found[-1] = Atom(atom.axis, atom.stride, last.size * atom.size)
        else:
            found.append(atom)
    return tuple(found)


def reshaped(view: View, dims: Sequence[int]) -> View | None:
    """The view of the same elements in another shape; None where an atom is split unevenly."""
    waiting = [atom for group in view for atom in group][::-1]
    made: list[Group] = []
    for dim in dims:
        taken: list[Atom] = []
        count = 1
        while count < dim:
            if not waiting:
                return None
            atom = waiting.pop()
            wanted = dim // count if dim % count == 0 else 0
            if wanted and wanted % atom.size == 0:
                taken.append(atom)
                count *= atom.size
            elif wanted and atom.size % wanted == 0:
                outer, inner = split(atom, wanted)
                taken.append(outer)
                waiting.append(inner)
                count = dim
            else:
                return None
        made.append(merged(taken))
    return tuple(made) if not waiting else None


def split(atom: Atom, outer: int) -> tuple[Atom, Atom]:
    """An atom as `outer` times the rest."""
    inner = atom.size // outer
    stride = 0 if atom.axis == REPEATED else atom.stride
    return Atom(atom.axis, stride * inner, outer), Atom(atom.axis, stride, inner)


def refined(groups: Sequence[Group]) -> list[list[Atom | None]] | None:
    """Groups of one length in atoms of equal sizes; a group of length 1 has None for each. None if sizes do not fit."""
    full = max(map(length, groups))
    stacks = [list(group)[::-1] if length(group) == full and full > 1 else None for group in groups]
    if any(stack is None and length(group) not in (1, full) for stack, group in zip(stacks, groups, strict=True)):
        return None
    made: list[list[Atom | None]] = [[] for _ in groups]
    live = [stack for stack in stacks if stack is not None]
    while live and live[0]:
        step = min(stack[-1].size for stack in live)
        for stack in live:
            if stack[-1].size % step:
                return None
        # The slowest positions are split off, in equal numbers from all atoms.
        for maybe, out in zip(stacks, made, strict=True):
            if maybe is None:
                out.append(None)
                continue
            atom = maybe.pop()
            if atom.size == step:
                out.append(atom)
            else:
                outer, inner = split(atom, step)
                out.append(outer)
                maybe.append(inner)
    return made


def has_batch(view: View) -> bool:
    """Whether the samples are among the axes of a view."""
    return any(atom.axis == BATCH for group in view for atom in group)
