"""A few nodes that are equivalent to one layer, such as `silu` and `hardswish` as products, or a bias that is added."""

from collections.abc import Sequence
from math import pi, prod, sqrt

import torch

from ...shapes.shape import Layout
from ..building import Builder, ComputedOp, Lifted, Weight, make_op
from ..values import parameter_sizes, parameters_of

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
    """New nodes by the nodes that they replace."""
    readers = readers_of(b, live, outputs)
    found: dict[int, int] = {}
    for i in live:
        here = b.nodes[i]
        made = _gate(b, here) or _tanh_gelu(b, here) or _rms_norm(b, here, readers)
        made = made or _bias(b, here, readers) or _class_token(b, here, readers)
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


def _rms_norm(b: Builder, here: Lifted, readers: dict[int, list[int]]) -> int | None:
    """x/√(mean of x² + ε) along the features, with its scale."""
    found = _scaled_features(b, here, readers)
    weights = {} if found is None else {"weight": found[1]}
    product = here if found is None else b.nodes[found[0]]
    if product.op.keyword != "mul" or len(product.inputs) != 2 or here.shared is not None:
        return None
    for x, factor in (product.inputs, product.inputs[::-1]):
        eps = _inverse_root_mean_square(b, x, factor)
        if eps is not None and (weights or not _is_scaled(b, readers[product.id])):
            arguments = {"eps": eps} if weights else {"eps": eps, "affine": False}
            return b.layer("rmsnorm", x, weights=weights, **arguments)
    return None


def _scaled_features(b: Builder, here: Lifted, readers: dict[int, list[int]]) -> tuple[int, Weight] | None:
    """The node that is scaled by a factor for each feature, and the factors: learned, or computed as in Gemma."""
    if here.op.keyword == "scale" and "weight" in here.weights and readers[here.inputs[0]] == [here.id]:
        weight = here.weights["weight"]
        return here.inputs[0], Weight(weight.sources, lambda *tensors: weight.make(*tensors).flatten())
    if here.op.keyword != "mul" or len(here.inputs) != 2:
        return None
    for x, factor in (here.inputs, here.inputs[::-1]):
        start = b.nodes[factor]
        while start.origin is not None:
            start = b.nodes[start.origin.node]
        if isinstance(start.op, ComputedOp) and start.shape.dims == (here.shape.channels,) and readers[x] == [here.id]:
            value = start.op.value
            names = list(parameters_of(value))
            if len(names) == 1 and parameter_sizes(value, names[0]) == start.shape.dims:
                return x, Weight((value,), lambda tensor: tensor.flatten())
    return None


def _is_scaled(b: Builder, readers: Sequence[int]) -> bool:
    """Whether the only reader scales a node by learned factors, so that both are one layer."""
    return (
        len(readers) == 1
        and readers[0] >= 0
        and "weight" in b.nodes[readers[0]].weights
        and (b.nodes[readers[0]].op.keyword == "scale")
    )


def _inverse_root_mean_square(b: Builder, x: int, factor: int) -> float | None:
    """The ε of 1/√(mean of x² + ε) along the features; None if a node is something else."""
    here = b.nodes[factor]
    is_root = here.op.keyword == "rsqrt" or (here.op.keyword == "pow" and here.op.exponent == -0.5)  # type: ignore[attr-defined]  # an argument of `pow`
    shifted = b.nodes[here.inputs[0]] if is_root else here
    if not is_root or shifted.op.keyword != "shift" or shifted.weights:
        return None
    mean = b.nodes[shifted.inputs[0]]
    if mean.op.keyword != "mean" or not mean.op.keep or b.nodes[mean.inputs[0]].op.keyword != "square":  # type: ignore[attr-defined]  # an argument of `mean`
        return None
    shape = b.nodes[x].shape
    axis = shape.rank - 1 if shape.layout in (Layout.SEQUENCE, Layout.VECTOR, Layout.OPEN) else 0
    wanted = tuple(1 if i == axis else size for i, size in enumerate(shape.dims))
    is_features = b.nodes[mean.inputs[0]].inputs == (x,) and mean.shape.dims == wanted
    return float(shifted.op.amount) if is_features else None  # type: ignore[attr-defined]  # an argument of `shift`


def _bias(b: Builder, here: Lifted, readers: dict[int, list[int]]) -> int | None:
    """A learned bias that is added to the output of a layer without one."""
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
    """A linear layer that reads an image's elements in another order, as one that reads them in order, with its columns
    reordered."""
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
