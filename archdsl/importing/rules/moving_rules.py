"""Operations that move elements: they change the view alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ...shapes.shape import Layout
from ..arranging import aligned, arranged, channels_first, materialized
from ..atoms import BATCH, REPEATED, Atom, Group, View, axis_of, length, merged, refined, reshaped, whole
from ..import_problem import NotExpressible
from ..values import ConstantTensor, Tensor, Value
from . import rule
from .convolution_rules import compact


def _reshape(lifter: Any, x: Tensor, dims: Sequence[int]) -> Tensor:
    made = reshaped(x.view, dims)
    if made is None:
        x = materialized(lifter.b, x)
        flat = reshaped(x.view, (lifter.b.batch, -1 * -1 * _rest(x)))
        if flat is None or dims[0] != lifter.b.batch:
            raise NotExpressible(f"reshaping {x.sizes} to {tuple(dims)}", "sizes that are multiples of each other")
        node = lifter.b.layer("reshape", x.node, sizes=tuple(dims[1:]))
        return Tensor(node, whole(tuple(dims[1:]), lifter.b.batch))
    return Tensor(x.node, made)


def _rest(x: Tensor) -> int:
    count = 1
    for size in x.sizes[1:]:
        count *= size
    return count


@rule("view", "reshape", "flatten", "unflatten", "_unsafe_view", "reshape_as", "view_as")
def reshape(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The same elements in another shape."""
    return _reshape(lifter, a["self"], lifter.sizes)


