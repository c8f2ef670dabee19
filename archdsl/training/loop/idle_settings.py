"""Settings of a recipe that have no effect, because the network has nothing that they apply to."""

from collections.abc import Iterator

from torch import nn

from ..recipe.part_names import frozen_parts, is_part
from ..recipe.recipe import Muon, Recipe
from .muon import filters_of
from .optimizers import parameter_groups

_REASONS = {
    "weight_decay": "all trainable parameters are biases or parameters of normalization layers, which do not decay",
    "decay_all": "all parameters decay anyway",
    "norm_bias_lr": "the network has no trainable biases of normalization layers",
    "bias_lr": "the network has no trainable biases",
}
"""The reasons, by the settings of an optimizer that only apply to some parameters."""


def idle_settings(model: nn.Module, recipe: Recipe, *, images: bool, rank: int) -> Iterator[str]:
    """A message for each setting that has no effect on this network; `images` is true if its input is an image, and
    `rank` is the number of the input's dimensions.
    """
    optimizer = recipe.optimizer
    fields = type(optimizer).model_fields
    for name, why in _REASONS.items():
        if getattr(optimizer, name) == fields[name].default:
            continue
        without = optimizer.model_copy(update={name: fields[name].default})
        if name == "weight_decay":
            without = optimizer.model_copy(update={name: 0.0, "decay_all": False})
        if _grouped(model, recipe) == _grouped(model, recipe.model_copy(update={"optimizer": without})):
            yield f"`{name}` has no effect: {why}"
    if isinstance(optimizer, Muon) and not filters_of(model):
        yield "`optimizer muon` has no convolution filters to train: all parameters use `other`"
    names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    for part in frozen_parts(recipe.freeze.name):
        if not any(is_part(name, part) for name in names):
            yield f"`freeze {part}` has no effect: this part has no trainable weights"
    if recipe.layout != "auto" and rank != 3:
        why = f"it applies to inputs of 3 dimensions, but the input has {rank}"
        yield f"`layout {recipe.layout}` has no effect: {why}"
    elif recipe.layout != "auto" and not images and not any(p.ndim == 4 for p in model.parameters()):
        why = "the input is not an image of 8-bit pixels, and the network has no 2d convolutions"
        yield f"`layout {recipe.layout}` has no effect: {why}"


def _grouped(model: nn.Module, recipe: Recipe) -> set[tuple[int, float, float]]:
    """The weight decay and the learning rate of each parameter."""
    groups = parameter_groups(model, recipe.optimizer)
    return {(id(p), group["weight_decay"], group["peak_lr"]) for group in groups for p in group["params"]}
