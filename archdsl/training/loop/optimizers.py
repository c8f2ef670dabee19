"""Optimizers of a recipe, with weight decay only where it belongs."""

from typing import Any, NamedTuple, assert_never

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from ...backends.modules import UNDECAYED
from ..errors.loop_errors import NothingToTrain
from ..recipe.recipe import Adam, AdamW, AnyOptimizer, Muon, RmsProp, Sgd
from ..recipe.sections import Freeze
from .freezing import is_frozen
from .muon import MuonAndOther, filters_of
from .tensor_parts import is_sharded

Group = dict[str, Any]


def make_optimizer(model: nn.Module, recipe: AnyOptimizer, frozen: Freeze | None = None) -> torch.optim.Optimizer:
    """An optimizer for the trainable parameters.

    Its groups have `peak_lr`, the learning rate that the schedule multiplies, and `anneal`, which is true if `frozen`
    lowers the learning rate instead. Fused kernels are used if torch has them. Raises NothingToTrain.
    """
    groups = parameter_groups(model, recipe, frozen)
    if not groups:
        raise NothingToTrain
    # SGD has no fused kernel for shards; with None, torch chooses the best kernel
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
            return MuonAndOther(groups, recipe, bool(fused), filters_of(model))
        case _:
            assert_never(recipe)


_NORM_LAYERS = (_NormBase, nn.GroupNorm, nn.LayerNorm)


class _Settings(NamedTuple):
    """What distinguishes parameter groups."""

    anneal: bool
    weight_decay: float
    peak_lr: float


def parameter_groups(model: nn.Module, recipe: AnyOptimizer, frozen: Freeze | None = None) -> list[Group]:
    """Groups of parameters with and without weight decay. Those without it are one-dimensional, such as biases and the
    scales of normalization layers, or learned scales, tokens and positions, which are identified by their modules.

    Parameters with another learning rate form separate groups: biases, whose decay per step is the same as for others;
    those that Muon leaves to its other optimizer; and those of parts that are annealed. Frozen parameters are excluded.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    plain = set() if recipe.decay_all else {id(p) for p in trained if p.ndim < 2} | _scales_and_tokens(model)
    factors = _bias_factors(model, recipe)
    others = recipe.other_lr if isinstance(recipe, Muon) and recipe.other_lr is not None else recipe.lr
    filters = filters_of(model)
    annealed = _annealed(model, frozen)

    def settings(parameter: nn.Parameter) -> _Settings:
        factor = factors.get(id(parameter), 1.0)
        decay = 0.0 if id(parameter) in plain else recipe.weight_decay / factor
        lr = (recipe.lr if id(parameter) in filters else others) * factor
        return _Settings(id(parameter) in annealed, decay, lr)

    groups: dict[_Settings, list[nn.Parameter]] = {}  # few groups: each costs an optimizer additional calls
    for parameter in sorted(trained, key=lambda p: (id(p) in annealed, id(p) in factors, id(p) in plain)):
        groups.setdefault(settings(parameter), []).append(parameter)
    return [{"params": parameters, **shared._asdict()} for shared, parameters in groups.items()]


def _scales_and_tokens(model: nn.Module) -> set[int]:
    """The ids of the parameters that their modules exclude from weight decay."""
    kinds = (
        (module, names) for module in model.modules() for kind, names in UNDECAYED.items() if isinstance(module, kind)
    )
    return {id(getattr(module, name)) for module, names in kinds for name in names}


def _bias_factors(model: nn.Module, recipe: AnyOptimizer) -> dict[int, float]:
    """The learning rate multipliers of biases by id, where they are not 1."""
    if recipe.bias_lr != 1:
        biases = (p for name, p in model.named_parameters() if "bias" in name.rpartition(".")[2])
        return {id(bias): recipe.bias_lr for bias in biases}
    if recipe.norm_bias_lr != 1:
        norms = (module for module in model.modules() if isinstance(module, _NORM_LAYERS))
        return {id(norm.bias): recipe.norm_bias_lr for norm in norms}
    return {}


def _annealed(model: nn.Module, frozen: Freeze | None) -> set[int]:
    """The ids of the parameters whose learning rate falls to 0 until they are frozen."""
    if frozen is None or not frozen.anneal:
        return set()
    return {id(parameter) for name, parameter in model.named_parameters() if is_frozen(name, frozen)}
