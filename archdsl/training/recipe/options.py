"""The recipe's fields as command-line options. Imports click and pydantic, not torch."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ...text.word_choice import WordChoice
from ..data.registry import data_sets
from .fields import FieldUse, RecipeField, parts, recipe_fields
from .grouped_options import grouped_option

_PLACEHOLDERS = {
    ("data", "name"): "NAME|FOLDER",
    ("freeze", "name"): "PARTS|off",
    ("schedule", "at"): "EPOCHS|off",
    ("loss", "output_losses"): "NAME=X,…|off",
    ("loss", "class_weights"): "balanced|NAME=X,…|off",
}
F = TypeVar("F", bound=Callable[..., Any])


def recipe_options(command: F) -> F:
    """Add an option for every field of the recipe; `--weight-decay` is the parameter `recipe_weight_decay`."""
    for entry in reversed(recipe_fields()):
        command = _option(entry)(command)
    return command


def given_options(parameters: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """The options that were given, by the field's path, taken from a command's parameters."""
    values = ((entry.path, parameters[_parameter_name(entry)]) for entry in recipe_fields())
    return {path: value for path, value in values if value is not None}


def defaults(uses: tuple[FieldUse, ...]) -> str:
    """`0.001`, or, if kinds differ, `0.1 (sgd), 0.001 (adam, adamw)`; empty for no default."""
    owners: dict[str, list[str]] = {}
    for use in uses:
        owners.setdefault(_shown(use.default), []).append(use.owner)
    if len(owners) == 1:
        return next(iter(owners))
    return ", ".join(f"{value} ({', '.join(names)})" for value, names in owners.items())


def placeholder(entry: RecipeField) -> str:
    """The placeholder of a field's value: `N`, `X`, `NAME|FOLDER`, or the accepted words."""
    if entry.choices:
        return "|".join((*entry.choices, "NAME") if entry.open else entry.choices)
    if entry.path in _PLACEHOLDERS:
        return _PLACEHOLDERS[entry.path]
    return {int: "N", float: "X", str: "NAME"}[entry.kind] + (f"|{entry.none}" if entry.optional else "")


def _option(entry: RecipeField) -> Callable[[F], F]:
    name, help = _parameter_name(entry), _help(entry)
    if entry.kind is bool:
        flag = f"{entry.option}/--no-{entry.option.removeprefix('--')}"
        return grouped_option(entry.group, flag, name, default=None, help=help)
    if entry.choices and not entry.open:
        return grouped_option(entry.group, entry.option, name, type=WordChoice(entry.choices), help=help)
    return text_option(entry, placeholder(entry), help)


def text_option(entry: RecipeField, metavar: str, help: str) -> Callable[[F], F]:
    """An option for a field, whose value is passed on as typed."""
    complete = complete_data if entry.path == ("data", "name") else _complete_choices(entry) if entry.open else None
    name = _parameter_name(entry)
    return grouped_option(entry.group, entry.option, name, metavar=metavar, help=help, shell_complete=complete)


def complete_data(context: click.Context, parameter: click.Parameter, start: str) -> list[CompletionItem]:
    """Shell completions of `--data`: matching data sets, else folders."""
    known = [CompletionItem(name) for name in data_sets() if name.startswith(start)]
    return known or [CompletionItem(start, type="dir")]  # click's scripts cannot combine both


def _complete_choices(entry: RecipeField) -> Callable[..., list[CompletionItem]]:
    """Shell completions of an option that accepts other words, too."""

    def complete(context: click.Context, parameter: click.Parameter, start: str) -> list[CompletionItem]:
        return [CompletionItem(word) for word in entry.choices if word.startswith(start)]

    return complete


def sentence(entry: RecipeField) -> str:
    """A field's description as a sentence, with the kinds that have it if not all do."""
    owners = [use.owner for use in entry.uses if use.owner]
    whose = f" ({', '.join(owners)} only)" if owners and len(owners) < len(parts(entry.path[0])) else ""
    return f"{entry.description[0].upper()}{entry.description[1:]}{whose}."


def _help(entry: RecipeField) -> str:
    default = "" if entry.kind is bool else defaults(entry.uses)
    return f"{sentence(entry)} [default: {default}]" if default else sentence(entry)


def _parameter_name(entry: RecipeField) -> str:
    """The name of the command's parameter that receives the option's value."""
    return "recipe_" + entry.option.removeprefix("--").replace("-", "_")


def _shown(default: Any) -> str:
    if default is None:
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)
