"""The recipe's fields as command-line options. Imports click and pydantic, not torch."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ..data.registry import data_sets
from .fields import Entry, Use, entries
from .recipe import OFF

_PLACEHOLDERS = {("data", "name"): "NAME|FOLDER", ("freeze", "name"): "PARTS|off", ("schedule", "at"): "EPOCHS|off"}
F = TypeVar("F", bound=Callable[..., Any])


def recipe_options(command: F) -> F:
    """An option for every field of the recipe; the parameter's name is the option's, `_` for `-`."""
    for entry in reversed(entries()):
        command = _option(entry)(command)
    return command


def given_options(parameters: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """The values that were given, by the field's path, taken from a command's parameters."""
    values = ((entry.path, parameters[_parameter(entry)]) for entry in entries())
    return {path: value for path, value in values if value is not None}


def defaults(uses: tuple[Use, ...]) -> str:
    """`0.001`, or where kinds differ `sgd 0.1, adam 0.001`; empty for none."""
    shown = {use.owner: _shown(use.default) for use in uses}
    if len(set(shown.values())) == 1:
        return next(iter(shown.values()))
    return ", ".join(f"{owner} {value}" for owner, value in shown.items())


def placeholder(entry: Entry) -> str:
    """What stands for a field's value: `N`, `X`, `NAME|FOLDER`, or the words it may be."""
    if entry.choices:
        return "|".join(entry.choices)
    if entry.path in _PLACEHOLDERS:
        return _PLACEHOLDERS[entry.path]
    return {int: "N", float: "X", str: "NAME"}[entry.kind] + (f"|{OFF}" if entry.optional else "")


def _option(entry: Entry) -> Callable[[F], F]:
    name = _parameter(entry)
    if entry.kind is bool:
        flag = f"{entry.option}/--no-{entry.option.removeprefix('--')}"
        return click.option(flag, name, default=None, help=_help(entry))
    if entry.choices:
        return click.option(entry.option, name, type=click.Choice(entry.choices), help=_help(entry))
    complete = complete_data if entry.path == ("data", "name") else None
    return click.option(entry.option, name, metavar=placeholder(entry), help=_help(entry), shell_complete=complete)


def complete_data(context: click.Context, parameter: click.Parameter, start: str) -> list[CompletionItem]:
    """What a shell offers behind `--data`: the data sets that begin so, and folders."""
    known = [CompletionItem(name) for name in data_sets() if name.startswith(start)]
    return [*known, CompletionItem(start, type="dir")]


def _help(entry: Entry) -> str:
    owners = [use.owner for use in entry.uses if use.owner]
    notes = [f"for {', '.join(owners)}"] if owners else []
    default = defaults(entry.uses)
    if entry.kind is not bool and default:
        notes.append(f"default {default}")
    text = entry.description[0].upper() + entry.description[1:]
    return f"{text} [{'; '.join(notes)}]" if notes else text


def _parameter(entry: Entry) -> str:
    return "recipe_" + entry.option.removeprefix("--").replace("-", "_")


def _shown(default: Any) -> str:
    if default is None:
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)
