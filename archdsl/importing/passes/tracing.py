"""Traces a node to its source through rearrangements, factors and rolls."""

from typing import Any, NamedTuple

import torch

from ...layers.arithmetic import ScaleChannels
from ...layers.cut import Slice
from ...layers.joining import Concat
from ..atoms import REPEATED, Atom, Group, axis_of, merged, whole
from ..building import Builder, ComputedOp, Lifted, Origin
from .rotary import Rotary, rotated


class TracedNode(NamedTuple):
    """A node in terms of another node: its axes as groups of the other node's atoms, and a factor."""

    node: int
    groups: tuple[Group, ...]
    factor: float = 1.0
    normalized: bool = False
    """Whether it is divided by its norm along the features."""
    scale: Any = None
    """The computation of a factor for each head from parameters, if there is one."""
    rotary: Rotary | None = None
    axis: int | None = None
    """The axis along which it is a slice of the node, from position `start`."""
    start: int = 0


def _through_rearrangement(found: TracedNode, origin: Origin) -> TracedNode | None:
    """The node that a rearrangement rearranges; None if it splits axes unevenly."""
    groups = composed(found.groups, origin.view)
    if groups is None:
        return None
    if found.axis is None:
        return found._replace(node=origin.node, groups=groups)
    atoms = origin.view[found.axis]
    if len(atoms) != 1:
        return None
    return found._replace(node=origin.node, groups=groups, axis=atoms[0].axis, start=found.start * atoms[0].stride)


def _part(b: Builder, found: TracedNode) -> TracedNode | None:
    """The node of which this is a slice along an axis: queries, keys or values among the features of each head."""
    here = b.nodes[found.node]
    if not isinstance(here.op, Slice) or here.op.step != 1 or here.shape.rank < 3:
        return None
    axis = _sliced_axis(here)
    is_whole = axis_of(axis, here.shape.dims[axis]) in found.groups
    return found._replace(node=here.inputs[0], axis=axis, start=here.op.start) if is_whole else None


def _scaled_heads(b: Builder, here: Lifted) -> tuple[int, Any] | None:
    """The operands of heads×steps×features times a factor for each head that is computed from parameters."""
    if here.op.keyword != "mul" or len(here.inputs) != 2 or here.shape.rank < 3:
        return None
    for x, factor in (here.inputs, here.inputs[::-1]):
        dims = b.dims(factor)
        start = trace_plain(b, factor)
        is_each_head = b.dims(x) == here.shape.dims and dims == (*(1,) * (len(dims) - 3), here.shape.dims[-3], 1, 1)
        if is_each_head and isinstance(op := b.nodes[start].op, ComputedOp):
            return x, op.value
    return None


def _keeps_axes(b: Builder, found: TracedNode, rotary: Rotary) -> bool:
    """Whether the steps and the features of each head are the whole axes that are rotated."""
    own = whole(b.dims(found.node), None)
    return own[rotary.steps] in found.groups and own[rotary.features] in found.groups


def own_groups(b: Builder, node: int) -> tuple[Group, ...]:
    """The axes of a node, unchanged."""
    return whole(b.dims(node), None)


def trace(b: Builder, node: int) -> TracedNode:
    """The node behind rearrangements, constant factors and normalization of features."""
    found = TracedNode(node, own_groups(b, node))
    while True:
        here = b.nodes[found.node]
        if here.origin is not None:
            behind = _through_rearrangement(found, here.origin)
            if behind is None:
                return found
            found = behind
        elif found.axis is None and (part := _part(b, found)) is not None:
            found = part
        elif isinstance(here.op, ScaleChannels) and not here.op.learned:
            found = found._replace(node=here.inputs[0], factor=found.factor * here.op.factor)
        elif (source := unit_length(b, here)) is not None:
            found = found._replace(node=source, normalized=True)
        elif found.scale is None and (scaled := _scaled_heads(b, here)) is not None:
            found = found._replace(node=scaled[0], scale=scaled[1])
        elif found.rotary is None and (rotary := rotated(b, found.node)) is not None and _keeps_axes(b, found, rotary):
            found = found._replace(node=rotary.source, rotary=rotary)
        else:
            return found


def composed(groups: tuple[Group, ...], view: tuple[Group, ...]) -> tuple[Group, ...] | None:
    """Groups over the axes of a node, in terms of the atoms of those axes; None if they split one unevenly."""
    made = []
    for group in groups:
        atoms: list[Atom] = []
        for atom in group:
            inner = [atom] if atom.axis == REPEATED else part_of(view[atom.axis], atom)
            if inner is None:
                return None
            atoms += inner
        made.append(merged(atoms))
    return tuple(made)


def part_of(group: Group, atom: Atom) -> list[Atom] | None:
    """The atoms of a group at these positions of it."""
    found: list[Atom] = []
    skip, count = atom.stride, atom.size
    for each in reversed(group):
        if skip >= each.size and skip % each.size == 0:
            skip //= each.size
            continue
        if each.size % skip:
            return None
        left = each.size // skip
        take = min(left, count)
        if left % take or count % take:
            return None
        found.insert(0, Atom(each.axis, each.stride * skip, take))
        skip, count = 1, count // take
        if count == 1:
            return found
    return found if count == 1 else None


