"""Reparametrizations of weights: standardized filters, with or without a learned gain."""

from math import prod
from typing import Any

import torch

from .building import Weight
from .import_problem import NotExpressible
from .values import Computed, SourceParameter, evaluate, parameters_of


def weight_form(lifter: Any, weight: Any) -> tuple[str, dict[str, Weight]]:
    """The value of `weight=` for a computed weight, and the weights by our names. Raises NotExpressible.

    A form is accepted if it computes the same numbers from random parameters.
    """
    names = tuple(dict.fromkeys(parameters_of(weight)))
    if len(names) == 1:
        given = {names[0]: _random(lifter.state[names[0]].shape)}
        if _equal(evaluate(weight, given), _standardized(given[names[0]])):
            source = SourceParameter(names[0], tuple(given[names[0]].shape))
            return "standardized", {"parametrizations.weight.original": Weight((source,), _itself)}
    raise NotExpressible("a weight that is computed from learned tensors", "a form of `weight=` that computes it")


def standardized_with_gain(lifter: Any, weight: Any) -> tuple[Computed, Weight] | None:
    """Standardized filters times a learned gain (Brock et al., 2021): the filters, and the factor of each."""
    names = list(dict.fromkeys(parameters_of(weight)))
    sizes = {name: tuple(lifter.state[name].shape) for name in names}
    filters = [name for name in names if sizes[name] == weight.sizes]
    if len(names) != 2 or len(filters) != 1:
        return None
    (gain,) = (name for name in names if name not in filters)
    count = weight.sizes[0]
    if prod(sizes[gain]) != count:
        return None
    given = {filters[0]: _random(weight.sizes), gain: _random(sizes[gain]).abs() + 0.5}
    found = evaluate(weight, given)
    standard = _standardized(given[filters[0]]) * given[gain].reshape(-1, *(1 for _ in weight.sizes[1:]))
    factor = float((found / standard).median())
    if not _equal(found, factor * standard):
        return None
    own = (count, *(1 for _ in weight.sizes[2:]))
    source = SourceParameter(filters[0], weight.sizes)
    scale = Weight((SourceParameter(gain, sizes[gain]),), lambda tensor: (tensor * factor).reshape(own))
    return Computed("standardized", _standardized, (source,), (), weight.sizes), scale


def _standardized(weight: torch.Tensor) -> torch.Tensor:
    """Filters with mean 0 and variance 1, as the layers compute them."""
    return torch.nn.functional.layer_norm(weight, weight.shape[1:])


def _random(shape: Any) -> torch.Tensor:
    """Numbers as small as those of filters, so that a different ε in a variance is noticed."""
    return torch.randn(tuple(shape), generator=torch.Generator().manual_seed(0)) * 0.05


def _equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and bool(torch.allclose(a, b, rtol=1e-4, atol=1e-5))


def _itself(tensor: torch.Tensor) -> torch.Tensor:
    return tensor