@rule("permute")
def permute(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The axes in another order."""
    x = a["self"]
    return Tensor(x.node, tuple(x.view[dim] for dim in a["dims"]))


@rule("transpose", "swapaxes")
def transpose(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """Two axes swapped."""
    x = a["self"]
    first, second = (a[name] for name in (("dim0", "dim1") if "dim0" in a else ("axis0", "axis1")))
    view = list(x.view)
    view[first], view[second] = view[second], view[first]
    return Tensor(x.node, tuple(view))


@rule("t", "numpy_T")
def matrix_transpose(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The axes of a matrix swapped."""
    x = a["self"]
    return Tensor(x.node, x.view[::-1])


@rule("movedim")
def movedim(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """Axes moved to other places."""
    x = a["self"]
    rank = len(x.view)
    source = [each % rank for each in _listed(a["source"])]
    target = [each % rank for each in _listed(a["destination"])]
    order: list[int | None] = [None] * rank
    for here, there in zip(source, target, strict=True):
        order[there] = here
    rest = iter(i for i in range(rank) if i not in source)
    return Tensor(x.node, tuple(x.view[next(rest) if i is None else i] for i in order))


def _listed(value: Any) -> list[int]:
    return list(value) if isinstance(value, list | tuple) else [value]


@rule("unsqueeze")
def unsqueeze(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """An axis of length 1."""
    x = a["self"]
    place = a["dim"] % (len(x.view) + 1)
    return Tensor(x.node, (*x.view[:place], (), *x.view[place:]))


@rule("squeeze")
def squeeze(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """Without axes of length 1."""
    x = a["self"]
    wanted = range(len(x.view)) if a.get("dim") is None else [dim % len(x.view) for dim in _listed(a["dim"])]
    return Tensor(x.node, tuple(group for i, group in enumerate(x.view) if i not in wanted or group))


@rule("expand", "expand_as", "broadcast_to")
def expand(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """Repeated along axes of length 1."""
    x = lifter.tensor(a["self"])
    sizes = lifter.sizes
    view = ((),) * (len(sizes) - len(x.view)) + x.view
    made = tuple(
        (Atom(REPEATED, 0, size),) if not group and size > 1 else group for group, size in zip(view, sizes, strict=True)
    )
    return Tensor(x.node, made)


@rule("repeat")
def repeat(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """Repeated: each axis is copies times the axis."""
    x = lifter.tensor(a["self"])
    counts = list(a["repeats"])
    view = ((),) * (len(counts) - len(x.view)) + x.view
    made = tuple(
        merged(((Atom(REPEATED, 0, count),) if count > 1 else ()) + group)
        for group, count in zip(view, counts, strict=True)
    )
    return Tensor(x.node, made)


# --- parts ------------------------------------------------------------------------------------------------------------


def part(lifter: Any, x: Tensor, dim: int, start: int, stop: int, step: int = 1) -> Tensor:
    """Positions `start` up to `stop` of a foreign axis."""
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
    """A slice of an axis of ours; None if the foreign axis is not the slowest part of one."""
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
    """A tensor without elements, if it has none: a concatenation with others omits it."""
    return ConstantTensor(torch.empty(tuple(sizes))) if 0 in sizes else None


@rule("select")
def select(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """One position of an axis."""
    return selected(lifter, a["self"], a["dim"], a["index"])


def selected(lifter: Any, x: Tensor, dim: int, index: int) -> Tensor:
    """One position of a foreign axis, which is removed."""
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
    """Equal parts."""
    size = a["self"].sizes[a["dim"]]
    each = -(-size // a["chunks"])
    return _pieces(lifter, a["self"], a["dim"], [min(each, size - at) for at in range(0, size, each)])


@rule("split", "split_with_sizes")
def split_rule(lifter: Any, a: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Parts of given sizes."""
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


# --- other sizes ------------------------------------------------------------------------------------------------------


@rule("roll")
def roll(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """Shifted around the ends: two slices, in the other order."""
    x = a["self"]
    for shift, dim in zip(a["shifts"], a["dims"], strict=True):
        size = x.sizes[dim]
        cut = (-shift) % size
        if cut:
            x = joined(lifter, [part(lifter, x, dim, cut, size), part(lifter, x, dim, 0, cut)], dim)
    return x  # type: ignore[no-any-return]  # a tensor


@rule("flip")
def flip(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """There is no layer that reverses an axis."""
    raise NotExpressible("reversing an axis", "a layer for it")


@rule("pad", "constant_pad_nd")
def pad(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`pad` of all spatial dimensions, or of each axis."""
    b, x = lifter.b, a["self"]
    amounts = list(a["pad"])
    pairs = [(amounts[i], amounts[i + 1]) for i in range(0, len(amounts), 2)][::-1]
    if not any(amounts):
        return x  # type: ignore[no-any-return]  # the tensor itself
    mode = {"replicate": "replicate", "reflect": "reflect", "circular": "circular"}.get(
        a.get("mode", "constant"), "constant"
    )
    value = float(a.get("value") or 0)
    more: dict[str, Any] = {} if mode == "constant" else {"mode": mode}
    if value:
        # A pooling after it takes no padding for a maximum.
        more["value"] = max(value, -1e38)
    if min(amounts) < 0:
        return _cropped(lifter, x, pairs, more)
    if len(pairs) == len(x.view) - 2:
        before, after = (compact([pair[i] for pair in pairs]) for i in range(2))
        given = {"amount": before} if before == after else {"before": before, "after": after}
        given = {name: each for name, each in given.items() if each != 0}
        node = lifter.made("pad", channels_first(b, x), **given, **more)
        return Tensor(node, whole(b.dims(node), b.batch))
    for place, (before, after) in enumerate(pairs, len(x.view) - len(pairs)):
        if before or after:
            x = _padded_axis(lifter, x, place, before, after, more)
    return x  # type: ignore[no-any-return]  # a tensor


def _padded_axis(lifter: Any, x: Tensor, dim: int, before: int, after: int, more: Mapping[str, Any]) -> Tensor:
    from .reduction_rules import own_axes

    node, axes, view = own_axes(lifter, x, [dim])
    given = {"amount": before} if before == after else {"before": before, "after": after}
    given = {name: each for name, each in given.items() if each}
    made = lifter.made("pad", node, **given, axis=axes[0], **more)
    size = lifter.b.dims(made)[axes[0]]
    return Tensor(made, tuple(axis_of(axes[0], size) if i == dim else group for i, group in enumerate(view)))


def _cropped(lifter: Any, x: Tensor, pairs: Sequence[tuple[int, int]], more: Mapping[str, Any]) -> Tensor:
    """Negative padding is a slice."""
    if more:
        raise NotExpressible("negative padding of another kind than zeros", "`slice` and `pad`")
    for place, (before, after) in enumerate(pairs, len(x.view) - len(pairs)):
        size = x.sizes[place]
        x = part(lifter, x, place, max(0, -before), size - max(0, -after))
        if before > 0 or after > 0:
            x = _padded_axis(lifter, x, place, max(0, before), max(0, after), more)
    return x


# --- several tensors --------------------------------------------------------------------------------------------------


@rule("cat", "concat")
def cat(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`concat` along an axis."""
    values = [each for each in a["tensors"] if not (isinstance(each, ConstantTensor) and each.tensor.numel() == 0)]
    tensors = [lifter.tensor(each) for each in values]
    return joined(lifter, tensors, a["dim"])


def joined(lifter: Any, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """The tensors along a foreign axis."""
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
            "tensors that are joined along the samples", "operations that process each sample independently"
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
    """The axis of length 1 that stands for a foreign one; -1 if there is none."""
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
    for mine, theirs in zip(start, rest, strict=True):
        parts = refined([mine, theirs])
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
        mine_sorted = sorted((m for m in own if m.axis == index), key=lambda m: -m.stride)
        made.append(merged(t for m in mine_sorted if (t := own[m]) is not None))
    return made


@rule("stack")
def stack(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`stack`: the tensors along a new axis, which comes first in ours."""
    return stacked(lifter, [lifter.tensor(each) for each in a["tensors"]], a["dim"])


def stacked(lifter: Any, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """The tensors along a new foreign axis."""
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


# --- space and channels -----------------------------------------------------------------------------------------------


@rule("pixel_shuffle")
def pixel_shuffle(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`pixelshuffle`."""
    b = lifter.b
    node = lifter.made("pixelshuffle", channels_first(b, a["self"]), factor=a["upscale_factor"])
    return Tensor(node, whole(b.dims(node), b.batch))


@rule("pixel_unshuffle")
def pixel_unshuffle(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`pixelunshuffle`."""
    b = lifter.b
    node = lifter.made("pixelunshuffle", channels_first(b, a["self"]), factor=a["downscale_factor"])
    return Tensor(node, whole(b.dims(node), b.batch))


@rule("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`shuffle`."""
    b = lifter.b
    node = lifter.made("shuffle", channels_first(b, a["self"]), groups=a["groups"])
    return Tensor(node, whole(b.dims(node), b.batch))


@rule("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_linear1d", "upsample_bilinear2d",
      "upsample_bicubic2d", "upsample_trilinear3d")  # fmt: skip
def upsample(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`upsample` by a factor, else `resize` to a size."""
    b = lifter.b
    name = str(lifter.at.target).split(".")[1]
    word = next(each for each in ("nearest", "bilinear", "bicubic", "trilinear", "linear") if each in name)
    more: dict[str, Any] = {} if word == "nearest" else {"mode": word}
    if a.get("align_corners"):
        more["align_corners"] = True
    x = channels_first(b, a.get("input", a.get("self")))
    before, after = b.nodes[x].shape.spatial_size, lifter.sizes[2:]
    factors = [new // old if new % old == 0 else 0 for old, new in zip(before, after, strict=True)]
    if all(factors):
        node = lifter.made("upsample", x, factor=compact(factors), **more)
    else:
        node = lifter.made("resize", x, size=compact(list(after)), **more)
    return Tensor(node, whole(b.dims(node), b.batch))


@rule("new_zeros", "new_ones", "new_full", "new_empty", "zeros_like", "ones_like", "full_like", "empty_like")
def new_constant(lifter: Any, a: Mapping[str, Any]) -> ConstantTensor:
    """A tensor of one number, in the shape of another."""
    found = lifter.at.meta["val"]
    name = str(lifter.at.target).split(".")[1]
    value = 1 if "ones" in name else a.get("fill_value", 0)
    return ConstantTensor(torch.full(tuple(found.shape), value, dtype=found.dtype))
