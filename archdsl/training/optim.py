"""Optimizers from a recipe, with weight decay only where it belongs."""

from typing import Any, assert_never

import torch
from torch import nn

from .errors import NothingToTrain
from .muon import MuonAndAdamW
from .recipe import Adam, AdamW, AnyOptimizer, Muon, RmsProp, Sgd

Group = dict[str, Any]


def make_optimizer(model: nn.Module, recipe: AnyOptimizer) -> torch.optim.Optimizer:
    """An optimizer over the parameters that train.

    Its groups have `peak_lr`, the rate that the schedule multiplies. Fused kernels are used where torch has them.
    Raises NothingToTrain.
    """
    groups = parameter_groups(model, recipe)
    if not groups:
        raise NothingToTrain
    fused = groups[0]["params"][0].device.type in ("cpu", "cuda")
    match recipe:
        case Sgd():
            return torch.optim.SGD(
                groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.nesterov, fused=fused
            )
        case Adam():
            return torch.optim.Adam(
                groups, lr=recipe.lr, betas=(recipe.beta1, recipe.beta2), eps=recipe.eps, fused=fused
            )
        case AdamW():
            return torch.optim.AdamW(
                groups, lr=recipe.lr, betas=(recipe.beta1, recipe.beta2), eps=recipe.eps, fused=fused
            )
        case RmsProp():
            return torch.optim.RMSprop(
                groups, lr=recipe.lr, momentum=recipe.momentum, alpha=recipe.beta2, eps=recipe.eps
            )
        case Muon():
            return MuonAndAdamW(groups, recipe, fused)
        case _:
            assert_never(recipe)


def parameter_groups(model: nn.Module, recipe: AnyOptimizer) -> list[Group]:
    """Parameters that decay and parameters that do not: biases and what normalisations scale with have one dimension.

    Frozen parameters are in neither; a group without parameters is left out.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for p in trained if p.ndim > 1 or recipe.decay_all]
    spared = [p for p in trained if not (p.ndim > 1 or recipe.decay_all)]
    pairs = ((decayed, recipe.weight_decay), (spared, 0.0))
    return [{"params": ps, "weight_decay": decay, "peak_lr": recipe.lr} for ps, decay in pairs if ps]
