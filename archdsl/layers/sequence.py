"""Attention: each step of a sequence, or position of an image, attends to others."""

from collections.abc import Mapping
from math import prod
from typing import Any

from ..contract.call import ARG, Module, Steps, method, ours
from ..contract.initializers import fill
from ..contract.layer import Weights
from ..contract.reads import ALL, SAME, Links, Reads, ReadsBefore, blocks, grid, nearby
from ..contract.saves import Saves
from ..shapes.shape import Layout, Shape
from ._attention import (
    AttentionSizes,
    check_heads,
    check_mask,
    check_rotary,
    check_values,
    check_windows,
    whole_sequence,
)
from ._attention_options import AttentionOptions
from ._attention_saves import general_saves, window_saves
from ._calls import given
from ._reading import numbers, per_dimension, sequential

POSITION_UNITS = 512
"""The hidden units of the network that computes the bias of `relative=mlp` (Liu et al., 2022)."""


class Attention(AttentionOptions):
    """Multi-head attention: every step attends to all steps (Vaswani et al., 2017).

    `from=NAME` takes keys and values from another tensor (cross-attention), and `value=NAME` takes only the values.
    On an image, the steps are its positions. `window=7` restricts attention to windows of 7×7, `shift=3` shifts the
    windows, and `grid=7` makes sparse windows of 7×7 evenly spaced positions (Liu et al., 2021; Tu et al., 2022). On a
    sequence, `window=4096 sliding causal` lets each step attend to itself and the 4,095 before it.

    The weights are named as in `nn.MultiheadAttention`: `in_proj_weight` has the rows for queries, then keys, then
    values. If keys or values come from a tensor with a different number of features, there are `q_proj_weight`,
    `k_proj_weight` and `v_proj_weight` instead.

    A mask is T×S, S or heads×T×S for T steps that attend to S. A float mask is added to the dot products: 0 keeps a
    step, and −∞ hides it. A mask of integers or booleans hides the steps where it is 0.

    Example:
        input 197x768; attention h12
    """

    keyword = "attention"
    synonyms = ("selfattention", "self_attention", "mha", "multiheadattention", "multihead_attention")
    style = "attention"

    # --- inputs ---

    def _inputs(self, xs: tuple[Shape, ...]) -> tuple[Shape, Shape | None, Shape | None, Shape | None]:
        """The input, the source of keys and values, that of values alone, and the mask."""
        x, *others = xs
        source = others.pop(0) if self.source is not None else None
        values = others.pop(0) if self.values is not None else None
        mask = others.pop(0) if self.mask is not None else None
        return _read(x), source and _read(source), values and _read(values), mask

    def sizes(self, xs: tuple[Shape, ...]) -> AttentionSizes:
        """The numbers of steps and features. Raises Reject for inputs without them."""
        x, source, values, _ = self._inputs(xs)
        x = _checked(x)
        for name, other in (("from", source), ("value", values)):
            if other is not None:
                whole_sequence(name, other, x)
        width = x.channels if self.width is None else self.width
        return AttentionSizes(
            x=x,
            source=source,
            values=values,
            heads=self.heads,
            kv_heads=self.heads if self.kv_heads is None else self.kv_heads,
            width=width,
            value_width=width if self.value_width is None else self.value_width,
            seen=self._window(x) if source is None else lengths(source),
        )

    def _window(self, y: Shape) -> tuple[int, ...]:
        """The size of a window; the whole input without windows."""
        if not self.windowed:
            return lengths(y)
        return _each(self.window or self.grid or 1, y, "window" if self.grid is None else "grid")

    # --- the contract ---

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        x, _, values, mask = self._inputs(xs)
        y = _checked(x)
        check_windows(self, y, _each(self.shift, y, "shift"), self._window(y))
        sizes = self.sizes(xs)
        check_heads(self, sizes)
        check_rotary(self, sizes)
        if values is not None:
            check_values(values, sizes)
        if mask is not None:
            check_mask(mask, sizes)
        return y

    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        sizes = self.sizes(xs)
        if self.in_windows:
            return self._window_weights(sizes.x)
        shapes: dict[str, tuple[int, ...]] = {}
        rows = sizes.rows
        if sizes.packed:
            shapes["in_proj_weight"] = (sum(rows), sizes.x.channels)
        else:
            for name, count, features in zip("qkv", rows, sizes.features, strict=True):
                shapes[f"{name}_proj_weight"] = (count, features)
        if self.qkv_biased:
            shapes["in_proj_bias"] = (sum(rows) if self.qkv_biased is True else rows[0] + rows[2],)
        if self.relative == "t5":
            shapes["position_bias"] = (self.buckets, self.heads)
        shapes["out_proj.weight"] = (sizes.x.channels, sizes.value_width)
        if self.out_biased:
            shapes["out_proj.bias"] = (sizes.x.channels,)
        for norm in ("q_norm", "k_norm") if self.qk_norm != "none" else ():
            shapes[f"{norm}.weight"] = (sizes.head,)
            if self.qk_norm == "layer":
                shapes[f"{norm}.bias"] = (sizes.head,)
        return shapes

    def _window_weights(self, x: Shape) -> Weights:
        features, window = x.channels, self._window(x)
        shapes: dict[str, tuple[int, ...]] = {}
        if self.cosine:
            shapes["logit_scale"] = (self.heads, 1, 1)
        if self.relative == "table":
            shapes["position_bias"] = (prod(2 * size - 1 for size in window), self.heads)
        shapes["in_proj_weight"] = (3 * features, features)
        if self.qkv_biased:
            shapes["in_proj_bias"] = (3 * features,)
        shapes["out_proj.weight"] = (features, features)
        if self.out_biased:
            shapes["out_proj.bias"] = (features,)
        if self.relative == "mlp":
            shapes["position_in.weight"] = (POSITION_UNITS, len(window))
            shapes["position_in.bias"] = (POSITION_UNITS,)
            shapes["position_out.weight"] = (self.heads, POSITION_UNITS)
        return shapes

    def frozen_weights(self) -> tuple[str, ...]:
        if not self.frozen:
            return ()
        scale = ("logit_scale",) if self.cosine else ()
        positions = {
            "table": ("position_bias",),
            "t5": ("position_bias",),
            "mlp": ("position_in.weight", "position_out.weight"),
        }.get(self.relative, ())
        norms = ("q_norm.weight", "k_norm.weight") if self.qk_norm != "none" else ()
        return (*scale, *_MATRICES, "out_proj.weight", *positions, *norms)

    def initializers_of(self, xs: tuple[Shape, ...]) -> Mapping[str, Steps]:
        matrices = (*_MATRICES, "out_proj.weight", "in_proj_bias", "out_proj.bias")
        return fill(self.init, {name: dims for name, dims in self.weights_of(xs).items() if name in matrices})

    def macs_of(self, xs: tuple[Shape, ...], y: Shape) -> int:
        sizes = self.sizes(xs)
        macs = sizes.macs
        if self.relative != "mlp":
            return macs
        # The network for relative positions runs once in a forward pass, whatever the batch size.
        window = sizes.seen
        return macs + prod(2 * size - 1 for size in window) * POSITION_UNITS * (len(window) + self.heads)

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        x, source, values, mask = self._inputs(xs)
        axes = range(x.rank - len(y.spatial_size), x.rank) if y.spatial else range(1)
        along = dict(zip(axes, self._dimension_reads(y), strict=True)) if source is None else dict.fromkeys(axes, SAME)
        links: list[Links] = [tuple((axis, along.get(axis, ALL)) for axis in range(x.rank))]
        if source is not None:
            links.append(((None, ALL),) * source.rank)
        if values is not None:
            # The values of keys that are read from x belong to the same steps.
            is_alike = source is None and values.layout is Layout.SEQUENCE and not y.spatial
            links.append(((0, self._dimension_reads(y)[0]), (None, ALL)) if is_alike else ((None, ALL),) * values.rank)
        if mask is not None:
            own = mask.rank - 2
            links.append(tuple(self._of_mask(y, axis == own) for axis in range(mask.rank)))
        return tuple(links)

    def _of_mask(self, y: Shape, is_step: bool) -> tuple[int | None, Reads]:
        """What a position reads along an axis of the mask: its own step, if the steps of y are one axis."""
        return (0, SAME) if is_step and not y.spatial else (None, ALL)

    def _dimension_reads(self, y: Shape) -> list[Reads]:
        """What a position reads along each dimension."""
        if self.sliding and isinstance(self.window, int):
            half = self.window // 2
            return [nearby(self.window - 1, 0) if self.causal else nearby(half, half)]
        if not self.windowed:
            return [ReadsBefore() if self.causal else ALL] * len(lengths(y))
        if self.grid is not None:
            return [grid(count, size) for count, size in zip(self._window(y), lengths(y), strict=True)]
        return [blocks(*each) for each in zip(self._window(y), _each(self.shift, y, "shift"), strict=True)]

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        sizes, (*_, mask) = self.sizes(xs), self._inputs(xs)
        if self.in_windows:
            return window_saves(self, sizes, any(_each(self.shift, y, "shift")))
        return general_saves(self, sizes, mask)

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        x, *_ = self._inputs(xs)
        if self.in_windows:
            return self._window_steps(x)
        options = given(dropout=(self.dropout, 0.0), scale=(self.scale, None), bias=(self.out_biased, True))
        if not x.spatial and not self.general_options():
            return (ours.SelfAttention(x.channels, self.heads, **given(causal=(self.causal, False)), **options),)
        return (self._general_step(self.sizes(xs)),)

    def _general_step(self, sizes: AttentionSizes) -> Module:
        x, source, values = sizes.x, sizes.source, sizes.values
        options = given(
            source_features=(None if source is None else source.channels, None),
            value_features=(None if values is None else values.channels, None),
            kv_heads=(sizes.kv_heads, self.heads),
            width=(sizes.width, x.channels),
            value_width=(sizes.value_width, sizes.width),
            causal=(self.causal, False),
            window=(self.window if self.sliding else None, None),
            rope=(sizes.rotated(self.rope_part) if self.rope else 0, 0),
            rope_base=(self.rope_base if self.rope else 10000.0, 10000.0),
            qk_norm=(self.qk_norm, "none"),
            eps=(self.eps, 1e-6),
            relative=(self.relative, "none"),
            buckets=(self.buckets, 32),
            distance=(self.distance, 128),
            dropout=(self.dropout, 0.0),
            scale=(self.scale, None),
            qkv_bias=(self.qkv_biased, True),
            out_bias=(self.out_biased, True),
            channels_first=(x.spatial, False),
            source_channels_first=(source is not None and source.spatial, False),
            value_channels_first=(values is not None and values.spatial, False),
        )
        module = ours.MultiHeadAttention(x.channels, self.heads, **options)
        tensors = {"source": self.source, "value": self.values, "mask": self.mask}
        return module.replace(inputs=tuple(name for name, there in tensors.items() if there is not None))

    def _window_steps(self, x: Shape) -> Steps:
        shift = _each(self.shift, x, "shift")
        special: dict[str, Any] = given(
            grid=(self.grid is not None, False),
            shift=(shift, (0,) * len(shift)),
            relative=(self.relative, "none"),
            cosine=(self.cosine, False),
            dropout=(self.dropout, 0.0),
            scale=(self.scale, None),
            bias=(self.out_biased, True),
        )
        module = ours.WindowAttention(x.channels, self.heads, self._window(x), **special)
        if x.spatial:
            return (module,)
        return method.transpose(ARG, 1, 2), module, method.transpose(ARG, 1, 2)


_MATRICES = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")


def _read(x: Shape) -> Shape:
    return x.read_as(Layout.SEQUENCE) if x.layout is Layout.OPEN else x


def _checked(x: Shape) -> Shape:
    """x as a sequence, or with its channels first. Raises Reject for other tensors."""
    return numbers(x) if x.spatial else sequential(x)


def lengths(x: Shape) -> tuple[int, ...]:
    """The spatial size of an image, or T of a sequence."""
    return x.spatial_size if x.spatial else x.dims[:1]


def _each(value: int | tuple[int, ...], x: Shape, name: str) -> tuple[int, ...]:
    """The value for each dimension. Raises Reject if there are more or fewer values than dimensions."""
    if not x.spatial and isinstance(value, int):
        return (value,)
    return per_dimension(value, x, name)
