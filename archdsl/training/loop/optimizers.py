"""Optimizers of a recipe, with weight decay only where it belongs."""

from typing import Any, assert_never

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from ...backends.modules import UNDECAYED
from ..errors.loop_errors import NothingToTrain
from ..recipe.recipe import Adam, AdamW, AnyOptimizer, Muon, RmsProp, Sgd
from .muon import MuonAndAdamW, filters_of
from .tensor_parts import is_sharded

Group = dict[str, Any]


def make_optimizer(model: nn.Module, recipe: AnyOptimizer) -> torch.optim.Optimizer:
    """An optimizer for the trainable parameters.

    Its groups have `peak_lr`, the learning rate that the schedule multiplies. Fused kernels are used if torch has them.
    Raises NothingToTrain.
    """
    groups = parameter_groups(model, recipe)
    if not groups:
        raise NothingToTrain
    # SGD has no fused kernel for shards; torch chooses the best one for what is None
    fused = None if is_sharded(model) else groups[0]["params"][0].device.type in ("cpu", "cuda")
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
            return MuonAndAdamW(groups, recipe, bool(fused), filters_of(model))
        case _:
            assert_never(recipe)


_NORM_LAYERS = (_NormBase, nn.GroupNorm, nn.LayerNorm)


def parameter_groups(model: nn.Module, recipe: AnyOptimizer) -> list[Group]:
    """Parameters with and without weight decay: biases and the scales of normalization layers are one-dimensional;
    learned scales, tokens and positions are identified by their modules.

    Biases of normalization layers form a separate group if they have another learning rate; their decay per step is the
    same as for others. Frozen parameters are excluded; empty groups are omitted, and groups with equal settings are
    merged.
    """
    factor = recipe.norm_bias_lr
    apart = _norm_biases(model) if factor != 1 else set()
    trained = [p for p in model.parameters() if p.requires_grad]
    plain = set() if recipe.decay_all else {id(p) for p in trained if p.ndim < 2} | _scales_and_tokens(model)
    decayed = [p for p in trained if id(p) not in apart and id(p) not in plain]
    spared = [p for p in trained if id(p) not in apart and id(p) in plain]
    shifts = [p for p in trained if id(p) in apart]
    decay = recipe.weight_decay
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}  # few groups: each costs an optimizer additional calls
    for parameters, of, lr in (
        (decayed, decay, recipe.lr),
        (spared, 0.0, recipe.lr),
        (shifts, decay / factor if recipe.decay_all else 0.0, recipe.lr * factor),
    ):
        groups.setdefault((of, lr), []).extend(parameters)
    return [{"params": ps, "weight_decay": of, "peak_lr": lr} for (of, lr), ps in groups.items() if ps]


def _scales_and_tokens(model: nn.Module) -> set[int]:
    """The ids of the parameters that their modules exclude from weight decay."""
    kinds = (
        (module, names) for module in model.modules() for kind, names in UNDECAYED.items() if isinstance(module, kind)
    )
    return {id(getattr(module, name)) for module, names in kinds for name in names}


def _norm_biases(model: nn.Module) -> set[int]:
    """The ids of the biases of normalization layers."""
    norms = (module for module in model.modules() if isinstance(module, _NORM_LAYERS))
    return {id(norm.bias) for norm in norms}
