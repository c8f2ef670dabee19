"""Layers that read named tensors, with tensors that fit: attention, recurrent layers, sizes of another tensor."""

from math import prod
from typing import Any

from archdsl.contract.arguments import OneOf, PatternText, TensorRef
from archdsl.contract.layer import Reject
from archdsl.layers import registry
from archdsl.layers.recurrent import Recurrent
from archdsl.layers.sequence import Attention
from archdsl.shapes.shape import Layout, Shape
from tests.layers.strategies import pattern_arguments

from .maker import LARGEST, Drawn, Maker, Names

_PATTERNED = tuple(
    layer for layer in registry().values() if any(isinstance(p.kind, PatternText) for p in layer.parameters)
)


def like(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """`upsample like=` a named tensor, or a crop."""
    fitting = [name for name, (shape, _) in names.tensors.items() if shape.spatial and shape.rank == x.rank]
    if not fitting or not x.spatial:
        return None
    name = maker.random.choice(fitting)
    size = names.tensors[name][0].spatial_size
    y = x.with_spatial_size(x.channels, size)
    if y.numel > LARGEST:
        return None
    if maker.bernoulli(0.5) and all(a <= b for a, b in zip(size, x.spatial_size, strict=True)):
        return maker.named(f"crop like={name}{maker.random.choice(['', ' start=0'])}", x, y, names)
    return maker.named(f"upsample like={name}{maker.random.choice(['', ' linear'])}", x, y, names)


def attention(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """Attention with some of its options; keys, values and a mask may come from other tensors."""
    if x.layout in (Layout.IDS, Layout.VECTOR) or (x.layout is Layout.OPEN and maker.bernoulli(0.5)):
        return None
    read = x.read_as(Layout.SEQUENCE) if x.layout is Layout.OPEN else x
    steps, here, other, mask = prod(read.spatial_size) if read.spatial else read.dims[0], *_new(maker, 3)
    features = maker.random.randint(1, 6)
    made = Shape(steps, features, layout=Layout.SEQUENCE)
    narrow = f"fc {features} axis=c as {other}"
    if read.spatial:
        narrow, made = f"conv {features} k1 as {other}", read.with_channels(features)
    tensors = {name: shape for name, (shape, _) in names.tensors.items()}
    tensors |= {here: read, other: made, mask: Shape(steps, steps)}
    for _ in range(20):
        values = _attention_options(maker, read, tensors)
        op = Attention.of(values)
        try:
            y = op.infer((read, *(tensors[name] for name in op.named_inputs().values())))
        except Reject:
            continue
        text = f"identity as {here}; {narrow}; learned {steps}x{steps} as {mask}; from {here}; "
        names.tensors |= {here: (x, None), mask: (Shape(steps, steps), None)}
        text += maker.written("attention", Attention, values, read, Names(names.numbers, {}))
        return maker.named(text, x, y, names)
    return None


def _new(maker: Maker, count: int) -> list[str]:
    return [maker.name() for _ in range(count)]


def _attention_options(maker: Maker, x: Shape, tensors: dict[str, Shape]) -> dict[str, Any]:
    """Some options, which need not fit each other; the last of the tensors is a mask."""
    random = maker.random
    masks = list(tensors)[-1], random.choice(list(tensors))
    options: dict[str, Any] = {
        "from": TensorRef(random.choice(list(tensors))), "value": TensorRef(random.choice(list(tensors))),
        "mask": TensorRef(random.choice(masks)), "kv_heads": 1, "width": random.choice([4, 8, 12]),
        "value_width": random.choice([2, 6, 8]), "causal": True, "rope": True, "rope_part": 0.5, "qk_norm": "rms",
        "window": random.choice([2, 3]), "sliding": True, "shift": 1, "scale": 0.5, "cosine": True, "dropout": 0.1,
        "relative": random.choice(["table", "t5", "alibi"]), "bias": False, "qkv_bias": True, "out_bias": False,
        "frozen": True,
    }  # fmt: skip
    chosen = random.sample(list(options), random.randint(0, 5))
    heads = random.choice([d for d in (1, 2, 3, 4) if x.channels % d == 0])
    return {"heads": heads, **{name: options[name] for name in chosen}}


def recurrent(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """A recurrent layer that starts with a learned state."""
    if x.layout not in (Layout.SEQUENCE, Layout.OPEN):
        return None
    keyword, here, state = maker.random.choice(["lstm", "gru", "rnn"]), *_new(maker, 2)
    layer = registry()[keyword]
    assert issubclass(layer, Recurrent)
    units, layers, both = maker.random.randint(1, 4), maker.random.randint(1, 2), maker.bernoulli(0.4)
    values: dict[str, Any] = {"units": units, "layers": layers, "initial": TensorRef(state)}
    values |= {"bidirectional": True} if both else {}
    values |= {"last": True} if maker.bernoulli(0.4) else {}
    start = Shape(layers * (2 if both else 1), units)
    try:
        y = layer.of(values).infer((x, start))
    except Reject:
        return None
    text = f"identity as {here}; learned {start.dims[0]}x{units} as {state}; from {here}; "
    names.tensors |= {here: (x, None), state: (start, None)}
    return maker.named(text + maker.written(keyword, layer, values, x, Names(names.numbers, {})), x, y, names)


def pattern(maker: Maker, x: Shape, names: Names, depth: int) -> Drawn | None:
    """`rearrange` or `reduce`, with a pattern that fits."""
    layer = maker.random.choice(_PATTERNED)
    values = pattern_arguments(maker.random, layer.parameters, x)
    values |= {p.name: maker.random.choice(p.kind.choices) for p in layer.parameters if isinstance(p.kind, OneOf)}
    try:
        y = layer.of(values).infer((x,))
    except Reject:
        return None
    if y.numel > LARGEST:
        return None
    return maker.named(maker.written(layer.keyword, layer, values, x, names), x, y, names)