def unit_length(b: Builder, node: Lifted) -> int | None:
    """x, for x divided by max(norm of x, a small number) along one axis."""
    if node.op.keyword != "div" or len(node.inputs) != 2:
        return None
    x, by = node.inputs
    other = b.nodes[by]
    while other.origin is not None:
        other = b.nodes[other.origin.node]
    if other.op.keyword == "clamp":
        other = b.nodes[other.inputs[0]]
    while other.origin is not None:
        other = b.nodes[other.origin.node]
    if other.op.keyword != "norm":
        return None
    source = other.inputs[0]
    return x if source == x or trace_plain(b, source) == trace_plain(b, x) else None


def trace_plain(b: Builder, node: int) -> int:
    """The node behind rearrangements."""
    while (origin := b.nodes[node].origin) is not None:
        node = origin.node
    return node


class Rows(NamedTuple):
    """Features as rows of a linear layer."""

    layer: int
    rows: torch.Tensor


def rows_of(b: Builder, node: int, axis: int) -> Rows | None:
    """The linear layer that computes the features along an axis, traced through slices and rearranged features."""
    here = b.nodes[node]
    size = b.dims(node)[axis]
    if is_linear(here) and feature_axis(here) == axis:
        return Rows(node, torch.arange(size))
    if isinstance(here.op, Slice) and _sliced_axis(here) == axis:
        found = rows_of(b, here.inputs[0], axis)
        stop = here.op.stop if here.op.stop is not None else b.dims(here.inputs[0])[axis]
        return None if found is None else found._replace(rows=found.rows[here.op.start : stop : here.op.step])
    if here.op.keyword == "take" and here.origin is None:
        return _taken(b, here, axis)
    if here.origin is not None:
        return _rearranged(b, here, axis)
    return None


def _taken(b: Builder, here: Lifted, axis: int) -> Rows | None:
    """The rows after a `take` along an axis that consists of features alone."""
    removed = here.op.axis  # type: ignore[attr-defined]  # an argument of `take`
    source = b.nodes[here.inputs[0]]
    if not isinstance(removed, int) or source.origin is None:
        return None
    removed %= source.shape.rank
    axis_before = axis + (axis >= removed)
    group = source.origin.view[removed]
    inner = source.origin.view[axis_before]
    if not group or not inner or {a.axis for a in (*group, *inner)} != {group[0].axis}:
        return None
    found = rows_of(b, source.origin.node, group[0].axis)
    if found is None:
        return None
    index = here.op.index % source.shape.dims[removed]  # type: ignore[attr-defined]  # an argument of `take`
    places = positions(group)[index] + positions(inner)
    return found._replace(rows=found.rows[places])


def _rearranged(b: Builder, here: Lifted, axis: int) -> Rows | None:
    assert here.origin is not None
    group = here.origin.view[axis]
    axes = {atom.axis for atom in group}
    if len(axes) != 1:
        return None
    (source,) = axes
    if source < 0:
        return None
    found = rows_of(b, here.origin.node, source)
    return None if found is None else found._replace(rows=found.rows[positions(group)])


def positions(group: Group) -> torch.Tensor:
    """The positions along an axis in the order of the atoms; the first atom varies slowest."""
    found = torch.zeros(1, dtype=torch.long)
    for atom in group:
        found = (found[:, None] + torch.arange(atom.size) * atom.stride).flatten()
    return found


def is_linear(node: Lifted) -> bool:
    """Whether a node is a linear layer applied to each position: `fc`, or `conv` with a kernel of 1."""
    op = node.op
    if op.keyword == "fc":
        return True
    if op.keyword != "conv":
        return False
    one = {name: getattr(op, name) for name in ("kernel", "stride", "groups", "padding", "dilation")}
    return one == {"kernel": 1, "stride": 1, "groups": 1, "padding": 0, "dilation": 1} and op.weight is None  # type: ignore[attr-defined]  # an argument of `conv`


def feature_axis(node: Lifted) -> int:
    """The axis of the features that a linear layer makes."""
    if node.op.keyword == "conv":
        return 0
    from ...layers._reading import find_axis

    axis = node.op.axis  # type: ignore[attr-defined]  # an argument of `fc`
    return node.shape.rank - 1 if axis is None else find_axis(axis, node.shape)


def _sliced_axis(node: Lifted) -> int:
    from ...layers._reading import find_axis

    return find_axis(node.op.axis, node.shape)  # type: ignore[attr-defined]  # an argument of `slice`


def unrolled(b: Builder, node: int) -> tuple[int, dict[int, int]]:
    """The node behind cyclic shifts, and the shift along each axis."""
    shifts: dict[int, int] = {}
    while True:
        here = b.nodes[node]
        if not isinstance(here.op, Concat) or len(here.inputs) != 2:
            return node, shifts
        late, early = (b.nodes[i] for i in here.inputs)
        if not (isinstance(late.op, Slice) and isinstance(early.op, Slice)) or late.inputs != early.inputs:
            return node, shifts
        axis = _sliced_axis(late)
        size = b.dims(late.inputs[0])[axis]
        ends = (early.op.start, early.op.stop, late.op.start, late.op.stop or size)
        if _sliced_axis(early) != axis or b.dims(node)[axis] != size or ends != (0, late.op.start, early.op.stop, size):
            return node, shifts
        if axis in shifts:
            return node, shifts
        shifts[axis] = late.op.start
        node = late.inputs[0]
