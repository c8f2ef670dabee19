"""No training option silently overrides another: next to every other one, each has an effect or is refused.

The effect is that on a training run of a few steps: its weights, log, scores and checkpoints. `make fuzz` tries all
pairs.
"""

import os
from zlib import crc32

import pytest

from archdsl.training import assemble
from archdsl.training.data.images import Splits
from archdsl.training.recipe.recipe import Recipe
from tests.training.helpers import SHAPE, Patches
from tests.training.recipe import recipe_effects
from tests.training.recipe.recipe_effects import SETTINGS, effect, missing_fields, pairs, same_line, together

EVERY = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 30
PAIRS = [pair for pair in pairs() if same_line(*pair) or crc32(" ".join(pair).encode()) % EVERY == 0]


def test_every_field_has_a_case() -> None:
    assert not missing_fields()
    assert len(list(pairs())) > 2000


@pytest.mark.parametrize("name", SETTINGS)
def test_option_has_an_effect(name: str) -> None:
    made = effect(tuple(sorted(SETTINGS[name])))
    assert made is not None
    assert made != effect(())


@pytest.mark.parametrize("one", SETTINGS)
def test_option_has_an_effect_combined_with_others(one: str) -> None:
    silent = []
    for first, other in PAIRS:
        if first == one:
            settings = together(first, other)
            assert settings is not None
            both = effect(settings)
            if both is not None and both == effect(tuple(sorted(SETTINGS[other]))):
                silent.append(other)
    assert not silent, f"{one} does nothing next to these, and is accepted"


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"patience": 5, "epochs": 5}, "`patience 5` has no effect in 5 epochs"),
        ({"patience": 2, "split": 1.0}, "there are no validation images"),
        ({"schedule": {"name": "step"}}, "the learning rate never drops"),
        ({"schedule": {"name": "step", "at": "10, 20"}}, "the learning rate never drops"),
        ({"freeze": {"name": "0", "after": 10}}, "`freeze after=10` has no effect in 10 epochs"),
        ({"lookahead": {"every": 1000}}, "`lookahead every=1000` has no effect"),
        ({"patience": 4, "epochs": 5}, None),
        ({"schedule": {"name": "step", "every": 9}}, None),
        ({"schedule": {"name": "step", "at": "9.5"}}, None),
        ({"freeze": {"name": "0", "after": 9}}, None),
        ({"lookahead": {"every": 5}}, None),
        ({}, None),
    ],
)
def test_settings_without_effect_are_reported(recipe: dict[str, object], words: str | None) -> None:
    splits = Patches().load(recipe_effects.request(SHAPE))
    if recipe.get("split") == 1.0:
        splits = Splits(splits.train, None, splits.test)
    notes = recipe_effects.Notes()
    assemble.warn_of_idle_settings(Recipe.model_validate(recipe), splits, notes)
    assert len(notes.warned) == (words is not None)
    assert words is None or words in notes.warned[0]
