"""Turns a view of a tensor into a node with the axes of the view, using the layer that expresses it best."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from ..layers.pool import GlobalPool
from ..shapes.shape import Layout
from .atoms import BATCH, REPEATED, Atom, Group, View, has_batch, length, merged, refined, whole
from .building import Builder, Origin, RepeatedOp
from .import_problem import NotExpressible
from .values import Tensor

_NAMES = {1: "c", 2: "tc", 3: "chw", 4: "cdhw"}


def arranged(b: Builder, node: int, groups: Sequence[Group], layout: Layout | None = None) -> int:
    """A node whose axes are these groups of another node's atoms, without the batch; perhaps that node itself.

    `layout` is how a result with two axes is read: SEQUENCE or SIGNAL. An axis of length 1 is an empty group. Raises
    NotExpressible for more than four axes.
    """
    dims = tuple(map(length, groups))
    if not 1 <= len(dims) <= 4:
        raise NotExpressible(
            f"a tensor of {len(dims)} axes ({'×'.join(map(str, dims)) or 'a number'})", "one to four axes"
        )
    own = b.nodes[node].shape
    if any(atom.axis == REPEATED for group in groups for atom in group):
        return _repeated(b, node, tuple(map(tuple, groups)))
    as_is = tuple(whole(own.dims, None))
    if own.dims == dims and tuple(groups) == as_is and (len(dims) != 2 or layout in (None, own.layout)):
        return node
    if own.dims == dims and tuple(groups) == as_is and own.layout is Layout.OPEN:
        return node  # the next layer determines its layout
    made = _rearranged_by(b, _Target(node, tuple(map(tuple, groups)), dims, layout))
    known = b.nodes[made]
    if known.origin is None and made != node:
        known.origin = Origin(node, tuple(map(tuple, groups)))
    return made


def _repeated(b: Builder, node: int, groups: tuple[Group, ...]) -> int:
    once = arranged(b, node, [tuple(atom for atom in group if atom.axis != REPEATED) for group in groups])
    made = b.add(RepeatedOp(dims=tuple(map(length, groups))), once)
    b.nodes[made].origin = Origin(node, groups)
    return made


class _Target(NamedTuple):
    """A node, and the axes of its rearrangement: groups of its atoms, sizes, and the layout."""

    node: int
    groups: tuple[Group, ...]
    dims: tuple[int, ...]
    layout: Layout | None


def _rearranged_by(b: Builder, target: _Target) -> int:
    for word in (_flattened, _reshaped, _tokens, _swapped, _to_image, _shuffled, _permuted):
        made = word(b, target)
        if made is not None:
            return made
    return _pattern(b, *target)


def _in_order(b: Builder, target: _Target) -> bool:
    """Whether all elements stay in their order."""
    flat = merged(atom for group in target.groups for atom in group)
    return flat == merged(atom for group in whole(b.dims(target.node), None) for atom in group)


def _flattened(b: Builder, target: _Target) -> int | None:
    if len(target.dims) != 1 or not _in_order(b, target):
        return None
    here = b.nodes[target.node]
    if isinstance(here.op, GlobalPool) and here.op.keep:
        return b.layer(here.op.keyword, here.inputs[0])
    return b.layer("flatten", target.node)


def _reshaped(b: Builder, target: _Target) -> int | None:
    fits = len(target.dims) != 2 or target.layout is None
    return b.layer("reshape", target.node, sizes=target.dims) if fits and _in_order(b, target) else None


def _tokens(b: Builder, target: _Target) -> int | None:
    own = b.nodes[target.node].shape
    if len(target.dims) != 2 or target.layout is Layout.SIGNAL:
        return None
    if own.layout not in (Layout.IMAGE, Layout.VOLUME, Layout.SIGNAL):
        return None
    channels, *positions = whole(own.dims, None)
    is_tokens = target.groups == (merged(atom for group in positions for atom in group), channels)
    return b.layer("tokens", target.node) if is_tokens else None


def _swapped(b: Builder, target: _Target) -> int | None:
    own = b.nodes[target.node].shape
    if len(target.dims) != 2 or own.layout not in (Layout.SEQUENCE, Layout.SIGNAL):
        return None
    is_swapped = target.groups == whole(own.dims, None)[::-1]
    return b.layer("permute", target.node, axes=(1, 0)) if is_swapped else None


def _to_image(b: Builder, target: _Target) -> int | None:
    own = b.nodes[target.node].shape
    if len(target.dims) not in (3, 4) or own.layout is not Layout.SEQUENCE:
        return None
    steps, channels = whole(own.dims, None)
    first, *rest = target.groups
    if first != channels or merged(atom for group in rest for atom in group) != steps:
        return None
    square = len(target.dims) == 3 and target.dims[1] == target.dims[2]
    return b.layer("to_image", target.node, size=None if square else target.dims[1:])


def _shuffled(b: Builder, target: _Target) -> int | None:
    """A shuffle of the channels from the order groups × n to n × groups; None if the target is another one."""
    own = b.nodes[target.node].shape
    first, *rest = target.groups
    same = own.dims == target.dims and tuple(rest) == whole(own.dims, None)[1:]
    if not same or not own.spatial or len(first) != 2 or first[0].stride != 1:
        return None
    return b.layer("shuffle", target.node, groups=first[1].size)


def _permuted(b: Builder, target: _Target) -> int | None:
    own = whole(b.dims(target.node), None)
    if len(own) < 3 or sorted(target.groups) != sorted(own) or 1 in target.dims:
        return None
    return b.layer("permute", target.node, axes=tuple(own.index(group) for group in target.groups))


def _pattern(b: Builder, node: int, groups: tuple[Group, ...], _: tuple[int, ...], layout: Layout | None) -> int:
    """`rearrange` with a pattern."""
    own = b.nodes[node].shape
    letters = own.letters if own.layout is not Layout.OPEN else "tc"
    parts = sorted({atom for group in groups for atom in group}, key=lambda a: (a.axis, -a.stride))
    names: dict[Atom, str] = {}
    left: list[str] = []
    given: dict[str, int] = {}
    for axis, size in enumerate(own.dims):
        mine = [atom for atom in parts if atom.axis == axis]
        base = letters[axis]
        for index, atom in enumerate(mine):
            last = index == len(mine) - 1
            names[atom] = base if last else f"{base}{index + 1}"
            if not last:
                given[names[atom]] = atom.size
        words = [names[atom] for atom in mine]
        if prod(atom.size for atom in mine) != size:
            raise NotExpressible("elements of an axis that are not a range", "a range that `slice` supports")
        left.append(words[0] if len(words) == 1 else f"({' '.join(words)})" if words else "1")
    right = [[names[atom] for atom in group] for group in groups]
    renamed = _names_for(right, layout)
    shown_left = [_renamed(word, renamed) for word in left]
    shown = ["1" if not words else words[0] if len(words) == 1 else f"({' '.join(words)})" for words in right]
    shown_right = [_renamed(word, renamed) for word in shown]
    sizes = tuple((renamed.get(name, name), size) for name, size in given.items())
    return b.layer("rearrange", node, pattern=f"{' '.join(shown_left)} -> {' '.join(shown_right)}", sizes=sizes)


def _renamed(word: str, names: dict[str, str]) -> str:
    inner = word.strip("()").split()
    made = " ".join(names.get(each, each) for each in inner)
    return f"({made})" if word.startswith("(") else made


def _names_for(right: list[list[str]], layout: Layout | None) -> dict[str, str]:
    """Other names that make a result with two axes the required sequence or signal.

    A sequence's first axis is `t` alone, or its last contains `c`; a signal's last axis is `l`, or its first contains
    `c`.
    """
    if len(right) != 2 or layout is None:
        return {}
    used = [name for words in right for name in words]
    free = {name: f"{name}_" if name in ("t", "c", "l") else name for name in used}
    first, last = right
    target = {"t": first, "c": last} if layout is Layout.SEQUENCE else {"c": first, "l": last}
    for new, words in target.items():
        if len(words) == 1 or (new == "c" and words):
            free[words[-1]] = new
    return {old: new for old, new in free.items() if old != new}


# --- what layers need -----------------------------------------------------------------------------------------------


def channels_first(b: Builder, x: Tensor) -> int:
    """A node with the source axes in order after the batch: channels, then one to three spatial dimensions."""
    groups = _without_batch(x.view)
    return arranged(b, x.node, groups, Layout.SIGNAL if len(groups) == 2 else None)


def as_is(b: Builder, x: Tensor, layout: Layout | None = None) -> int:
    """A node with the source axes in order, regardless of their meaning."""
    return arranged(b, x.node, _without_batch(x.view), layout)


def _without_batch(view: View) -> tuple[Group, ...]:
    """The groups after the batch, which has to be the first axis. An axis that joins samples and other positions is
    split.
    """
    if not has_batch(view):
        return view
    first, *others = view
    if first and first[0].axis == BATCH:
        rest = first[1:]
        if any(atom.axis == BATCH for group in (rest, *others) for atom in group):
            raise NotExpressible("samples that are split", "operations that process each sample independently")
        return (rest, *others) if rest else tuple(others)
    places = [i for i, group in enumerate(view) if any(atom.axis == BATCH for atom in group)]
    if len(places) == 1 and len(view[places[0]]) == 1:
        return tuple(group for i, group in enumerate(view) if i != places[0])
    raise NotExpressible(
        "samples that are mixed with another axis", "operations that process each sample independently"
    )


def features(b: Builder, x: Tensor) -> tuple[int, View, int]:
    """A node with the last source axis as a separate axis: the node, the view of it, and this axis.

    If the axis is already separate, the node stays as it is; otherwise the result is a vector, a sequence, or channels
    first.
    """
    own = b.nodes[x.node].shape
    *others, last = x.view
    axis = last[0].axis if len(last) == 1 else None
    alone = not any(atom.axis != BATCH for group in others for atom in group)
    if axis is not None and axis >= 0 and last == (Atom(axis, 1, own.dims[axis]),) and (own.rank == 1 or not alone):
        return x.node, x.view, axis
    batch = [i for i, group in enumerate(others) if any(atom.axis == BATCH for atom in group)]
    kept = [tuple(atom for atom in group if atom.axis != BATCH) for group in others]
    kept = [group for group in kept if group]
    if not kept:
        node = arranged(b, x.node, (last,))
        return node, (*(others[i] if i in batch else () for i in range(len(others))), _axis(0, length(last))), 0
    if len(kept) == 1:
        node = arranged(b, x.node, (kept[0], last), Layout.SEQUENCE)
        axes, place = {0: 0}, 1
    else:
        if len(kept) > 3:
            kept = [merged(atom for group in kept for atom in group)]
            node = arranged(b, x.node, (kept[0], last), Layout.SEQUENCE)
            axes, place = {0: 0}, 1
        else:
            node = arranged(b, x.node, (last, *kept))
            axes, place = {i: i + 1 for i in range(len(kept))}, 0
    view = _renumbered(others, kept, axes)
    return node, (*view, _axis(place, length(last))), place


def _axis(axis: int, size: int) -> Group:
    return (Atom(axis, 1, size),) if size != 1 else ()


def _renumbered(view: Sequence[Group], axes_atoms: Sequence[Group], axes: dict[int, int]) -> View:
    """A view in terms of new axes, each of which consists of some atoms of the old ones."""
    places: dict[Atom, Atom] = {}
    for index, group in enumerate(axes_atoms):
        stride = 1
        for atom in reversed(group):
            places[atom] = Atom(axes[index], stride, atom.size)
            stride *= atom.size
    made = []
    for group in view:
        atoms: list[Atom] = []
        for atom in group:
            atoms += [atom] if atom.axis in (BATCH, REPEATED) else _inside(atom, places)
        made.append(merged(atoms))
    return tuple(made)


def _inside(atom: Atom, places: dict[Atom, Atom]) -> list[Atom]:
    """The new atoms for an old one, which may consist of several known ones."""
    if atom in places:
        return [places[atom]]
    parts = sorted((a for a in places if a.axis == atom.axis), key=lambda a: -a.stride)
    found = [a for a in parts if atom.stride <= a.stride < atom.stride * atom.size]
    if prod(a.size for a in found) != atom.size:
        raise NotExpressible("axes that are split unevenly", "sizes that are multiples of each other")
    return [places[a] for a in found]


def materialized(b: Builder, x: Tensor, layout: Layout | None = None) -> Tensor:
    """The same tensor as a node with one axis for each source axis, in their order.

    Channels that come last in the source stay the first axis of the node, because they are its channels.
    """
    order = _channels_first_order(b, x)
    moved = Tensor(x.node, tuple(x.view[i] for i in order))
    node = as_is(b, moved, Layout.SIGNAL if order != sorted(order) and len(order) == 3 else layout)
    rest = iter(whole(b.dims(node), None))
    made: dict[int, Group] = {}
    for i in order:
        batch = tuple(atom for atom in x.view[i] if atom.axis == BATCH)
        if batch and len(x.view[i]) == 1:
            made[i] = batch
        else:
            made[i] = merged((*batch, *next(rest)))
    return Tensor(node, tuple(made[i] for i in range(len(order))))


def _channels_first_order(b: Builder, x: Tensor) -> list[int]:
    """The source axes, in order or with the channels right after the samples."""
    own = b.nodes[x.node].shape
    order = list(range(len(x.view)))
    if own.layout is Layout.OPEN or own.rank < 2 or len(order) < 4 or not x.view[0] or x.view[0][-1].axis != BATCH:
        return order
    channels = whole(own.dims, None)[own.channel_axis]
    return [0, order[-1], *order[1:-1]] if channels and x.view[-1] == channels else order


# --- operands ---------------------------------------------------------------------------------------------------------


def aligned(b: Builder, main: Tensor, other: Tensor) -> tuple[int, Tensor] | None:
    """A node for `other` whose axes are those of the node of `main`, of length 1 where it is repeated, together with
    `main`; None if there is none.
    """
    rank = max(len(main.view), len(other.view))
    first = ((),) * (rank - len(main.view)) + main.view
    second = ((),) * (rank - len(other.view)) + other.view
    own: dict[Atom, Atom | None] = {}
    for mine, theirs in zip(first, second, strict=True):
        parts = refined([mine, theirs])
        if parts is None:
            return None
        for a, o in zip(*parts, strict=True):
            o = None if o is not None and o.axis == REPEATED else o
            if a is None or a.axis == REPEATED or (o is not None and (a.axis == BATCH) != (o.axis == BATCH)):
                return None
            if a.axis != BATCH:
                own[a] = o
    dims = b.dims(main.node)
    groups: list[Group] = []
    for axis, size in enumerate(dims):
        mine_sorted = sorted((a for a in own if a.axis == axis), key=lambda a: -a.stride)
        if prod(a.size for a in mine_sorted) != size:
            return None
        theirs_of = [own[a] for a in mine_sorted]
        if all(each is None for each in theirs_of):
            groups.append(())
        elif any(each is None for each in theirs_of):
            return None
        else:
            groups.append(merged(each for each in theirs_of if each is not None))
    shape = b.nodes[main.node].shape
    node = arranged(b, other.node, groups, shape.layout if shape.rank == 2 else None)
    return node, main
