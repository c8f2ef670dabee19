"""Parts of the network that are frozen from the start or after some epochs."""

from torch import nn

from ..recipe.part_names import frozen_parts, is_part
from ..recipe.sections import Freeze


def freeze(model: nn.Module, recipe: Freeze, epoch: int) -> None:
    """Freeze or unfreeze what the recipe names, for an epoch counted from 0. Weights that are frozen in the text stay
    frozen.

    The first call records which weights these are.
    """
    if recipe.name is None:
        return
    for name, parameter in model.named_parameters():
        if is_frozen(name, recipe):
            train = vars(parameter).setdefault("trains_at_first", parameter.requires_grad)
            parameter.requires_grad_(train and epoch < recipe.after)
            if not parameter.requires_grad:
                parameter.grad = None


def is_frozen(name: str, recipe: Freeze) -> bool:
    """Whether the recipe freezes the parameter of this name, now or later."""
    return recipe.name is not None and any(is_part(name, part) for part in frozen_parts(recipe.name))
