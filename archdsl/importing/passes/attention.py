"""Attention: the products, the softmax and the linear layers around them become one layer."""

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any, NamedTuple

import torch

from ...contract.arguments import TensorRef
from ...shapes.shape import Layout
from ..atoms import REPEATED, Atom, Group, length, merged, whole
from ..building import Builder, ComputedOp, ConstantOp, Lifted, Weight, make_op
from ..import_problem import NotExpressible
from ..values import ConstantTensor, ForeignParameter, evaluate, parameter_sizes, parameters_of
from .position_biases import Bias, matched_bias, summands
from .tracing import Rows, TracedNode, composed, feature_axis, is_linear, positions, rows_of, trace, unrolled


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
    """Let an attention with the weights of an earlier one share them."""
    (node,) = made.values()
    while b.nodes[node].op.keyword != "attention":
        node = b.nodes[node].inputs[0]
    names = tuple(name for weight in b.nodes[node].weights.values() for name in parameters_of(weight.sources))
    owner = owners.setdefault(names, node)
    if owner != node and b.nodes[owner].op == b.nodes[node].op:
        b.nodes[node].shared = owner


class _Match(NamedTuple):
    """A detected attention layer: its last linear layer, its projections, and its computation."""

    last: int
    columns: torch.Tensor
    arranged: tuple[Group, ...] | None
    projections: tuple[Rows, Rows, Rows]
    heads: int
    kv_heads: int
    head: int
    value_head: int
    factor: float
    dropout: float
    cosine: bool
    scale: Any
    biases: tuple[Bias, ...]
    query: TracedNode
    steps: Group
    outer: tuple[Group, ...]
    channel_axis: int

    def layer(self, b: Builder, readers: dict[int, list[int]]) -> dict[int, int] | None:
        """The new node by the one that it replaces; None if attention has no such options."""
        last = b.nodes[self.last]
        layers = [b.nodes[rows.layer] for rows in self.projections]
        x = layers[0].inputs[0]
        source = layers[1].inputs[0]
        if layers[2].inputs[0] != source:
            return None
        base, shifts = unrolled(b, x)
        replaced = self.last
        options = self._window(b, base if shifts else x)
        if options is None:
            return None
        between: list[int] = []
        if self.arranged is not None:
            back = _back(b, self.last, readers, self.arranged, b.dims(self.query.node), self.channel_axis)
            if back is None:
                return None
            replaced, between = back
        if shifts and "window" in options:
            end = _rolled_back(b, replaced, readers, shifts)
            if end is None:
                return None
            replaced, others = end
            between += others
            per = [shifts.get(axis, 0) for axis in self._axes(b)]
            options["shift"] = per[0] if len(set(per)) == 1 else tuple(per)
            x = base
            source = base if layers[1].inputs[0] == layers[0].inputs[0] else source
        more = self._positions(b, options, x)
        weights = self._weights(b, x, source)
        if more is None or weights is None:
            return None
        options |= more
        tensors, biased = weights
        options |= biased
        inputs = [x]
        if source != x:
            options["from"] = TensorRef("source")
            inputs.append(source)
        try:
            node = b.add(make_op("attention", {"heads": self.heads, **options}), *inputs, **tensors)
            b.nodes[node].scopes = last.scopes[:-1] if _inside(b, last) else last.scopes
            b.nodes[node].runs = last.runs
            if set(b.nodes[node].op.weights_of(tuple(b.nodes[i].shape for i in inputs))) != set(tensors):
                return None
            for each in between:
                node = b.add(b.nodes[each].op, node, **b.nodes[each].weights)
                b.nodes[node].runs = b.nodes[each].runs
                b.nodes[node].scopes = b.nodes[each].scopes
        except NotExpressible:
            return None
        if b.nodes[node].shape != b.nodes[replaced].shape:
            return None
        return {replaced: node}

    def _axes(self, b: Builder) -> list[int]:
        """The axes of the steps."""
        rank = b.nodes[self.query.node].shape.rank
        return [axis for axis in range(rank) if axis != self.channel_axis]

    def _window(self, b: Builder, x: int) -> dict[str, Any] | None:
        """`window` or `grid`; nothing if all steps attend to each other. None if the steps are arranged otherwise."""
        dims = b.dims(self.query.node)
        axes = self._axes(b)
        if [atom.axis for atom in self.steps] != [axis for axis in axes if any(a.axis == axis for a in self.steps)]:
            return None
        by_axis = {atom.axis: atom for atom in self.steps}
        if all(by_axis.get(axis, Atom(axis, 1, 1)).size == dims[axis] for axis in axes):
            return {}
        inner = [by_axis.get(axis, Atom(axis, 1, 1)) for axis in axes]
        size = [atom.size for atom in inner]
        compact = size[0] if len(set(size)) == 1 else tuple(size)
        if all(atom.stride == 1 for atom in inner):
            return {"window": compact}
        if all(atom.stride * atom.size == dims[axis] for axis, atom in zip(axes, inner, strict=True)):
            return {"grid": compact}
        return None

    def _positions(self, b: Builder, options: dict[str, Any], x: int) -> dict[str, Any] | None:
        """`relative`, `causal`, `cosine` and `scale`, from what is added to the products."""
        dims = b.dims(self.query.node)
        axes = self._axes(b)
        window = options.get("window", options.get("grid"))
        sizes = (
            tuple(dims[axis] for axis in axes)
            if window is None
            else (window if isinstance(window, tuple) else (window,) * len(axes))
        )
        shift = options.get("shift", 0)
        found: dict[str, Any] = {}
        masked = False
        for bias in self.biases:
            kind = matched_bias(
                b, bias, self.heads, sizes, shift if isinstance(shift, tuple) else (shift,) * len(axes), dims, axes
            )
            if kind is None:
                return None
            masked |= kind.get("masked", False)
            found |= {name: value for name, value in kind.items() if name != "masked"}
        if bool(shift) is not masked:
            return None
        if self.cosine:
            if self.scale is None or not _is_logit_scale(self.scale, self.heads):
                return None
            found["cosine"] = True
            found["_scale"] = self.scale
        elif abs(self.factor * sqrt(self.head) - 1) > 1e-5:
            found["scale"] = float(f"{self.factor:.9g}")
        if self.dropout:
            found["dropout"] = self.dropout
        if self.kv_heads != self.heads:
            found["kv_heads"] = self.kv_heads
        found |= self._rotary()
        self_scale = found.pop("_scale", None)
        self.extra.clear()
        if self_scale is not None:
            name = next(parameters_of(self_scale))
            self.extra["logit_scale"] = Weight((ForeignParameter(name, ()),), lambda t: t.reshape(self.heads, 1, 1))
        for name in ("position_bias", "position_in.weight", "position_in.bias", "position_out.weight"):
            if name in found:
                self.extra[name] = found.pop(name)
        return found

    def _rotary(self) -> dict[str, Any]:
        """The options of rotary positions."""
        rotary = self.query.rotary
        if rotary is None:
            return {}
        part = {} if rotary.rotated == self.head else {"rope_part": rotary.rotated / self.head}
        return {"rope": True} | ({} if rotary.base == 10000 else {"rope_base": rotary.base}) | part

    @property
    def extra(self) -> dict[str, Weight]:
        """The weights of positions and scales."""
        return _extra.setdefault(self.last, {})

    def _weights(self, b: Builder, x: int, source: int) -> tuple[dict[str, Weight], dict[str, Any]] | None:
        last = b.nodes[self.last]
        layers = [b.nodes[rows.layer] for rows in self.projections]
        rows = [rows.rows for rows in self.projections]
        width, value_width = self.heads * self.head, self.heads * self.value_head
        shape = b.nodes[x].shape
        features = shape.channels
        found: dict[str, Weight] = dict(self.extra)
        options: dict[str, Any] = {}
        if width != features:
            options["width"] = width
        if value_width != width:
            options["value_width"] = value_width
        if b.nodes[source].shape.channels == features:
            found["in_proj_weight"] = _stacked(layers, rows, "weight")
        else:
            for name, layer, own in zip("qkv", layers, rows, strict=True):
                found[f"{name}_proj_weight"] = _stacked([layer], [own], "weight")
        biases = _input_biases(layers, rows)
        if biases is None:
            return None
        kind, weight = biases
        if weight is not None:
            found["in_proj_bias"] = weight
        found["out_proj.weight"] = _columns(last, self.columns)
        if "bias" in last.weights:
            found["out_proj.bias"] = last.weights["bias"]
        out = "bias" in last.weights
        if self.cosine and kind == "qv" and weight is None:
            return None
        if kind is False and not out:
            options["bias"] = False
        elif kind != out:
            options |= {"qkv_bias": kind} if kind is not True else {"out_bias": out}
        return found, options


