"""Each setting of a recipe is an option of `archdsl train` and a keyword of `archdsl.fit`, with the same meaning."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archdsl
from archdsl.cli.train import command
from archdsl.diagnostics import Sink
from archdsl.training.errors.problem import Problem
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
        yield entry.example or next(value for value in (0.25, 0.5) if value != entry.uses[0].default)


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
    if entry.path == ("optimizer", "other_momentum"):
        needed["optimizer", "other"] = "sgd"
    if entry.path == ("freeze", "anneal") and value:
        needed |= {("freeze", "name"): "head", ("freeze", "after"): 3}
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
def test_setting_has_the_same_meaning_in_command_and_fit(entry: RecipeField, value: Any) -> None:
    if entry.path == ("loss", "name") and value == "custom":
        pytest.skip("the loss of a package's task")
    settings = {**partners(entry, value), entry.path: value}
    assert of_command(settings) == of_fit(settings)


def test_every_setting_has_a_value_that_changes_it() -> None:
    changed = {entry.path for entry, value in CASES if entry.kind is bool or value != entry.uses[0].default}
    assert changed == {entry.path for entry in recipe_fields()}


def test_numpy_class_weights_are_accepted() -> None:
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
def test_invalid_keywords_are_refused(keywords: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        recipe_of(NETWORK, given_settings(keywords), ())


PYDANTIC = ("valid ", "unable to", "parse", "tag", "Input", "type=", "expected")
WRONG: list[Any] = ["", "no_such_word", -3, 1.5e30, None, True, [1, "x"], {"name": 1}, object, float("nan")]


@pytest.mark.parametrize("entry", recipe_fields(), ids=lambda entry: entry.option)
def test_invalid_value_error_names_the_setting(entry: RecipeField) -> None:
    refused = [message for value in WRONG if (message := _refusal(entry, value)) is not None]
    assert refused or entry.kind in (bool, str)
    for message in refused:
        assert not [word for word in PYDANTIC if word in message], message
        assert entry.path[-1].replace("name", entry.path[0]) in message


def _refusal(entry: RecipeField, value: Any) -> str | None:
    """The message for a value, next to what the field needs; None if the value is accepted."""
    options = {path: given for path, given in partners(entry, value).items() if path != entry.path}
    try:
        recipe_of(NETWORK, {**options, entry.path: value}, ())
    except ValueError as error:
        return str(error)
    return None


CLOSED = [(entry, word) for entry in recipe_fields() for word in entry.choices if len(word) > 4]


@pytest.mark.parametrize(("entry", "word"), CLOSED, ids=[f"{e.option}={w}" for e, w in CLOSED])
def test_misspelled_name_is_suggested(entry: RecipeField, word: str) -> None:
    typo = f"{word[:2]}{word[3:]}"
    with pytest.raises(ValueError, match=f"did you mean `{word}`"):
        recipe_of(NETWORK, {**partners(entry, word), entry.path: typo}, ())


@pytest.mark.parametrize("name", [entry.path for entry in recipe_fields() if entry.kind in (int, float)])
def test_boolean_in_place_of_a_number_is_refused(name: tuple[str, ...]) -> None:
    entry = next(each for each in recipe_fields() if each.path == name)
    with pytest.raises(ValueError, match="must be a"):
        recipe_of(NETWORK, {**partners(entry, True), name: True}, ())


def test_list_of_epochs_equals_its_text() -> None:
    assert given_settings({"at": [2, 5]}) == given_settings({"at": "2, 5"})


ARGUMENTS: list[tuple[str, Any, type[Exception]]] = [
    *((name, value, error) for name in ("out", "resume", "initial", "data_dir")
      for value, error in ((3, TypeError), (b"x", TypeError), ("", ValueError), ("a\0b", ValueError), ([], TypeError),
                           ("a\udcffb", ValueError))),
    *((name, value, TypeError) for name in ("callbacks", "loggers", "metrics", "allow", "classes")
      for value in (3, None, object())),
    ("metrics", "accuracy", TypeError), ("allow", "gempool", TypeError), ("classes", "a", TypeError),
    ("out", "file.txt", Problem), ("out", "file.txt/x", Problem), ("out", "full", FileExistsError),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "error"), ARGUMENTS, ids=[f"{a}={v!r:.12}" for a, v, _ in ARGUMENTS])
def test_invalid_argument_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, error: type[Exception]
) -> None:
    if value is None and name == "classes":
        pytest.skip("the default")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").write_text("", encoding="utf-8")
    (tmp_path / "full" / "kept").mkdir(parents=True)
    data: Any = "digits" if name != "classes" else (np.zeros((20, 1, 8, 8), np.uint8), np.arange(20) % 10)
    with pytest.raises(error) as raised:
        archdsl.fit("input 1x8x8; flatten; fc 10", data, **{"epochs": 1, name: value})
    message = str(raised.value)
    assert name in message or (isinstance(value, str) and value in message)
    assert not message.startswith("[Errno")


@pytest.mark.parametrize(
    ("loss", "keywords", "error", "message"),
    [
        (3, {}, TypeError, "not 3"),
        ({"erly": 0.3}, {}, ValueError, "did you mean `early`"),
        ({"early": 0.3}, {"output_losses": {"early": 0.3}}, ValueError, "use only one of the two"),
        (lambda output, targets: output.sum(), {"smoothing": 0.1}, ValueError, "a function replaces"),
        (lambda output, targets: output.sum(), {"class_weights": "balanced"}, ValueError, "a function replaces"),
    ],
)
def test_invalid_losses_are_refused(loss: Any, keywords: dict[str, Any], error: type[Exception], message: str) -> None:
    def losses() -> list[CustomLoss]:
        return [CustomLoss(each) for each in losses_of(loss, NETWORK, given_settings(keywords)).functions.values()]

    with pytest.raises(error, match=message):
        losses()
