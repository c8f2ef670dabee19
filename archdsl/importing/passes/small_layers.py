"""Two layers that one stands for: `silu` and `hardswish` as products, a bias that is added."""

from collections.abc import Sequence
from math import pi, prod, sqrt

import torch

from ...shapes.shape import Layout
from ..building import Builder, Lifted, Weight, make_op

_GATES = {"sigmoid": "silu", "hardsigmoid": "hardswish"}


def readers_of(b: Builder, live: Sequence[int], outputs: Sequence[int]) -> dict[int, list[int]]:
    """The nodes that read each node, and −1 for an output."""
    found: dict[int, list[int]] = {}
    for i in live:
        for j in b.needs(i):
            found.setdefault(j, []).append(i)
    for i in outputs:
        found.setdefault(i, []).append(-1)
    return found


def small_layers(b: Builder, live: Sequence[int], outputs: Sequence[int]) -> dict[int, int]:
    """New nodes by the ones that they replace."""
    readers = readers_of(b, live, outputs)
    found: dict[int, int] = {}
    for i in live:
        here = b.nodes[i]
        made = _gate(b, here) or _tanh_gelu(b, here) or _bias(b, here, readers) or _class_token(b, here, readers)
        made = made or _flattened(b, here)
        if made is not None:
            b.nodes[made].runs = here.runs
            b.nodes[made].scopes = here.scopes
            found[i] = made
    return found


def _gate(b: Builder, here: Lifted) -> int | None:
    """x times a gate of x."""
    if here.op.keyword != "mul" or len(here.inputs) != 2:
        return None
    for x, gate in (here.inputs, here.inputs[::-1]):
        word = _GATES.get(b.nodes[gate].op.keyword)
        if word is not None and b.nodes[gate].inputs == (x,):
            return b.add(make_op(word, {}), x)
    return None


def _tanh_gelu(b: Builder, here: Lifted) -> int | None:
    """x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))."""
    if here.op.keyword != "mul" or len(here.inputs) != 2:
        return None
    for half, gate in (here.inputs, here.inputs[::-1]):
        x = _input_of(b, half, "scale", "factor", 0.5)
        inner = _input_of(b, gate, "shift", "amount", 1.0)
        tanh = None if inner is None else _input_of(b, inner, "tanh")
        argument = None if tanh is None else _input_of(b, tanh, "scale", "factor", sqrt(2 / pi))
        if x is None or argument is None or b.nodes[argument].op.keyword != "add":
            continue
        others = [i for i in b.nodes[argument].inputs if i != x]
        cube = _input_of(b, others[0], "scale", "factor", 0.044715) if len(others) == 1 else None
        if cube is not None and _input_of(b, cube, "pow", "exponent", 3.0) == x:
            return b.add(make_op("gelu", {"approximate": "tanh"}), x)
    return None


def _input_of(b: Builder, node: int, keyword: str, argument: str = "", value: float = 0.0) -> int | None:
    """The input of a layer of this kind whose argument has this value; None for others."""
    here = b.nodes[node]
    if here.op.keyword != keyword or here.weights:
        return None
    return here.inputs[0] if not argument or abs(getattr(here.op, argument) - value) < 1e-6 else None


def _bias(b: Builder, here: Lifted, readers: dict[int, list[int]]) -> int | None:
    """A learned bias that is added to what a layer without one makes."""
    if here.op.keyword != "shift" or "bias" not in here.weights or here.shared is not None:
        return None
    source = b.nodes[here.inputs[0]]
    if source.op.keyword not in ("fc", "conv", "dwconv", "upconv") or readers[source.id] != [here.id]:
        return None
    if "bias" in source.weights or source.shared is not None or source.op.weight is not None:  # type: ignore[attr-defined]  # an argument of these
        return None
    own = {p.name: source.op.value_of(p) for p in source.op.parameters}
    bias = here.weights["bias"]
    flat = Weight(bias.sources, lambda *tensors: bias.make(*tensors).flatten())
    op = type(source.op).of({**own, "bias": True})
    return b.add(op, *source.inputs, **source.weights, bias=flat)


def _class_token(b: Builder, here: Lifted, readers: dict[int, list[int]]) -> int | None:
    """A learned step before the others, which nothing else reads."""
    if here.op.keyword != "concat" or len(here.inputs) != 2 or here.shape.layout is not Layout.SEQUENCE:
        return None
    step, others = (b.nodes[i] for i in here.inputs)
    if step.shape.dims != (1, here.shape.channels) or here.shape.dims[0] != others.shape.dims[0] + 1:
        return None
    start = step if step.origin is None else b.nodes[step.origin.node]
    if (
        start.op.keyword != "learned"
        or start.shared is not None
        or any(len(readers[i]) > 1 for i in (step.id, start.id))
    ):
        return None
    weight = start.weights["weight"]
    dims = (1, 1, here.shape.channels)
    token = Weight(weight.sources, lambda *tensors: weight.make(*tensors).reshape(dims))
    return b.layer("cls", others.id, weights={"weight": token})


def _flattened(b: Builder, here: Lifted) -> int | None:
    """A linear layer of an image's elements in another order: of the elements in order, with its columns reordered."""
    source = b.nodes[here.inputs[0]] if here.op.keyword == "fc" else here
    origin = source.origin
    if source is here or origin is None or len(origin.view) != 1 or source.op.keyword == "flatten":
        return None
    dims = b.dims(origin.node)
    places = torch.zeros(1, dtype=torch.long)
    strides = [prod(dims[axis + 1 :]) for axis in range(len(dims))]
    for atom in origin.view[0]:
        places = (places[:, None] + torch.arange(atom.size) * atom.stride * strides[atom.axis]).flatten()
    if len(places) != prod(dims) or here.shared is not None:
        return None
    inverse = torch.empty_like(places)
    inverse[places] = torch.arange(len(places))
    weight = here.weights["weight"]
    columns = Weight(weight.sources, lambda *tensors: weight.make(*tensors)[:, inverse])
    return b.add(here.op, b.layer("flatten", origin.node), **{**here.weights, "weight": columns})