_extra: dict[int, dict[str, Weight]] = {}


def _inside(b: Builder, node: Lifted) -> bool:
    """Whether the linear layer is in a module for attention, not in the block around it."""
    return (bool(node.scopes) and "attention" in node.scopes[-1].kind) or (
        bool(node.scopes) and "attn" in node.scopes[-1].kind
    )


def _back(
    b: Builder,
    last: int,
    readers: dict[int, list[int]],
    arranged: Sequence[Group],
    dims: tuple[int, ...],
    channel: int,
) -> tuple[int, list[int]] | None:
    """The node at which the steps are back in their order before the windows were cut, and the operations before it.

    `arranged` has for each axis of the last layer the steps that it goes through.
    """
    node, between = _after_steps(b, last, readers)
    for reader in readers.get(node, []):
        origin = b.nodes[reader].origin
        if origin is None or origin.node != node or b.nodes[reader].shape.rank != len(dims):
            continue
        others = [group for axis, group in enumerate(origin.view) if axis != channel]
        if origin.view[channel] != arranged_whole(b, node, feature_axis(b.nodes[last])):
            continue
        groups = composed(tuple(others), tuple(arranged))
        wanted = tuple(group for axis, group in enumerate(whole(dims, None)) if axis != channel)
        if groups == wanted:
            return reader, between
    return None


