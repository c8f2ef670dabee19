"""`--watch`: run a command again whenever a file that it has read changes."""

import gc
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from ..text.counts import counted
from ..text.files import noting_reads
from .folders import is_folder, networks_below

F = TypeVar("F", bound=Callable[..., Any])


def watch_option(command: F) -> F:
    """The option `--watch`, for commands that take a `file` or `files`, and a `text`."""

    @wraps(command)
    def watched(*, watch: bool, **values: Any) -> Any:
        if not watch:
            return command(**values)
        named = values["files"] if "files" in values else [values["file"]]
        if values.get("text") is not None or None in named or "-" in named:
            raise click.UsageError("--watch needs files: source text and standard input do not change")
        repeat(lambda: command(**values), named)

    option = click.option("--watch", is_flag=True, help="Repeat whenever a file changes, until Ctrl-C.")
    return option(watched)  # type: ignore[return-value]  # it takes one more option


def repeat(command: Callable[[], object], names: Sequence[str]) -> NoReturn:
    """Run a command now and after each change of a file that it read; Ctrl-C exits with status 0.

    Exits with 2 if the first run does: that is an error in the command, which no change of a file fixes.
    """
    from .file_states import FileStates

    folders = [name for name in names if is_folder(name)]
    first = True
    try:
        while True:
            states = FileStates()
            for folder in folders:
                states.note_folder(Path(folder))
            listed = [networks_below(folder) for folder in folders]
            _clear(first)
            with noting_reads(states.note):
                status = _status(command)
            if first and status == 2:
                sys.exit(2)
            if not states.files and not folders:
                raise click.UsageError("--watch needs files: what is given here does not change")
            first = False
            gc.collect()  # rarely done while a command runs, and this one runs for a long time
            _report(len(states.files))
            states.wait(lambda: [networks_below(folder) for folder in folders] != listed)  # noqa: B023 - called at once
    except KeyboardInterrupt:
        # Nothing is incomplete: the last output has been shown.
        click.echo(err=True)
        sys.exit(0)


def _report(files: int) -> None:
    sys.stdout.flush()
    click.echo(f"\nwatching {counted(files, 'file')}; press Ctrl-C to stop", err=True)


def _status(command: Callable[[], object]) -> int:
    """The exit status of the command."""
    try:
        command()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


def _clear(first: bool) -> None:
    """Clear the screen of a terminal; elsewhere, print an empty line between two outputs."""
    if sys.stdout.isatty():
        click.clear()
    elif not first:
        click.echo()
