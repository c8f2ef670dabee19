"""Muon for convolution filters, AdamW or SGD for all other parameters."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from ..recipe.recipe import Muon

Group = dict[str, Any]


class MuonAndOther(torch.optim.Optimizer):
    """torch's Muon (Jordan 2024), which accepts only matrices, applied to filters viewed as matrices; AdamW or SGD for
    the rest.

    Filters, out×in×k×k, are viewed as the matrix out×(in·k·k), which shares their memory. `param_groups` and `state`
    contain those matrices.
    """

    def __init__(self, groups: list[Group], recipe: Muon, fused: bool, filters_ids: set[int]) -> None:
        super().__init__([p for group in groups for p in group["params"]], {})
        self._filters = [p for group in groups for p in group["params"] if id(p) in filters_ids]
        filters = [{**g, "params": [_matrix_of(p) for p in g["params"] if id(p) in filters_ids]} for g in groups]
        rest = [{**g, "params": [p for p in g["params"] if id(p) not in filters_ids]} for g in groups]
        self._normalized: list[nn.Parameter] = []
        if recipe.normalize:
            filters = [{**group, "weight_decay": 0.0} for group in filters]
            self._normalized = [matrix for group in filters for matrix in group["params"]]
        self._inner: list[torch.optim.Optimizer] = []
        if any(group["params"] for group in filters):
            self._inner.append(_muon(_filled(filters), recipe))
        if any(group["params"] for group in rest):
            self._inner.append(_other(_filled(rest), recipe, fused))
        self.param_groups = [group for inner in self._inner for group in inner.param_groups]
        self.state = defaultdict(dict)
        for inner in self._inner:
            inner.state = self.state

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # no closure is used
        """Take one step with both optimizers."""
        assert closure is None
        for matrix in self._normalized:
            if matrix.grad is not None:
                matrix.mul_(len(matrix) ** 0.5 / matrix.norm())
        for inner in self._inner:
            inner.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of the filters and of their matrix views."""
        super().zero_grad(set_to_none)
        for parameter in self._filters:
            parameter.grad = None


def _muon(groups: list[Group], recipe: Muon) -> torch.optim.Optimizer:
    return torch.optim.Muon(
        groups, lr=recipe.lr, momentum=recipe.momentum, ns_steps=recipe.ns_steps, adjust_lr_fn=recipe.adjust_lr
    )


def _other(groups: list[Group], recipe: Muon, fused: bool) -> torch.optim.Optimizer:
    lr = recipe.lr if recipe.other_lr is None else recipe.other_lr
    if recipe.other == "sgd":
        momentum = recipe.nesterov_momentum
        return torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=momentum > 0, fused=fused)
    return torch.optim.AdamW(groups, lr=lr, betas=(recipe.beta1, recipe.beta2), eps=recipe.eps, fused=fused)


def filters_of(model: nn.Module) -> set[int]:
    """The ids of the convolution filters."""
    return {id(module.weight) for module in model.modules() if isinstance(module, _ConvNd)}


def _filled(groups: list[Group]) -> list[Group]:
    return [group for group in groups if group["params"]]


def _matrix_of(filters: Tensor) -> nn.Parameter:
    """A parameter that views the filters' memory as a matrix, and whose gradient views that of the filters."""
    matrix = nn.Parameter(_as_matrix(filters.detach()))

    def view_gradient(changed: Tensor) -> None:
        assert changed.grad is not None
        matrix.grad = _as_matrix(changed.grad)

    filters.register_post_accumulate_grad_hook(view_gradient)  # type: ignore[no-untyped-call]  # torch has no types here
    return matrix


def _as_matrix(filters: Tensor) -> Tensor:
    """The same memory as out×rest, channels last if the filters are stored that way: Muon ignores the column order."""
    if not filters.is_contiguous():
        filters = filters.movedim(1, -1)
    return filters.view(len(filters), -1)