def arranged_whole(b: Builder, node: int, axis: int) -> Group:
    """All positions of an axis of a node."""
    return whole(b.dims(node), None)[axis]


def _after_steps(b: Builder, node: int, readers: dict[int, list[int]]) -> tuple[int, list[int]]:
    """The last of the operations of each step that follow a node, or the node itself, and these operations."""
    found: list[int] = []
    while len(following := readers.get(node, [])) == 1 and b.nodes[following[0]].op.keyword in _OF_EACH_STEP:
        node = following[0]
        found.append(node)
    return node, found


_OF_EACH_STEP = frozenset({"dropout", "drop_path", "layernorm"})
"""Operations of the features of each step, wherever the step is."""


def _rolled_back(
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


def _matched(b: Builder, last: int) -> _Match | None:
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
    """The product of queries and keys, without added biases and factors."""
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
    """The axes of the node that it rearranges, if it has the same ones."""
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
) -> _Match | None:
    shapes = [b.nodes[each.node].shape for each in (query, key, value)]
    channel = shapes[0].channel_axis
    if shapes[0].layout is Layout.OPEN or len(query.groups) < 2 or len({s.layout for s in shapes}) > 1:
        return None
    *outer, steps, features = query.groups
    *outer_k, features_k, steps_k = key.groups
    *outer_v, steps_v, features_v = value.groups
    heads = [atom for group in outer for atom in group if atom.axis == channel]
    if any(atom.axis != channel for atom in (*features, *features_k, *features_v)):
        return None
    if any(atom.axis == channel for atom in (*steps, *steps_k, *steps_v)):
        return None
    count = length(heads)
    rows = []
    shared = _repeats(outer_k)
    if shared is None or _repeats(outer_v) != shared or count % shared or _repeats(outer) != 1:
        return None
    for each, own_outer, own in ((query, outer, features), (key, outer_k, features_k), (value, outer_v, features_v)):
        mine = [atom for group in own_outer for atom in group if atom.axis == channel]
        if length(mine) * (1 if each is query else shared) != count:
            return None
        found = rows_of(b, each.node, channel)
        if found is None:
            return None
        if each.axis not in (None, channel):
            return None
        rows.append(found._replace(rows=found.rows[positions((*mine, *own)) + each.start]))
    spatial = [[tuple(a for a in g if a.axis not in (channel, REPEATED)) for g in o] for o in (outer, outer_k, outer_v)]
    same_source = b.nodes[rows[0].layer].inputs[0] == b.nodes[rows[1].layer].inputs[0]
    if (
        spatial[1] != spatial[2]
        or steps_k != steps_v
        or (same_source and (spatial[0] != spatial[1] or steps != steps_k))
    ):
        return None
    if not same_source and any(g for o in spatial for g in o):
        return None
    found_columns = _columns_of(b, out, outer, steps, channel, count, length(features_v), shapes[0].dims, last)
    if found_columns is None or query.normalized is not key.normalized or not _same_rotation(query, key, value):
        return None
    scales = [each for each in (scores.scale, query.scale, key.scale, value.scale) if each is not None]
    if len(scales) > 1 or value.scale is not None:
        return None
    return _Match(
        last=last,
        columns=found_columns[0],
        arranged=found_columns[1],
        projections=(rows[0], rows[1], rows[2]),
        heads=count,
        kv_heads=count // shared,
        head=length(features),
        value_head=length(features_v),
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


def _repeats(outer: Sequence[Group]) -> int | None:
    """How many consecutive heads share keys or values; None if heads that are not consecutive do."""
    atoms = [atom for group in outer for atom in group]
    count = length(atom for atom in atoms if atom.axis == REPEATED)
    last = [group[-1] for group in outer if any(atom.axis == REPEATED for atom in group)]
    is_last = all(atom.axis == REPEATED for atom in last) and len(last) <= 1
    return count if is_last and sum(atom.axis == REPEATED for atom in atoms) <= 1 else None


def _same_rotation(query: TracedNode, key: TracedNode, value: TracedNode) -> bool:
    """Whether queries and keys have the same rotary positions, and values none."""
    ours = [None if each.rotary is None else each.rotary[3:] for each in (query, key, value)]
    return ours[0] == ours[1] and ours[2] is None


def _columns_of(
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
    """Where each input of the last layer comes from, heads first, and the steps of each of its axes: None if they are
    where they were. None if features and steps are mixed.
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


def _stacked(layers: Sequence[Lifted], rows: Sequence[torch.Tensor], name: str) -> Weight:
    """The rows of several matrices, one after another."""
    sources = tuple(layer.weights[name] for layer in layers)

    def make(*tensors: torch.Tensor) -> torch.Tensor:
        return torch.cat([tensor.flatten(1)[own] for tensor, own in zip(tensors, rows, strict=True)])

    return _joined(sources, make)


def _joined(sources: Sequence[Weight], make: Any) -> Weight:
    """A weight that is concatenated from other weights."""
    counts = [len(each.sources) for each in sources]

    def joined(*tensors: torch.Tensor) -> Any:
        made, at = [], 0
        for each, count in zip(sources, counts, strict=True):
            made.append(each.make(*tensors[at : at + count]))
            at += count
        return make(*made)

    return Weight(tuple(source for each in sources for source in each.sources), joined)


def _columns(layer: Lifted, columns: torch.Tensor) -> Weight:
    """The matrix of the last layer, with its columns in the order of heads."""
    inverse = torch.empty_like(columns)
    inverse[columns] = torch.arange(len(columns))
    return _joined((layer.weights["weight"],), lambda tensor: tensor.flatten(1)[:, inverse])


def _input_biases(layers: Sequence[Lifted], rows: Sequence[torch.Tensor]) -> tuple[Any, Weight | None] | None:
    """Which of queries, keys and values have a bias (True, `qv` or False), and the bias; None if others have."""
    parts = [_bias_part(layer, own) for layer, own in zip(layers, rows, strict=True)]
    if any(part is False for part in parts):
        return None
    there = [part is not None for part in parts]
    if not any(there):
        return False, None
    if all(there) or there == [True, False, True]:
        chosen = [part for part in parts if isinstance(part, Weight)]
        return (True if all(there) else "qv"), _joined(chosen, lambda *tensors: torch.cat(tensors))
    return None


def _bias_part(layer: Lifted, rows: torch.Tensor) -> Weight | bool | None:
    """The part of a bias; None if there is none, or only zeros; False if it is something else."""
    bias = layer.weights.get("bias")
    if bias is None:
        return None
    sources = bias.sources
    if all(isinstance(each, ForeignParameter) for each in sources):
        return _joined((bias,), lambda tensor: tensor[rows])
    names = tuple(dict.fromkeys(name for each in sources for name in parameters_of(each)))
    sizes = {name: parameter_sizes(sources, name) for name in names}
    numbered: dict[str, torch.Tensor] = {}
    at = 1.0
    for name in names:
        numbered[name] = torch.arange(at, at + prod(sizes[name]), dtype=torch.float64).reshape(sizes[name])
        at += prod(sizes[name])
    found = evaluate(sources[0], numbered)
    if len(sources) != 1 or not isinstance(found, torch.Tensor):
        return False
    part = found[rows]
    if bool((part == 0).all()):
        return _whole_bias(names, sizes, rows, len(found))
    if bool((part != part.round()).any()) or bool((part <= 0).any()):
        return False
    return _joined((bias,), lambda tensor: tensor[rows])


def _whole_bias(
    names: Sequence[str], sizes: dict[str, tuple[int, ...]], rows: torch.Tensor, count: int
) -> Weight | None:
    """The parameter of a part that is set to zero, if it has one nevertheless."""
    if len(names) == 1 and prod(sizes[names[0]]) == count:
        return Weight((ForeignParameter(names[0], sizes[names[0]]),), lambda tensor: tensor[rows])
    return None


def _is_logit_scale(value: Any, heads: int) -> bool:
    """Whether it is exp(min(parameter, log 100)) for each head."""
    names = list(dict.fromkeys(parameters_of(value)))
    if len(names) != 1 or prod(parameter_sizes(value, names[0])) != heads:
        return False
    given = torch.linspace(-1, 8, heads).reshape(parameter_sizes(value, names[0]))
    found = evaluate(value, {names[0]: given})
    expected = given.clamp(max=float(torch.log(torch.tensor(100.0)))).exp()
    return bool(torch.allclose(found.flatten(), expected.flatten()))
