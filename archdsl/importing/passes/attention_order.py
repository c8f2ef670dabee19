"""The order of heads, features and steps around an attention layer, and how it is restored."""

from collections.abc import Sequence

import torch

from ..atoms import REPEATED, Atom, Group, length, merged, whole
from ..building import Builder
from .tracing import TracedNode, composed, feature_axis, positions, unrolled


def reordered_back(
    b: Builder,
    last: int,
    readers: dict[int, list[int]],
    arranged: Sequence[Group],
    dims: tuple[int, ...],
    channel: int,
) -> tuple[int, list[int]] | None:
    """The node at which the steps are back in the order before the windows were cut, and the operations that lead to
    it.

    `arranged` has for each axis of the last layer the steps that it goes through.
    """
    node, between = _after_steps(b, last, readers)
    for reader in readers.get(node, []):
        origin = b.nodes[reader].origin
        if origin is None or origin.node != node or b.nodes[reader].shape.rank != len(dims):
            continue
        others = [group for axis, group in enumerate(origin.view) if axis != channel]
        if origin.view[channel] != all_positions(b, node, feature_axis(b.nodes[last])):
            continue
        groups = composed(tuple(others), tuple(arranged))
        wanted = tuple(group for axis, group in enumerate(whole(dims, None)) if axis != channel)
        if groups == wanted:
            return reader, between
    return None


def all_positions(b: Builder, node: int, axis: int) -> Group:
    """All positions of an axis of a node."""
    return whole(b.dims(node), None)[axis]


def _after_steps(b: Builder, node: int, readers: dict[int, list[int]]) -> tuple[int, list[int]]:
    """The last of the per-step operations that follow a node, or the node itself, and these operations."""
    found: list[int] = []
    while len(following := readers.get(node, [])) == 1 and b.nodes[following[0]].op.keyword in _PER_STEP_OPERATIONS:
        node = following[0]
        found.append(node)
    return node, found


_PER_STEP_OPERATIONS = frozenset({"dropout", "drop_path", "layernorm"})
"""Operations on the features of each step, independent of its position."""


def rolled_back(
    b: Builder, node: int, readers: dict[int, list[int]], shifts: dict[int, int]
) -> tuple[int, list[int]] | None:
    """The node at which the result is shifted back, and the operations before it."""
    node, between = _after_steps(b, node, readers)
    seen = {node}
    stack = [node]
    while stack:
        for reader in readers.get(stack.pop(), []):
            if reader in seen:
                continue
            seen.add(reader)
            stack.append(reader)
            if b.nodes[reader].op.keyword == "concat":
                base, back = unrolled(b, reader)
                dims = b.dims(reader)
                if base == node and all((back.get(a, 0) + shifts.get(a, 0)) % dims[a] == 0 for a in range(len(dims))):
                    return reader, between
            elif b.nodes[reader].op.keyword != "slice":
                stack.pop()
    return None


def columns_of(
    b: Builder,
    out: TracedNode,
    outer: Sequence[Group],
    steps: Group,
    channel: int,
    heads: int,
    head: int,
    dims: tuple[int, ...],
    last: int,
) -> tuple[torch.Tensor, tuple[Group, ...] | None] | None:
    """Where each input of the last layer comes from, heads first, and the steps of each of its axes, or None if they
    have not moved. None if features and steps are mixed.
    """
    own: list[Group] = []
    place = heads
    for group in outer:
        atoms = []
        for atom in group:
            if atom.axis == channel:
                place //= atom.size
                atoms.append(Atom(channel, place * head, atom.size))
            else:
                atoms.append(atom)
        own.append(merged(atoms))
    view = (*own, steps, (Atom(channel, 1, head),) if head > 1 else ())
    groups = composed(out.groups, view)
    if groups is None:
        return None
    axis = feature_axis(b.nodes[last])
    others = tuple(group for place, group in enumerate(groups) if place != axis)
    if any(atom.axis != channel for atom in groups[axis]) or any(a.axis == channel for g in others for a in g):
        return None
    found = positions(groups[axis])
    if len(found) != heads * head:
        return None
    wanted = tuple(group for place, group in enumerate(whole(dims, None)) if place != channel)
    is_same = b.nodes[b.nodes[last].inputs[0]].shape.rank == len(dims) and axis == channel and others == wanted
    # An entry for the features, so that the axes are numbered as in the last layer.
    return found, None if is_same else (*others[:axis], (), *others[axis:])


def repeats(outer: Sequence[Group]) -> int | None:
    """How many consecutive heads share keys or values; None if heads that are not consecutive share them."""
    atoms = [atom for group in outer for atom in group]
    count = length(atom for atom in atoms if atom.axis == REPEATED)
    last = [group[-1] for group in outer if any(atom.axis == REPEATED for atom in group)]
    is_last = all(atom.axis == REPEATED for atom in last) and len(last) <= 1
    return count if is_last and sum(atom.axis == REPEATED for atom in atoms) <= 1 else None


def same_rotation(query: TracedNode, key: TracedNode, value: TracedNode) -> bool:
    """Whether queries and keys have the same rotary positions, and values none."""
    ours = [None if each.rotary is None else each.rotary[3:] for each in (query, key, value)]
    return ours[0] == ours[1] and ours[2] is None
