"""Each setting of a recipe is an option of `archdsl train` and a keyword of `archdsl.fit`, with the same meaning."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import archdsl
from archdsl.cli.train import command
from archdsl.diagnostics import Sink
from archdsl.training.fit_options import given_settings, losses_of, option_paths, recipe_of
from archdsl.training.recipe.composition import compose
from archdsl.training.recipe.fields import SWITCHES, RecipeField, recipe_fields
from archdsl.training.recipe.options import given_options
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.tasks.custom_code import CustomLoss

NETWORK = archdsl.loads("input 1x8x8\nstage head { flatten; fc 16 as h; relu }\naux early { fc 10 }\nfc 10\n")
TEXTS: dict[tuple[str, ...], Any] = {
    ("data", "name"): "digits", ("freeze", "name"): "head", ("loss", "output_losses"): "early=0.3",
    ("loss", "class_weights"): "3=2, 7=0.5", ("schedule", "at"): "2, 5", ("task",): "classification",
}  # fmt: skip


def values_of(entry: RecipeField) -> Iterator[Any]:
    """Values that the field accepts, other than its default."""
    if entry.path in TEXTS:
        yield TEXTS[entry.path]
    elif entry.choices:
        yield from entry.choices
    elif entry.kind is bool:
        yield True
        yield False
    elif entry.kind is int:
        yield entry.example or 7
    else:
        yield entry.example or 0.25


def partners(entry: RecipeField, value: Any) -> dict[tuple[str, ...], Any]:
    """The settings without which the field is refused: the kind that has it, and what switches it on."""
    needed: dict[tuple[str, ...], Any] = {}
    owners = [use.owner for use in entry.uses if use.owner]
    if owners:
        needed[entry.path[0], "name"] = owners[0]
    if (switch := SWITCHES.get(entry.path)) is not None:
        other = next(each for each in recipe_fields() if each.path == switch)
        needed[switch] = next(values_of(other))
    if entry.path == ("optimizer", "decay_all") and value:
        needed["optimizer", "weight_decay"] = 0.1
    return needed


def of_command(settings: dict[tuple[str, ...], Any]) -> Recipe:
    """The recipe of a command line."""
    words = []
    for entry in recipe_fields():
        if entry.path in settings:
            value = settings[entry.path]
            name = entry.option.removeprefix("--")
            words += [f"--{'' if value else 'no-'}{name}"] if entry.kind is bool else [entry.option, str(value)]
    parameters = command.make_context("train", ["net.arch", *words]).params
    recipe = compose((), given_options(parameters), Sink())
    assert recipe is not None
    return recipe


def of_fit(settings: dict[tuple[str, ...], Any]) -> Recipe:
    """The recipe of keywords."""
    names = {path: name for name, path in option_paths().items()}
    keywords = {
        names[path]: value for path, value in settings.items() if path not in (("data", "name"), ("loss", "name"))
    }
    options = given_settings(keywords)
    if ("data", "name") in settings:
        options["data", "name"] = settings["data", "name"]
    losses = losses_of(settings.get(("loss", "name")), NETWORK, options)
    return recipe_of(NETWORK, {**options, **losses.settings}, ())


CASES = [(entry, value) for entry in recipe_fields() for value in values_of(entry)]


@pytest.mark.parametrize(("entry", "value"), CASES, ids=[f"{e.option}={v}" for e, v in CASES])
def test_a_setting_is_the_same_in_both(entry: RecipeField, value: Any) -> None:
    if entry.path == ("loss", "name") and value == "custom":
        pytest.skip("the loss of a package's task")
    settings = {**partners(entry, value), entry.path: value}
    assert of_command(settings) == of_fit(settings)


def test_every_setting_has_a_value_that_changes_it() -> None:
    changed = {entry.path for entry, value in CASES if entry.kind is bool or value != entry.uses[0].default}
    assert changed == {entry.path for entry in recipe_fields()}


def test_class_weights_of_numpy_are_those_of_a_list() -> None:
    given = np.array([1.0, 2.5])
    assert given_settings({"class_weights": given}) == given_settings({"class_weights": [1.0, 2.5]})


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"epoch": 2}, TypeError, "did you mean `epochs`"),
        ({"optimiser": "sgd"}, TypeError, "did you mean `optimizer`"),
        ({"weight_decai": 0.1}, TypeError, "did you mean `weight_decay`"),
        ({"lr": "fast"}, ValueError, "lr: `lr` must be"),
        ({"lr": float("nan")}, ValueError, "lr"),
        ({"batch": 0}, ValueError, "batch"),
        ({"momentum": 0.9}, ValueError, "`adam` takes no `momentum`; it is for"),
        ({"class_weights": {"a": -1}}, ValueError, "a positive number"),
        ({"class_weights": [1, "x"]}, ValueError, "a positive number"),
        ({"output_losses": {"early": "nothing"}}, ValueError, "output_losses"),
        ({"freeze": "hed"}, ValueError, "did you mean `head`"),
        ({"flip": True, "alternate": True}, ValueError, "one of them"),
    ],
)
def test_what_is_refused(keywords: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        recipe_of(NETWORK, given_settings(keywords), ())


@pytest.mark.parametrize(
    ("loss", "keywords", "error", "message"),
    [
        (3, {}, TypeError, "not 3"),
        ({"erly": 0.3}, {}, ValueError, "did you mean `early`"),
        ({"early": 0.3}, {"output_losses": {"early": 0.3}}, ValueError, "use one of them"),
        (lambda output, targets: output.sum(), {"smoothing": 0.1}, ValueError, "a function replaces"),
        (lambda output, targets: output.sum(), {"class_weights": "balanced"}, ValueError, "a function replaces"),
    ],
)
def test_losses_that_are_refused(loss: Any, keywords: dict[str, Any], error: type[Exception], message: str) -> None:
    def losses() -> list[CustomLoss]:
        return [CustomLoss(each) for each in losses_of(loss, NETWORK, given_settings(keywords)).functions.values()]

    with pytest.raises(error, match=message):
        losses()
