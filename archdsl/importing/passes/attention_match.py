"""A detected attention layer, and the layer that replaces it."""

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

import torch

from ...contract.arguments import TensorRef
from ..atoms import Atom, Group
from ..building import Builder, Lifted, Weight, make_op
from ..import_problem import NotExpressible
from ..values import SourceParameter, parameters_of
from .attention_order import reordered_back, rolled_back
from .attention_weights import input_biases, is_logit_scale, ordered_columns, stacked_rows
from .position_biases import Bias, matched_bias
from .tracing import Rows, TracedNode, unrolled


class AttentionMatch(NamedTuple):
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
        """The new node by the node that it replaces; None if attention has no such options."""
        layers = [b.nodes[rows.layer] for rows in self.projections]
        x, source = layers[0].inputs[0], layers[1].inputs[0]
        if layers[2].inputs[0] != source:
            return None
        base, shifts = unrolled(b, x)
        options = self._window(b, base if shifts else x)
        end = None if options is None else self._end(b, readers)
        if options is None or end is None:
            return None
        replaced, between = end
        if shifts and "window" in options:
            end = rolled_back(b, replaced, readers, shifts)
            if end is None:
                return None
            replaced, between = end[0], [*between, *end[1]]
            per = [shifts.get(axis, 0) for axis in self._axes(b)]
            options["shift"] = per[0] if len(set(per)) == 1 else tuple(per)
            x, source = base, base if source == x else source
        node = self._added(b, options, x, source, between)
        if node is None or b.nodes[node].shape != b.nodes[replaced].shape:
            return None
        return {replaced: node}

    def _end(self, b: Builder, readers: dict[int, list[int]]) -> tuple[int, list[int]] | None:
        """The node at which the steps are back in their original order, and the operations before it."""
        if self.arranged is None:
            return self.last, []
        return reordered_back(b, self.last, readers, self.arranged, b.dims(self.query.node), self.channel_axis)

    def _added(self, b: Builder, options: dict[str, Any], x: int, source: int, between: Sequence[int]) -> int | None:
        """The new layer followed by other operations; None if attention has no such options."""
        more = self._positions(b, options, x)
        weights = self._weights(b, x, source)
        if more is None or weights is None:
            return None
        tensors, biased = weights
        options = {"heads": self.heads, **options, **more, **biased}
        inputs = [x]
        if source != x:
            options["from"] = TensorRef("source")
            inputs.append(source)
        last = b.nodes[self.last]
        try:
            node = b.add(make_op("attention", options), *inputs, **tensors)
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
        return node

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
            if self.scale is None or not is_logit_scale(self.scale, self.heads):
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
            self.extra["logit_scale"] = Weight((SourceParameter(name, ()),), lambda t: t.reshape(self.heads, 1, 1))
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
            found["in_proj_weight"] = stacked_rows(layers, rows, "weight")
        else:
            for name, layer, own in zip("qkv", layers, rows, strict=True):
                found[f"{name}_proj_weight"] = stacked_rows([layer], [own], "weight")
        biases = input_biases(layers, rows)
        if biases is None:
            return None
        kind, weight = biases
        if weight is not None:
            found["in_proj_bias"] = weight
        found["out_proj.weight"] = ordered_columns(last, self.columns)
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
