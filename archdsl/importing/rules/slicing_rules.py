"""Operations that take a part of a tensor, or several."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ...shapes.shape import Layout
from ..arranging import materialized
from ..atoms import REPEATED, Atom, length
from ..import_problem import NotExpressible
from ..values import ConstantTensor, Tensor, Value
from . import rule


def part(lifter: Any, x: Tensor, dim: int, start: int, stop: int, step: int = 1) -> Tensor:
    """Positions `start` up to `stop` of a source axis."""
    b = lifter.b
    dim %= len(x.view)
    group = x.view[dim]
    size = length(group)
    start, stop = (min(max(each + size if each < 0 else each, 0), size) for each in (start, stop))
    if (start, stop, step) == (0, size, 1):
        return x
    if stop <= start:
        raise NotExpressible("an empty part of a tensor", "a part with elements")
    steps = group and group[0].axis >= 0 and group[0].axis != b.nodes[x.node].shape.channel_axis
    if steps and group[0].stride != 1 and len(x.view) <= 5:
        # A part of a part of the steps is expressed better with a separate axis.
        x = materialized(b, x)
    found = _sliced(lifter, x, dim, start, stop, step)
    if found is None:
        made = materialized(b, x)
        found = _sliced(lifter, made, dim, start, stop, step)
    if found is None:
        raise NotExpressible("a part of the samples", "operations that process each sample independently")
    return found


def _sliced(lifter: Any, x: Tensor, dim: int, start: int, stop: int, step: int) -> Tensor | None:
    """A slice of one of our axes; None if the source axis is not the slowest part of one."""
    b = lifter.b
    group = x.view[dim]
    if len(group) != 1 or group[0].axis < 0:
        return None
    atom = group[0]
    own = b.dims(x.node)[atom.axis]
    if atom.stride * atom.size != own:
        return None
    if step != 1 and atom.stride != 1:
        return None
    shape = b.nodes[x.node].shape
    count = -(-(stop - start) // step)
    arguments: dict[str, Any] = {"start": start * atom.stride}
    if stop != atom.size:
        arguments["stop"] = stop * atom.stride
    if step != 1:
        arguments["step"] = step
    if atom.axis != shape.channel_axis or shape.layout is Layout.OPEN:
        arguments["axis"] = atom.axis
    node = lifter.made("slice", x.node, **arguments)
    view = list(x.view)
    view[dim] = (Atom(atom.axis, atom.stride, count),) if count > 1 else ()
    return Tensor(node, tuple(view))


@rule("sym_size")
def size(lifter: Any, a: Mapping[str, Any]) -> int:
    """A size, as a number."""
    found: int = a["self"].sizes[a["dim"]]
    return found


@rule("slice")
def slice_rule(lifter: Any, a: Mapping[str, Any]) -> Value:
    """`slice`."""
    stop = a["end"] if a["end"] is not None else 2**62
    return _empty_tensor(lifter, lifter.sizes) or part(lifter, a["self"], a["dim"], a["start"] or 0, stop, a["step"])


@rule("narrow")
def narrow(lifter: Any, a: Mapping[str, Any]) -> Value:
    """`slice`."""
    stop = a["start"] + a["length"]
    return _empty_tensor(lifter, lifter.sizes) or part(lifter, a["self"], a["dim"], a["start"], stop)


def _empty_tensor(lifter: Any, sizes: Sequence[int]) -> ConstantTensor | None:
    """A tensor without elements, if a size is 0: a concatenation with others omits it."""
    return ConstantTensor(torch.empty(tuple(sizes))) if 0 in sizes else None


@rule("select")
def select(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """One position of an axis."""
    return selected(lifter, a["self"], a["dim"], a["index"])


def selected(lifter: Any, x: Tensor, dim: int, index: int) -> Tensor:
    """One position of a source axis, which is removed."""
    b = lifter.b
    dim %= len(x.view)
    group = x.view[dim]
    rest = (*x.view[:dim], *x.view[dim + 1 :])
    if not group or all(atom.axis == REPEATED for atom in group):
        return Tensor(x.node, rest)
    own = b.dims(x.node)
    atom = group[0]
    if len(group) == 1 and atom.axis >= 0 and atom.size == own[atom.axis] and len(own) > 1:
        at = index % atom.size
        shown = index if index < 0 else at
        arguments = {"index": shown} if atom.axis == 0 else {"index": shown, "axis": atom.axis}
        node = lifter.made("take", x.node, **arguments)
        moved = tuple(
            tuple(each._replace(axis=each.axis - (each.axis > atom.axis)) for each in every) for every in rest
        )
        return Tensor(node, moved)
    index %= length(group)
    made = part(lifter, x, dim, index, index + 1)
    return Tensor(made.node, (*made.view[:dim], *made.view[dim + 1 :]))


@rule("chunk")
def chunk(lifter: Any, a: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Parts of equal size, except possibly the last."""
    size = a["self"].sizes[a["dim"]]
    each = -(-size // a["chunks"])
    return _pieces(lifter, a["self"], a["dim"], [min(each, size - at) for at in range(0, size, each)])


@rule("split", "split_with_sizes")
def split_rule(lifter: Any, a: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Parts of one size, or of given sizes."""
    given = a.get("split_size", a.get("split_sizes"))
    size = a["self"].sizes[a["dim"]]
    counts = [min(given, size - at) for at in range(0, size, given)] if isinstance(given, int) else list(given)
    return _pieces(lifter, a["self"], a["dim"], counts)


def _pieces(lifter: Any, x: Tensor, dim: int, counts: Sequence[int]) -> tuple[Tensor, ...]:
    found, at = [], 0
    for count in counts:
        found.append(part(lifter, x, dim, at, at + count))
        at += count
    return tuple(found)


@rule("unbind")
def unbind(lifter: Any, a: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """All positions of an axis."""
    x = a["self"]
    return tuple(selected(lifter, x, a["dim"], index) for index in range(x.sizes[a["dim"]]))


@rule("getitem")
def getitem(lifter: Any, a: Mapping[str, Any]) -> Any:
    """One of several results."""
    return a["0"][a["1"]]
