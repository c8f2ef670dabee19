"""Biases of attention: learned relative positions, masks of shifted windows, causal masks."""

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import torch

from ...backends.modules import WindowAttention
from ..atoms import Group
from ..building import Builder, Weight
from ..values import MOVES, Computed, ConstantTensor, SourceParameter, evaluate, parameter_sizes, parameters_of


class Bias(NamedTuple):
    """A tensor that is added to the scores: its value, the atoms of its axes, a factor, and its sizes."""

    value: Any
    groups: tuple[Group, ...]
    factor: float
    dims: tuple[int, ...]


def numbers(bias: Bias, given: dict[str, torch.Tensor]) -> torch.Tensor:
    """The numbers that are added, in the axes of the products."""
    found = evaluate(bias.value, given)
    core = [size for size in found.shape if size != 1]
    tensor = found.reshape(core or [1])
    flat = tensor
    order = [atom.axis for group in bias.groups for atom in group]
    if order != sorted(order) and len(set(order)) == len(order):
        flat = tensor.permute(order)
    made: torch.Tensor = flat.reshape(bias.dims) * bias.factor
    return made


def summands(bias: Bias) -> list[Bias]:
    """The summands of a bias: those computed from parameters, and constant ones."""
    return [bias._replace(value=each) for each in _terms(bias.value)]


def _terms(value: Any) -> list[Any]:
    if not isinstance(value, Computed):
        return [value]
    if value.name == "add" and dict(value.kwargs).get("alpha", 1) == 1 and len(value.args) == 2:
        return [_expanded(each, value.sizes) for arg in value.args for each in _terms(arg)]
    if value.name in MOVES and len(inner := _terms(value.args[0])) > 1:
        return [_plain(value._replace(args=(each, *value.args[1:]))) for each in inner]
    return [value]


def _expanded(value: Any, sizes: tuple[int, ...]) -> Any:
    if not isinstance(value, Computed | ConstantTensor | SourceParameter):
        value = ConstantTensor(torch.as_tensor(value))
    return _plain(Computed("expand", torch.Tensor.expand, (value, sizes), (), sizes))


def _plain(value: Computed) -> Any:
    """The value as a constant, if it does not depend on a parameter."""
    return value if any(parameters_of(value)) else ConstantTensor(evaluate(value, {}))


def matched_bias(
    b: Builder,
    bias: Bias,
    heads: int,
    window: tuple[int, ...],
    shift: tuple[int, ...],
    dims: tuple[int, ...],
    axes: Sequence[int],
) -> dict[str, Any] | None:
    """The options of attention that add this bias, and their weights; None if none does."""
    if isinstance(bias.value, ConstantTensor):
        masked: dict[str, Any] | None = _mask(bias, window, shift, dims, axes)
        return masked
    names = list(dict.fromkeys(parameters_of(bias.value)))
    steps = prod(window)
    if bias.dims[-2:] != (steps, steps):
        return None
    if len(names) == 1:
        return _table(bias, names[0], heads, window)
    if len(names) == 3:
        return _network(bias, names, heads, window)
    return None


def _mask(
    bias: Bias, window: tuple[int, ...], shift: tuple[int, ...], dims: tuple[int, ...], axes: Sequence[int]
) -> Any:
    """`causal`, or the mask that keeps opposite ends of shifted windows from attending to each other."""
    added = numbers(bias, {})
    hidden = added < -50
    if bool(((added != 0) & ~hidden).any()):
        return None
    if any(shift):
        counts = [dims[axis] // size for axis, size in zip(axes, window, strict=True)]
        module = WindowAttention(1, 1, window, shift=shift)
        wanted = module.separated(counts, torch.device("cpu"))
        found = hidden.reshape(-1, *hidden.shape[-2:])
        return {"masked": True} if found.shape == wanted.shape and bool((found == wanted).all()) else None
    if len(window) == 1 and hidden.shape[-2:] == (window[0], window[0]):
        later = torch.ones(window[0], window[0], dtype=torch.bool).triu(1)
        if bool((hidden.reshape(-1, window[0], window[0]) == later).all()):
            return {"causal": True}
    return {} if not bool(hidden.any()) else None


def _table(bias: Bias, name: str, heads: int, window: tuple[int, ...]) -> dict[str, Any] | None:
    """A learned number for each head and relative position, `relative`."""
    module = WindowAttention(heads, heads, window, relative="table")
    positions = prod(2 * size - 1 for size in window)
    sizes = _sizes(bias.value, name)
    if sizes is None or prod(sizes) != positions * heads or (abs(bias.factor) != 1 and bias.factor != 1):
        return None
    numbered = torch.arange(prod(sizes), dtype=torch.float64).reshape(sizes)
    found = numbers(bias, {name: numbered})
    found = found.reshape(-1, *found.shape[-2:]) if heads > 1 or found.ndim > 2 else found[None]
    if found.shape != (heads, prod(window), prod(window)):
        return None
    source = torch.full((positions, heads), -1.0, dtype=torch.float64)
    index = module.position_index
    for head in range(heads):
        source[index.flatten(), head] = found[head].flatten()
        if bool((source[index, head] != found[head]).any()):
            return None
    places = source.flatten().long()
    if sorted(places.tolist()) != list(range(prod(sizes))):
        return None
    weight = Weight((SourceParameter(name, sizes),), lambda tensor: tensor.flatten()[places].reshape(positions, heads))
    return {"relative": "table", "position_bias": weight}


def _network(bias: Bias, names: Sequence[str], heads: int, window: tuple[int, ...]) -> dict[str, Any] | None:
    """A small network of the relative position, `relative=mlp`."""
    sizes = {name: _sizes(bias.value, name) for name in names}
    wanted = {
        "position_in.weight": (512, len(window)),
        "position_in.bias": (512,),
        "position_out.weight": (heads, 512),
    }
    chosen: dict[str, str] = {}
    for ours, size in wanted.items():
        fits = [name for name in names if sizes[name] == size]
        if len(fits) != 1:
            return None
        chosen[ours] = fits[0]
    random = torch.Generator().manual_seed(0)
    given = {ours: torch.randn(size, generator=random) * 0.1 for ours, size in wanted.items()}
    module = WindowAttention(heads, heads, window, relative="mlp", cosine=True)
    module.load_state_dict(given, strict=False)
    with torch.no_grad():
        expected = module.relative_bias()
    assert expected is not None
    found = numbers(bias, {chosen[ours]: tensor for ours, tensor in given.items()})
    if found.numel() != expected.numel() or not torch.allclose(found.flatten(), expected.flatten(), atol=1e-4):
        return None
    weights = {ours: Weight((SourceParameter(name, wanted[ours]),), _itself) for ours, name in chosen.items()}
    return {"relative": "mlp", **weights}


def _itself(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


def _sizes(value: Any, name: str) -> tuple[int, ...] | None:
    """The sizes of a parameter among nested values."""
    return parameter_sizes(value, name) or None
