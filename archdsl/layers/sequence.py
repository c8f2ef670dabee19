"""Attention: each step of a sequence, or position of an image, attends to others."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, Any, Literal

from ..contract.arguments import (
    Flag,
    NaturalSpatialInt,
    OneOf,
    PositiveFloat,
    PositiveInt,
    PositiveSpatialInt,
    Probability,
    argument,
)
from ..contract.call import ARG, Steps, method, ours
from ..contract.initializers import MATRIX_DOC, MatrixInit, fill
from ..contract.layer import Layer, Reject, Weights
from ..contract.reads import ALL, Links, Reads, ReadsBefore, blocks, grid
from ..contract.saves import SavedTensor, Saves, contiguous
from ..diagnostics import Change
from ..diagnostics.catalogue.shape_errors import HeadsDoNotDivide
from ..shapes.shape import Layout, Shape
from ._calls import given
from ._reading import nearest_divisor, numbers, sequential

Relative = Annotated[Literal["none", "table", "mlp"], OneOf(choices=("none", "table", "mlp"))]
POSITION_UNITS = 512
"""The hidden units of the network that computes the bias of `relative=mlp` (Liu et al., 2022)."""


class Attention(Layer):
    """Multi-head self-attention: every step attends to all steps (Vaswani et al., 2017).

    On an image, the steps are its positions. `window=7` restricts attention to windows of 7×7, `shift=3` shifts the
    windows, and `grid=7` makes sparse windows of 7×7 evenly spaced positions (Liu et al., 2021; Tu et al., 2022).

    Example:
        input 197x768; attention h12
    """

    keyword = "attention"
    synonyms = ("selfattention", "self_attention", "mha", "multiheadattention", "multihead_attention")
    style = "attention"

    heads: PositiveInt = argument(positional=True, letter="h", doc="number of heads")
    causal: Flag = argument(False, words={"causal": True}, doc="each step attends only to itself and earlier steps")
    window: PositiveSpatialInt | None = argument(None, doc="size of the windows that attention is restricted to")
    grid: PositiveSpatialInt | None = argument(None, doc="size of the sparse windows")
    shift: NaturalSpatialInt = argument(
        0, doc="shift of the windows, less than their size; opposite ends do not attend to each other"
    )
    relative: Relative = argument(
        "none",
        words={"relative": "table"},
        doc="learned bias for each head and relative position: a table, or a small network (`mlp`) of the offset",
    )
    cosine: Flag = argument(False, words={"cosine": True}, doc="cosine attention with a learned scale for each head")
    scale: PositiveFloat | None = argument(None, doc="factor of the dot products; 1/√(features of a head) by default")
    dropout: Probability = argument(0.0, doc="probability of zeroing an attention weight in training")
    bias: Flag = argument(True, words={"nobias": False}, doc="whether the two linear layers have a bias")
    frozen: Flag = argument(
        False,
        words={"frozen": True},
        doc="weights, relative positions and scale are not trained; the biases of the linear layers are",
    )
    init: MatrixInit | None = argument(None, doc=MATRIX_DOC)

    def out(self, x: Shape) -> Shape:
        y = numbers(x) if x.spatial and x.layout is not Layout.OPEN else sequential(x)
        self._check_options(y)
        if y.channels % self.heads:
            raise Reject(
                "heads",
                f"{self.heads} does not divide {y.channels} features",
                recovery_shape=y,
                kind=HeadsDoNotDivide,
            )
        for window, size in zip(self._window(y), _lengths(y), strict=True):
            if self._windowed and size % window:
                raise Reject(
                    "window" if self.grid is None else "grid",
                    f"{window} does not divide the length of {size}",
                    changes=Change(
                        arguments=(("window" if self.grid is None else "grid", str(nearest_divisor(size, window))),)
                    ),
                    recovery_shape=y,
                )
        return y

    def _check_options(self, y: Shape) -> None:
        """Check the combination of options: rules of this language."""
        if self.window is not None and self.grid is not None:
            raise Reject("grid", "`window` and `grid` exclude each other", recovery_shape=y, language_rule=True)
        if self.cosine and self.scale is not None:
            raise Reject(
                "scale",
                "`cosine` learns its scale",
                changes=Change.of(scale=None),
                recovery_shape=y,
                language_rule=True,
            )
        if self.causal and (self._special or self._windowed or y.spatial):
            why = "causal attention needs a whole sequence, without windows, relative positions or `cosine`"
            raise Reject("causal", why, recovery_shape=y, language_rule=True)
        for shift, window in zip(_each(self.shift, y, "shift"), self._window(y), strict=True):
            if shift and (self.window is None or shift >= window):
                why = "there is no `window` to shift" if self.window is None else f"{shift} is not less than {window}"
                raise Reject("shift", why, recovery_shape=y, language_rule=True)

    @property
    def _special(self) -> bool:
        return self.relative != "none" or self.cosine

    @property
    def _windowed(self) -> bool:
        return self.window is not None or self.grid is not None

    def _window(self, y: Shape) -> tuple[int, ...]:
        """The size of a window; the whole input without windows."""
        if not self._windowed:
            return _lengths(y)
        return _each(self.window or self.grid or 1, y, "window" if self.grid is None else "grid")

    def _read(self, x: Shape) -> Shape:
        return x.read_as(Layout.SEQUENCE) if x.layout is Layout.OPEN else x

    def weights(self, x: Shape) -> Weights:
        x = self._read(x)
        features, window = x.channels, self._window(x)
        positions = prod(2 * size - 1 for size in window)
        shapes: dict[str, tuple[int, ...]] = {}
        if self.cosine:
            shapes["logit_scale"] = (self.heads, 1, 1)
        if self.relative == "table":
            shapes["position_bias"] = (positions, self.heads)
        shapes["in_proj_weight"] = (3 * features, features)
        if self.bias:
            shapes["in_proj_bias"] = (3 * features,)
        shapes["out_proj.weight"] = (features, features)
        if self.bias:
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
            "none": (),
            "table": ("position_bias",),
            "mlp": ("position_in.weight", "position_out.weight"),
        }[self.relative]
        return (*scale, "in_proj_weight", "out_proj.weight", *positions)

    def initializers(self, x: Shape) -> Mapping[str, Steps]:
        maps = {name: dims for name, dims in self.weights(x).items() if name.startswith(("in_proj", "out_proj"))}
        return fill(self.init, maps)

    def macs(self, x: Shape, y: Shape) -> int:
        window, places, features = self._window(y), prod(_lengths(y)), y.channels
        maps = 4 * places * features * features
        products = 2 * places * prod(window) * features
        if self.relative != "mlp":
            return maps + products
        # The network for relative positions runs once in a forward pass, whatever the batch size.
        return maps + products + prod(2 * size - 1 for size in window) * POSITION_UNITS * (len(window) + self.heads)

    def reads(self, x: Shape, y: Shape) -> Links:
        axes = range(x.rank - len(y.spatial_size), x.rank) if y.spatial else range(1)
        links = dict(zip(axes, self._along(y), strict=True))
        return tuple((axis, links.get(axis, ALL)) for axis in range(x.rank))

    def _along(self, y: Shape) -> list[Reads]:
        """What is read along each dimension."""
        if not self._windowed:
            return [ReadsBefore() if self.causal else ALL] * len(_lengths(y))
        if self.grid is not None:
            return [grid(count, size) for count, size in zip(self._window(y), _lengths(y), strict=True)]
        return [blocks(*each) for each in zip(self._window(y), _each(self.shift, y, "shift"), strict=True)]

    def saves(self, x: Shape, y: Shape) -> Saves:
        plain = not (y.spatial or self._special or self._windowed)
        own = [] if plain or self.frozen else [SavedTensor(per_sample=y.numel)]  # the input, rearranged into windows
        own += self._looks(y)
        casts = ("out_proj.weight", "position_out.weight") if self.relative == "mlp" else ("out_proj.weight",)
        kept = Saves(saved=tuple(own), autocast=True, cast_weights=casts, cast_for_input_gradient=("in_proj_weight",))
        if plain:
            return kept.replace(inputs=() if self.frozen else (0,), required_format=(0, 1), output_format=contiguous(2))
        last = (*range(1, y.rank), 0) if y.spatial and not self._windowed else tuple(range(y.rank))
        return kept.replace(output_format=lambda order: last)

    def _looks(self, y: Shape) -> list[SavedTensor]:
        """What the products of queries, keys and values save."""
        places, seen = prod(_lengths(y)), prod(self._window(y))
        pairs, features = self.heads * places * seen, y.numel
        unit = [
            SavedTensor(per_sample=(3 if self.frozen else 4) * features),
            SavedTensor(per_sample=4 * self.heads * places),
        ]
        own = unit if self.cosine else []
        if self.relative == "mlp":
            distances = prod(2 * size - 1 for size in self._window(y))
            own = [*own, SavedTensor(per_batch=distances * (POSITION_UNITS + self.heads))]
        result = SavedTensor(per_sample=features)
        if self.relative == "mlp" or (self.relative == "table" and not self.frozen) or self.dropout:
            # With a learned mask or dropout, torch computes attention step by step in 32 bits; the next linear layer
            # saves it.
            masks = 1 + (2 if self.dropout else 0)
            steps = [SavedTensor(per_sample=3 * features, bytes=4), SavedTensor(per_sample=masks * pairs, bytes=4)]
            return [*own, *steps, *([] if self.frozen else [result])]
        queries = SavedTensor(per_sample=(2 if self.cosine else 3) * features)
        return [*own, *self._mask(y), queries, SavedTensor(per_sample=self.heads * places, bytes=4), result]

    def _mask(self, y: Shape) -> list[SavedTensor]:
        """The mask that is added to the products, if it is not learned."""
        places, seen = prod(_lengths(y)), prod(self._window(y))
        shifted, heads = any(_each(self.shift, y, "shift")), self.heads if self.relative == "table" else 1
        if shifted:
            return [SavedTensor(per_sample=heads * places * seen)]
        return [SavedTensor(per_batch=heads * seen * seen)] if self.relative == "table" else []

    def torch(self, x: Shape) -> Steps:
        x = self._read(x)
        options = given(dropout=(self.dropout, 0.0), scale=(self.scale, None), bias=(self.bias, True))
        if not (x.spatial or self._special or self._windowed):
            return (ours.SelfAttention(x.channels, self.heads, **given(causal=(self.causal, False)), **options),)
        shift = _each(self.shift, x, "shift")
        special: dict[str, Any] = given(
            grid=(self.grid is not None, False),
            shift=(shift, (0,) * len(shift)),
            relative=(self.relative, "none"),
            cosine=(self.cosine, False),
        )
        module = ours.WindowAttention(x.channels, self.heads, self._window(x), **special, **options)
        if x.spatial:
            return (module,)
        return method.transpose(ARG, 1, 2), module, method.transpose(ARG, 1, 2)


def _lengths(x: Shape) -> tuple[int, ...]:
    """The spatial size of an image, or T of a sequence."""
    return x.spatial_size if x.spatial else x.dims[:1]


def _each(value: int | tuple[int, ...], x: Shape, name: str) -> tuple[int, ...]:
    count = len(_lengths(x))
    if isinstance(value, int):
        return (value,) * count
    if len(value) != count:
        why = f"{'x'.join(map(str, value))} is for {len(value)} spatial dimensions, but {x} has {count}"
        raise Reject(name, why, language_rule=True)
    return value
