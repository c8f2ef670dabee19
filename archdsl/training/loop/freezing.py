"""Parts of the network that are frozen from the start or after some epochs."""

from torch import nn

from ..recipe.sections import Freeze, frozen_parts


def freeze(model: nn.Module, recipe: Freeze, epoch: int) -> None:
    """Freeze or unfreeze what the recipe names, for an epoch counted from 0. Weights that are frozen in the text stay
    frozen.

    The first call remembers those.
    """
    if recipe.name is None:
        return
    for name, parameter in model.named_parameters():
        if any(is_part(name, part) for part in frozen_parts(recipe)):
            train = vars(parameter).setdefault("trains_at_first", parameter.requires_grad)
            parameter.requires_grad_(train and epoch < recipe.after)
            if not parameter.requires_grad:
                parameter.grad = None


def is_part(name: str, part: str) -> bool:
    """Whether a dotted name belongs to a part: `whiten.conv1.bias` belongs to `whiten` and to `whiten.conv1`."""
    return name == part or name.startswith(f"{part}.")
