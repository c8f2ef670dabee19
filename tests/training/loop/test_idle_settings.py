"""A setting of the recipe that changes nothing in the training of a network is reported, and only such a one."""

from typing import Any

import numpy as np
import pytest
from torch import nn

from archdsl.training.assemble import warn_of_idle_settings
from archdsl.training.data.images import ImageSet, Splits, hold_out
from archdsl.training.loop.callback import TrainingCallback
from archdsl.training.loop.idle_settings import idle_settings
from archdsl.training.recipe.recipe import Recipe

PLAIN = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
NORMS = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
NO_AFFINE = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.GroupNorm(2, 4, affine=False))
ONLY_NORM = nn.Sequential(nn.BatchNorm2d(3))
MATRICES = nn.Sequential(nn.Linear(4, 3, bias=False), nn.Linear(3, 2, bias=False))


@pytest.mark.parametrize(
    ("model", "recipe", "idle"),
    [
        (PLAIN, {"optimizer": {"name": "sgd", "norm_bias_lr": 64}}, "norm_bias_lr"),
        (NO_AFFINE, {"optimizer": {"name": "adam", "norm_bias_lr": 64}}, "norm_bias_lr"),
        (NORMS, {"optimizer": {"name": "sgd", "norm_bias_lr": 64}}, None),
        (NORMS, {"optimizer": {"name": "sgd", "norm_bias_lr": 1.0}}, None),
        (ONLY_NORM, {"optimizer": {"name": "sgd", "weight_decay": 0.1}}, "weight_decay"),
        (ONLY_NORM, {"optimizer": {"name": "sgd", "weight_decay": 0.1, "decay_all": True}}, None),
        (ONLY_NORM, {"optimizer": {"name": "adamw"}}, None),
        (PLAIN, {"optimizer": {"name": "sgd", "weight_decay": 0.1}}, None),
        (MATRICES, {"optimizer": {"name": "sgd", "weight_decay": 0.1, "decay_all": True}}, "decay_all"),
        (PLAIN, {"optimizer": {"name": "muon"}}, "optimizer muon"),
        (NORMS, {"optimizer": {"name": "muon"}}, None),
        (PLAIN, {"freeze": {"name": "1"}}, "freeze 1"),
        (PLAIN, {"freeze": {"name": "0, 1"}}, "freeze 1"),
        (PLAIN, {"freeze": {"name": "0"}}, None),
        (PLAIN, {"layout": "channels_last"}, "layout channels_last"),
        (NORMS, {"layout": "channels_last"}, None),
        (NORMS, {}, None),
    ],
)
def test_setting_without_effect_is_reported(model: nn.Module, recipe: dict[str, Any], idle: str | None) -> None:
    found = list(idle_settings(model, Recipe.model_validate(recipe), images=model is not PLAIN, rank=3))
    assert len(found) == (idle is not None), found
    assert idle is None or found[0].startswith(f"`{idle}`")


class Warnings(TrainingCallback):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def warn(self, text: str) -> None:
        self.texts.append(text)


@pytest.mark.parametrize(
    ("count", "split", "warns"), [(4, 0.9, True), (5, 0.9, False), (40, 0.99, True), (4, 1, False)]
)
def test_too_few_samples_for_validation_are_reported(count: int, split: float, warns: bool) -> None:
    samples = ImageSet(np.zeros((count, 1, 2, 2), np.uint8), np.zeros(count, np.int64))
    splits, found = Splits(*hold_out(samples, split), None), Warnings()
    warn_of_idle_settings(Recipe(split=split), splits, found)
    assert (splits.validation is None) == (warns or split == 1)
    assert found.texts == [f"`split {split}` leaves no sample of {count} for validation"] * warns


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_channels_last_without_3d_inputs_is_reported(rank: int) -> None:
    """Also if the network has convolutions: torch's layout is set for the inputs."""
    recipe = Recipe.model_validate({"layout": "channels_last"})
    assert not list(idle_settings(NORMS, recipe, images=False, rank=3))
    found = list(idle_settings(NORMS, recipe, images=False, rank=rank))
    assert found == [
        f"`layout channels_last` has no effect: it applies to inputs of 3 dimensions, but the input has {rank}"
    ]
