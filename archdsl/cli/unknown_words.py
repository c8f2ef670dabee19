"""Errors for commands and options that do not exist, with the one that is most likely meant."""

import os
from collections.abc import Sequence
from typing import Any

import click

from ..diagnostics.terminal import printable
from ..text.other_names import commands_elsewhere, named_elsewhere

_WORDS = "archdsl.words"


class CommandGroup(click.Group):
    """Commands by name; the error for an unknown command or option names a similar one."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of the group. Raises UsageError for an unknown option before the command."""
        words = tuple(args)
        try:
            context = super().make_context(info_name, args, parent, **extra)
        except click.NoSuchOption as error:
            raise _unknown_before_command(self, error, words) from None
        context.meta.setdefault(_WORDS, words)
        return context

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command with this name. Raises UsageError for an unknown one."""
        word, known = args[0], self.list_commands(ctx)
        if word not in known and not word.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"there is no command `{printable(word)}`{_did_you_mean(commands_elsewhere(word, known))}")
        return super().resolve_command(ctx, args)


def unknown_option(error: click.NoSuchOption) -> click.UsageError:
    """An error that names the option that is most likely meant, in place of click's list of words with such letters."""
    word = error.option_name
    near = _option_near(word, error.ctx.command, error.ctx) if error.ctx is not None else None
    known = _did_you_mean([near] if near is not None else [])
    words = error.ctx.meta.get(_WORDS, ()) if error.ctx is not None else ()
    return click.UsageError(f"there is no option `{printable(word)}`{known or _file_meant(word, words)}", error.ctx)


def _unknown_before_command(group: click.Group, error: click.NoSuchOption, words: Sequence[str]) -> click.UsageError:
    """The error for an option before the command, which may be one of the command's own, or the command itself."""
    word, context = error.option_name, error.ctx
    if context is None or (near := _option_near(word, group, context)) is not None:
        return unknown_option(error)
    names = group.list_commands(context)
    name = next((each for each in words if each in names), None)
    command = group.get_command(context, name) if name is not None else None
    if command is not None and (near := _option_near(word, command, click.Context(command))) is not None:
        found = [f"{name} {near}"]
    else:
        found = commands_elsewhere(word.lstrip("-"), names) if word.startswith("--") else []
    return click.UsageError(f"there is no option `{printable(word)}`{_did_you_mean(found)}", context)


def _option_near(word: str, command: click.Command, context: click.Context) -> str | None:
    """The option of a command that is this word, or that most likely is meant."""
    options = [
        each for parameter in command.get_params(context) for each in (*parameter.opts, *parameter.secondary_opts)
    ]
    if word in options:
        return word
    known = {each[2:].replace("-", "_"): each for each in options if each.startswith("--")}
    near = named_elsewhere(word[2:], known) if word.startswith("--") else None
    return known[near] if near is not None else None


def _file_meant(option: str, words: Sequence[str]) -> str:
    """The end of the message for a file whose name starts with `-`."""
    for word in words:
        if word.startswith(option) and os.path.isfile(word):
            return f"; write the file as `{printable(os.path.join(os.curdir, word))}`"
    return ""


def _did_you_mean(found: Sequence[str]) -> str:
    *others, last = [f"`{each}`" for each in found] or [""]
    return f"; did you mean {', '.join(others)}{' or ' * bool(others)}{last}?" if found else ""
