"""Parts of the network that do not train, or not to the end."""

from torch import nn

from ..recipe.sections import Freeze, frozen_parts


def freeze(model: nn.Module, recipe: Freeze, epoch: int) -> None:
    """Let what the recipe names train in an epoch, counted from 0, or not. Weights that are frozen in the text stay so.

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
    """Whether something of this dotted name lies in a part: `whiten.conv1.bias` in `whiten` and in `whiten.conv1`."""
    return name == part or name.startswith(f"{part}.")
