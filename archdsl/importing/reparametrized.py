"""Reparametrizations of weights: standardized filters, weight normalization."""

from typing import Any

import torch

from .building import Weight
from .import_problem import CannotSay
from .values import ForeignParameter, evaluate, parameters_of


def weight_form(lifter: Any, weight: Any) -> tuple[str, dict[str, Weight]]:
    """The value of `weight=` for a computed weight, and the weights by our names. Raises CannotSay.

    A form is accepted if it computes the same numbers from random parameters.
    """
    names = tuple(dict.fromkeys(parameters_of(weight)))
    if len(names) == 1:
        given = {names[0]: _random(lifter.state[names[0]].shape)}
        filters = given[names[0]].flatten(1)
        standard = (filters - filters.mean(1, keepdim=True)) / filters.var(1, correction=0, keepdim=True).sqrt()
        if _equal(evaluate(weight, given), standard.reshape(given[names[0]].shape)):
            source = ForeignParameter(names[0], tuple(given[names[0]].shape))
            return "standardized", {"parametrizations.weight.original": Weight((source,), _itself)}
    raise CannotSay("a weight that is computed from learned tensors", "a form of `weight=` that computes it")


def _random(shape: Any) -> torch.Tensor:
    return torch.randn(tuple(shape), generator=torch.Generator().manual_seed(0))


def _equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and bool(torch.allclose(a, b, rtol=1e-2, atol=1e-3))


def _itself(tensor: torch.Tensor) -> torch.Tensor:
    return tensor
