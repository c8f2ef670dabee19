"""Attention: the products, the softmax and the linear layers around them become one layer."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...shapes.shape import Layout
from ..atoms import REPEATED, Group, length, whole
from ..building import Builder, ComputedOp, ConstantOp, Lifted
from ..values import ConstantTensor, parameters_of
from .attention_match import AttentionMatch
from .attention_order import columns_of, repeats, same_rotation
from .position_biases import Bias, summands
from .tracing import Rows, TracedNode, is_linear, positions, rows_of, trace


def attention_layers(b: Builder, live: Sequence[int]) -> dict[int, int]:
    """New attention layers, by the node that each replaces."""
    found: dict[int, int] = {}
    readers: dict[int, list[int]] = {}
    for i in live:
        for j in b.nodes[i].inputs:
            readers.setdefault(j, []).append(i)
    owners: dict[tuple[str, ...], int] = {}
    for i in live:
        match = _matched(b, i) if is_linear(b.nodes[i]) else None
        made = match.layer(b, readers) if match is not None else None
        if made is not None:
            found |= made
            _share(b, made, owners)
    return found


def _share(b: Builder, made: dict[int, int], owners: dict[tuple[str, ...], int]) -> None:
    """Let an attention layer with the weights of an earlier one share them."""
    (node,) = made.values()
    while b.nodes[node].op.keyword != "attention":
        node = b.nodes[node].inputs[0]
    names = tuple(name for weight in b.nodes[node].weights.values() for name in parameters_of(weight.sources))
    owner = owners.setdefault(names, node)
    if owner != node and b.nodes[owner].op == b.nodes[node].op:
        b.nodes[node].shared = owner


def _matched(b: Builder, last: int) -> AttentionMatch | None:
    out = trace(b, b.nodes[last].inputs[0])
    product = b.nodes[out.node]
    if product.op.keyword != "matmul" or out[2:] != TracedNode(0, ())[2:]:
        return None
    weights, values = product.inputs
    dropout = 0.0
    while b.nodes[weights].op.keyword == "dropout":
        dropout = b.nodes[weights].op.p  # type: ignore[attr-defined]  # an argument of `dropout`
        weights = b.nodes[weights].inputs[0]
    soft = b.nodes[weights]
    if soft.op.keyword != "softmax" or _softmax_axis(soft) != soft.shape.rank - 1:
        return None
    scores = _scores(b, soft.inputs[0])
    if scores is None:
        return None
    query, key, value = (trace(b, i) for i in (*scores.operands, values))
    return _assembled(b, last, out, query, key, value, scores, dropout)


def _softmax_axis(node: Lifted) -> int:
    axis = node.op.axis  # type: ignore[attr-defined]  # an argument of `softmax`
    if axis is None:
        return node.shape.channel_axis
    return int(axis) % node.shape.rank if isinstance(axis, int) else -2


class _Scores(NamedTuple):
    operands: tuple[int, int]
    factor: float
    scale: Any
    biases: tuple[Bias, ...]


def _scores(b: Builder, node: int) -> _Scores | None:
    """The operands of the product of queries and keys, and the factors and biases that are applied to it."""
    factor: float = 1.0
    scale: Any = None
    biases: list[Bias] = []
    while True:
        here = b.nodes[node]
        word = here.op.keyword
        if word == "matmul":
            return _Scores((here.inputs[0], here.inputs[1]), factor, scale, tuple(biases))
        if word == "scale" and not here.op.learned:  # type: ignore[attr-defined]  # an argument of `scale`
            factor *= here.op.factor  # type: ignore[attr-defined]  # an argument of `scale`
            node = here.inputs[0]
        elif here.origin is not None and here.origin.view == trace_identity(b, here):
            node = here.origin.node
        elif word in ("add", "sub", "mul") and len(here.inputs) == 2:
            sides = [_fixed(b, i) for i in here.inputs]
            if (sides[0] is None) == (sides[1] is None):
                return None
            place = 0 if sides[0] is not None else 1
            bias = sides[place]
            assert bias is not None
            if word == "mul":
                if scale is not None:
                    return None
                scale = bias.value
            elif scale is not None or (word == "sub" and place == 0):
                return None
            else:
                sign = -factor if word == "sub" else factor
                biases += [each._replace(factor=each.factor * sign) for each in summands(bias)]
            node = here.inputs[1 - place]
        else:
            return None


def trace_identity(b: Builder, node: Lifted) -> tuple[Group, ...] | None:
    """The axes of the node that a node rearranges, as if it only kept them."""
    assert node.origin is not None
    return whole(b.dims(node.origin.node), None)


def _fixed(b: Builder, node: int) -> Bias | None:
    """A constant, or a tensor computed from parameters, with its axes."""
    factor = 1.0
    if b.nodes[node].op.keyword == "neg":
        factor, node = -1.0, b.nodes[node].inputs[0]
    found = trace(b, node)
    op = b.nodes[found.node].op
    dims = b.dims(node)
    if isinstance(op, ConstantOp):
        return Bias(ConstantTensor(op.tensor), found.groups, factor * found.factor, dims)
    if isinstance(op, ComputedOp):
        return Bias(op.value, found.groups, factor * found.factor, dims)
    return None


def _assembled(
    b: Builder,
    last: int,
    out: TracedNode,
    query: TracedNode,
    key: TracedNode,
    value: TracedNode,
    scores: _Scores,
    dropout: float,
) -> AttentionMatch | None:
    axes = _axes_of(b, query, key, value)
    if axes is None:
        return None
    rows = _projections(b, axes.traced(query, key, value), axes.channel, axes.counts)
    if rows is None or not _read_alike(b, axes, rows):
        return None
    outer, steps, channel, count = axes.outer[0], axes.steps[0], axes.channel, axes.heads
    width, dims = length(axes.features[2]), b.nodes[query.node].shape.dims
    found_columns = columns_of(b, out, outer, steps, channel, count, width, dims, last)
    if found_columns is None or query.normalized is not key.normalized or not same_rotation(query, key, value):
        return None
    scales = [each for each in (scores.scale, query.scale, key.scale, value.scale) if each is not None]
    if len(scales) > 1 or value.scale is not None:
        return None
    return AttentionMatch(
        last=last,
        columns=found_columns[0],
        arranged=found_columns[1],
        projections=rows,
        heads=count,
        kv_heads=count // axes.shared,
        head=length(axes.features[0]),
        value_head=width,
        factor=scores.factor * query.factor * key.factor * value.factor if value.factor == 1 else float("nan"),
        dropout=dropout,
        cosine=query.normalized,
        scale=scales[0] if scales else None,
        biases=scores.biases,
        query=query,
        steps=steps,
        outer=tuple(outer),
        channel_axis=channel,
    )


class _Axes(NamedTuple):
    """The axes of queries, keys and values, in this order: outer ones, steps and features; and the heads.

    `shared` is the number of query heads that share a head of keys and values.
    """

    channel: int
    outer: tuple[list[Group], list[Group], list[Group]]
    steps: tuple[Group, Group, Group]
    features: tuple[Group, Group, Group]
    heads: int
    shared: int

    @property
    def counts(self) -> tuple[int, int, int]:
        """The numbers of heads."""
        return self.heads, self.heads // self.shared, self.heads // self.shared

    def traced(
        self, query: TracedNode, key: TracedNode, value: TracedNode
    ) -> tuple[tuple[TracedNode, list[Group], Group], ...]:
        """The traced tensors with their outer axes and features."""
        return tuple(zip((query, key, value), self.outer, self.features, strict=True))


def _axes_of(b: Builder, query: TracedNode, key: TracedNode, value: TracedNode) -> _Axes | None:
    """The axes of an attention layer; None if steps and features are mixed, or heads are not shared evenly."""
    shapes = [b.nodes[each.node].shape for each in (query, key, value)]
    channel = shapes[0].channel_axis
    if shapes[0].layout is Layout.OPEN or len(query.groups) < 2 or len({s.layout for s in shapes}) > 1:
        return None
    *outer, steps, features = query.groups
    *outer_k, features_k, steps_k = key.groups
    *outer_v, steps_v, features_v = value.groups
    if any(atom.axis != channel for atom in (*features, *features_k, *features_v)):
        return None
    if any(atom.axis == channel for atom in (*steps, *steps_k, *steps_v)):
        return None
    count = length(atom for group in outer for atom in group if atom.axis == channel)
    shared = repeats(outer_k)
    if shared is None or repeats(outer_v) != shared or count % shared or repeats(outer) != 1:
        return None
    own = (outer, outer_k, outer_v), (steps, steps_k, steps_v), (features, features_k, features_v)
    return _Axes(channel, *own, count, shared)


def _read_alike(b: Builder, axes: _Axes, rows: tuple[Rows, Rows, Rows]) -> bool:
    """Whether keys and values, and queries if they are of the same tensor, have the same steps; queries of another
    tensor must not be in windows.
    """
    spatial = [[tuple(a for a in g if a.axis not in (axes.channel, REPEATED)) for g in o] for o in axes.outer]
    steps, steps_k, steps_v = axes.steps
    if spatial[1] != spatial[2] or steps_k != steps_v:
        return False
    if b.nodes[rows[0].layer].inputs[0] == b.nodes[rows[1].layer].inputs[0]:
        return spatial[0] == spatial[1] and steps == steps_k
    return not any(g for o in spatial for g in o)


def _projections(
    b: Builder,
    traced: Sequence[tuple[TracedNode, Sequence[Group], Group]],
    channel: int,
    heads: Sequence[int],
) -> tuple[Rows, Rows, Rows] | None:
    """The rows of the layers that make queries, keys and values, each with this many heads; None if they are computed
    in another way.
    """
    rows = []
    for (each, outer, features), count in zip(traced, heads, strict=True):
        mine = [atom for group in outer for atom in group if atom.axis == channel]
        found = rows_of(b, each.node, channel) if length(mine) == count else None
        if found is None or each.axis not in (None, channel):
            return None
        rows.append(found._replace(rows=found.rows[positions((*mine, *features)) + each.start]))
    return rows[0], rows[1], rows[2]
