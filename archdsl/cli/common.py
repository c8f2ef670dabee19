"""Functions that commands share: reading the network that the user names, and showing its errors."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import click

from ..diagnostics.diagnostic import Finding
from ..diagnostics.terminal import printable, render, summary
from ..elaborate import Override
from ..elaborate.given_values import parameter, parse_parameter, parse_sizes
from ..text.source import Source
from ..text.word_choice import WordChoice
from .allowing import allow_option, allowed

F = TypeVar("F", bound=Callable[..., Any])


class Checked(Protocol):
    """A source text and its diagnostics."""

    @property
    def source(self) -> Source:
        """The source text."""

    @property
    def diagnostics(self) -> tuple[Finding, ...]:
        """The diagnostics."""


def network_options(command: F) -> F:
    """The options `--set`, `--input` and `--allow`, for commands that read a network."""
    command = allow_option(command)
    command = click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a parameter of the network: a number, a list such as 3,4,6,3, or the name of a layer.",
    )(command)
    return click.option(
        "--input", "inputs", multiple=True, metavar="SIZE", help="Set the input size: 3x224x224, or NAME=3x224x224."
    )(command)


format_option = click.option(
    "--format",
    "output",
    type=WordChoice(["text", "json"]),
    default="text",
    show_default=True,
    help="Output format: text for people, or JSON.",
)
"""`--format`, for commands that print a list."""


def named_values(settings: tuple[str, ...]) -> dict[str, str]:
    """The texts of values by name from `("width=0.5", "classes=10")`. Raises BadParameter."""
    found: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter(f"`{printable(setting)}` is not NAME=VALUE", param_hint="--set")
        if name in found:
            raise click.BadParameter(f"`{name}` is given twice", param_hint="--set")
        found[name] = value
    return found


def parse_settings(settings: tuple[str, ...]) -> dict[str, Any]:
    """Parameter values from `("width=0.5", "classes=10")`."""
    found: dict[str, Any] = {}
    any_layer = bool(allowed())
    for name, value in named_values(settings).items():
        try:
            found[name] = parameter(name, parse_parameter(value, any_layer=any_layer), any_layer=any_layer)
        except (TypeError, ValueError):
            message = f"`{printable(value)}` is not a number, a list or the name of a layer"
            raise click.BadParameter(message, param_hint="--set") from None
    return found


def parse_override(inputs: tuple[str, ...]) -> Override:
    """Input sizes by name from `("3x224x224",)` or `("left=3x32x32",)`."""
    sizes: dict[str | None, tuple[int | str, ...]] = {}
    for given in inputs:
        name, equals, value = given.rpartition("=")
        if (name if equals else None) in sizes:
            whose = f"of `{printable(name)}` " if equals else ""
            raise click.BadParameter(f"the size {whose}is given twice", param_hint="--input")
        try:
            sizes[name if equals else None] = parse_sizes(value)
        except ValueError:
            message = f"`{printable(value)}` is not an input size like 3x224x224"
            raise click.BadParameter(message, param_hint="--input") from None
    return Override(sizes)


def in_shell(path: Path) -> str:
    """A path quoted for a shell command that a user may copy."""
    import shlex

    return shlex.quote(printable(str(path)))


def refuse_unused(override: Override | None) -> None:
    """Exit with 2 if sizes are given for an input that does not exist. Only for networks without errors."""
    for name in override.unused if override is not None else ():
        if name is None:
            usage("--input: no input is left for the size without a name")
        usage(f"--input: there is no input named `{name}`")


def refuse_both(name: str | None, text: str | None) -> None:
    """Raise UsageError if a network is given twice: by its name and as a text with -e."""
    if name is not None and text is not None:
        raise click.UsageError(f"-e gives the network, and so does `{name}`; leave one of them out")


def usage(message: str) -> NoReturn:
    """Print one line on standard error and exit with 2."""
    click.echo(f"archdsl: {printable(message)}", err=True)
    raise SystemExit(2)


def use_color(stream: Any) -> bool:
    """Whether to write colors: only on a terminal, and not if NO_COLOR is set."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def show_diagnostics(network: Checked, *, stream: Any = None) -> None:
    """Print every diagnostic of a network, and a line that counts them and the fixable ones."""
    if network.diagnostics:
        stream = stream or sys.stderr
        columns = {"columns": shutil.get_terminal_size().columns} if stream.isatty() else {}
        text = render(network.diagnostics, color=use_color(stream), root=network.source, **columns)
        click.echo(f"{text}\n\n{summary(network.diagnostics)}{_fixable(network)}", file=stream)


def _fixable(network: Checked) -> str:
    """` (1 fixable with --fix, 3 with --fix --unsafe)`; empty if nothing can be fixed."""
    fixes = [found.suggestions[0] for found in network.diagnostics if found.suggestions]
    fixes = [
        fix for fix in fixes if not fix.ambiguous and all(edit.span.source is network.source for edit in fix.edits)
    ]
    count, safe = len(fixes), sum(fix.safe for fix in fixes)
    words = [f"{safe} fixable with --fix"] * bool(safe)
    words += [f"{count} {'' if safe else 'fixable '}with --fix --unsafe"] * (count > safe)
    return f" ({', '.join(words)})" if words else ""
