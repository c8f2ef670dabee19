"""The weights of an attention layer, from those of the linear layers around the products."""

from collections.abc import Sequence
from math import prod
from typing import Any

import torch

from ..building import Lifted, Weight
from ..values import SourceParameter, evaluate, parameter_sizes, parameters_of


def stacked_rows(layers: Sequence[Lifted], rows: Sequence[torch.Tensor], name: str) -> Weight:
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


def ordered_columns(layer: Lifted, columns: torch.Tensor) -> Weight:
    """The matrix of the last layer, with its columns in the order of heads."""
    inverse = torch.empty_like(columns)
    inverse[columns] = torch.arange(len(columns))
    return _joined((layer.weights["weight"],), lambda tensor: tensor.flatten(1)[:, inverse])


def input_biases(layers: Sequence[Lifted], rows: Sequence[torch.Tensor]) -> tuple[Any, Weight | None] | None:
    """Which of queries, keys and values have a bias (True, `qv` or False), and the bias; None for other cases."""
    parts = [_bias_part(layer, own) for layer, own in zip(layers, rows, strict=True)]
    if any(part is False for part in parts):
        return None
    has_bias = [part is not None for part in parts]
    if not any(has_bias):
        return False, None
    if all(has_bias) or has_bias == [True, False, True]:
        chosen = [part for part in parts if isinstance(part, Weight)]
        return (True if all(has_bias) else "qv"), _joined(chosen, lambda *tensors: torch.cat(tensors))
    return None


def _bias_part(layer: Lifted, rows: torch.Tensor) -> Weight | bool | None:
    """The part of a bias; None if there is none, or only zeros; False if it is something else."""
    bias = layer.weights.get("bias")
    if bias is None:
        return None
    sources = bias.sources
    if all(isinstance(each, SourceParameter) for each in sources):
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
    """The parameter of a part that is set to zero, if there is one."""
    if len(names) == 1 and prod(sizes[names[0]]) == count:
        return Weight((SourceParameter(names[0], sizes[names[0]]),), lambda tensor: tensor[rows])
    return None


def is_logit_scale(value: Any, heads: int) -> bool:
    """Whether a value is exp(min(parameter, log 100)) for each head."""
    names = list(dict.fromkeys(parameters_of(value)))
    if len(names) != 1 or prod(parameter_sizes(value, names[0])) != heads:
        return False
    given = torch.linspace(-1, 8, heads).reshape(parameter_sizes(value, names[0]))
    found = evaluate(value, {names[0]: given})
    expected = given.clamp(max=float(torch.log(torch.tensor(100.0)))).exp()
    return bool(torch.allclose(found.flatten(), expected.flatten()))
