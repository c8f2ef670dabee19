"""Conflicting options: no option is silently overridden or ignored."""

from collections.abc import Iterable

import click
from click.core import ParameterSource

from ..network.option_conflicts import Conflict, first_conflict
from ..text.word_lists import listed


def refuse_conflicts(conflicts: Iterable[Conflict]) -> None:
    """Raise UsageError for the first conflict among the options of the current command."""
    found = first_conflict(conflicts, _given(click.get_current_context()))
    if found is not None:
        why, options = found
        raise click.UsageError(f"{why}: leave out {listed(options)}")


def _given(context: click.Context) -> dict[str, object]:
    """The options that the user gave, by their longest names, with their values."""
    found: dict[str, object] = {}
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if isinstance(parameter, click.Option) and source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT):
            value = context.params.get(parameter.name or "")
            off = value is False and parameter.secondary_opts
            found[max(parameter.secondary_opts if off else parameter.opts, key=len)] = value
    return found
