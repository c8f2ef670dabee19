"""Operations that join tensors along an axis."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...shapes.shape import Layout
from ..arranging import aligned, arranged, materialized
from ..atoms import BATCH, REPEATED, Atom, Group, View, axis_of, merged, refined
from ..import_problem import NotExpressible
from ..values import ConstantTensor, Tensor
from . import rule


@rule("cat", "concat")
def cat(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`concat` along an axis."""
    values = [each for each in a["tensors"] if not (isinstance(each, ConstantTensor) and each.tensor.numel() == 0)]
    tensors = [lifter.tensor(each) for each in values]
    return joined(lifter, tensors, a["dim"])


def joined(lifter: Any, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """The tensors along a source axis."""
    b = lifter.b
    dim %= len(tensors[0].view)
    if len(tensors) == 1:
        return tensors[0]
    place = max(range(len(tensors)), key=lambda i: sum(map(len, tensors[i].view)))
    main = tensors[place]
    if not _whole_axis(b, main, dim):
        main = materialized(b, main)
    if not _whole_axis(b, main, dim):
        raise NotExpressible(
            "tensors that are joined along the batch axis", "operations that process each sample independently"
        )
    axis = main.view[dim][0].axis if main.view[dim] else _one_axis(b, main, dim)
    nodes = [main.node if i == place else _aligned(b, main, x, dim, axis) for i, x in enumerate(tensors)]
    shape = b.nodes[main.node].shape
    plain = axis == shape.channel_axis and shape.layout is not Layout.OPEN
    node = lifter.merged("concat", nodes, **({} if plain else {"axis": _axis_word(shape, axis)}))
    return _widened(b, node, main, dim, axis)


def _axis_word(shape: Any, axis: int) -> Any:
    """An axis by its letter where that is clear."""
    return axis if shape.layout in (Layout.OPEN, Layout.IMAGE, Layout.VOLUME) else shape.letters[axis]


def _widened(b: Any, node: int, main: Tensor, dim: int, axis: int) -> Tensor:
    size = b.dims(node)[axis]
    return Tensor(node, tuple(axis_of(axis, size) if i == dim else group for i, group in enumerate(main.view)))


def _whole_axis(b: Any, x: Tensor, dim: int) -> bool:
    group = x.view[dim]
    if not group:
        return _one_axis(b, x, dim) >= 0
    return len(group) == 1 and group[0].axis >= 0 and group[0].size == b.dims(x.node)[group[0].axis]


def _one_axis(b: Any, x: Tensor, dim: int) -> int:
    """The axis of length 1 that stands for a source axis; -1 if there is none."""
    own = b.dims(x.node)
    if len(own) == len(x.view) - 1 and own[dim - 1] == 1:
        return dim - 1
    return -1


def _aligned(b: Any, main: Tensor, other: Tensor, dim: int, axis: int) -> int:
    """A node for another operand with the axes of the main one, but its own length along `axis`."""
    start = tuple(() if i == dim else group for i, group in enumerate(main.view))
    rest = tuple(() if i == dim else group for i, group in enumerate(other.view))
    group = tuple(atom for atom in other.view[dim] if atom.axis != REPEATED)
    groups = _groups(b, main, start, rest, axis, group)
    shape = b.nodes[main.node].shape
    if groups is None:
        raise NotExpressible("tensors of different axes that are joined", "operands with equal axes")
    return arranged(b, other.node, groups, shape.layout if shape.rank == 2 else None)


def _groups(b: Any, main: Tensor, start: View, rest: View, axis: int, group: Group) -> list[Group] | None:
    own: dict[Atom, Atom | None] = {}
    for main_group, other_group in zip(start, rest, strict=True):
        parts = refined([main_group, other_group])
        if parts is None:
            return None
        for m, t in zip(*parts, strict=True):
            if m is None or (t is None and m.axis != BATCH):
                return None
            if m.axis != BATCH:
                own[m] = t
    made: list[Group] = []
    for index in range(len(b.dims(main.node))):
        if index == axis:
            made.append(group)
            continue
        sorted_atoms = sorted((m for m in own if m.axis == index), key=lambda m: -m.stride)
        made.append(merged(t for m in sorted_atoms if (t := own[m]) is not None))
    return made


@rule("stack")
def stack(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`stack`: the tensors along a new axis, which comes first in our tensor."""
    return stacked(lifter, [lifter.tensor(each) for each in a["tensors"]], a["dim"])


def stacked(lifter: Any, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """The tensors along a new source axis."""
    b = lifter.b
    first = tensors[0]
    dim %= len(first.view) + 1
    if len(tensors) == 1:
        return Tensor(first.node, (*first.view[:dim], (), *first.view[dim:]))
    nodes = [first.node]
    for each in tensors[1:]:
        found = aligned(b, first, each)
        if found is None:
            raise NotExpressible("tensors of different axes that are stacked", "operands with equal axes")
        nodes.append(found[0])
    node = lifter.merged("stack", nodes)
    moved = [tuple(atom._replace(axis=atom.axis + 1) if atom.axis >= 0 else atom for atom in g) for g in first.view]
    moved.insert(dim, axis_of(0, len(nodes)))
    return Tensor(node, tuple(moved))
