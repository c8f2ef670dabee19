"""The network that a command reads: a file, `-`, a text, `zoo:NAME`, `REVISION:FILE`, or the folder of a run."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ..diagnostics import Sink
from ..elaborate import Override
from ..network import Analysis, Network, allowing, analyze, default_library, require_figure
from ..record import Record
from ..text.files import MAX_BYTES, UnreadableFile, decode
from ..text.library import Library, Stack
from ..text.source import Source
from ..zoo import PREFIX, entries, read_named, shipped
from .allowing import allowed
from .common import parse_override, refuse_both, refuse_unused, show_diagnostics, usage

F = TypeVar("F", bound=Callable[..., Any])

TEXT = "<text>"
STDIN = "<stdin>"

expression_option = click.option("-e", "--expr", "text", metavar="TEXT", help="Use this source text instead of a file.")
"""`-e TEXT`, for commands that read one network."""


class NetworkText(Record):
    """A source text as the user named it, and its origin.

    `writable` is whether it is a file that a command may change: not one of the zoo, of a revision, or of a run.
    `library` has the files that it uses; None for those in its folder. `given` and `sizes` are the parameter values and
    the input sizes with which a run trained it.
    """

    source: Source
    writable: bool = False
    library: Library | None = None
    given: Mapping[str, Any] = {}
    sizes: tuple[str, ...] = ()

    def settings(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """The parameter values: those of the command take precedence over those of the run."""
        return {**self.given, **typed}

    def override(self, typed: Override) -> Override:
        """The input sizes: those of the command, else those of the run."""
        return typed if typed.sizes or not self.sizes else parse_override(self.sizes)

    def analyze(self, settings: Mapping[str, Any], typed: Override, **options: Any) -> Analysis:
        """The analysis with the command's values and sizes; options are those of `archdsl.network.analyze`."""
        return analyze(self.source, Sink(), self.settings(settings), self.override(typed), self.library, **options)

    def network(self, settings: Mapping[str, Any], typed: Override) -> Network:
        """The network; shows its errors and exits with 1 if it has any."""
        analysis = self.analyze(settings, typed)
        if analysis.network is None:
            show_diagnostics(analysis)
            raise SystemExit(1)
        refuse_unused(typed)
        return analysis.network


def named_network(name: str | None, text: str | None = None) -> NetworkText:
    """The network that a command names: by `name`, or as a text with -e. Exits with 2 unless exactly one is given."""
    refuse_both(name, text)
    if name is None and text is None:
        raise click.UsageError(
            "give the network: a file, `-`, zoo:NAME, REVISION:FILE in git, a run's folder, or -e TEXT"
        )
    if text is not None:
        return _allowing(NetworkText(source=Source(text, name=TEXT)))
    assert name is not None
    return read_network_text(name)


def read_network_text(name: str) -> NetworkText:
    """The text of a file, of standard input for `-`, of `zoo:NAME`, of REVISION:FILE, or of a run. Exits with 2 if it
    cannot be read.
    """
    from .revision import is_revision, read_revision

    if not name:
        usage("the name of the network is empty")
    if name == "-":
        return _allowing(NetworkText(source=_read_stdin()))
    if is_run(name):
        return _allowing(_read_run(Path(name)))
    try:
        if is_revision(name):
            source, library = read_revision(name)
            return _allowing(NetworkText(source=source, library=Stack(library, shipped())))
        return _allowing(NetworkText(source=read_named(name), writable=not name.startswith(PREFIX)))
    except UnreadableFile as error:
        usage(f"{name}: {error}{_suggestion(name)}")


def read_style_text(name: str) -> Source:
    """The text of a file with a `figure { … }` block. Exits with 2 if it cannot be read, or has none."""
    source = read_network_text(name).source
    try:
        require_figure(source)
    except ValueError as error:
        usage(str(error))
    return source


def _allowing(text: NetworkText) -> NetworkText:
    """The text with the packages of `--allow`."""
    packages = allowed()
    return text.replace(library=allowing(text.library or default_library(text.source), packages)) if packages else text


class NetworkTexts:
    """Several networks, each read when it is needed; afterward, `missing` is true if some could not be read."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self.missing = False

    def __iter__(self) -> Iterator[NetworkText]:
        """Yield each readable text; unreadable ones are reported and skipped."""
        for name in self._names:
            try:
                found = read_network_text(name)
            except SystemExit as stop:
                if stop.code != 2 or len(self._names) == 1:
                    raise
                self.missing = True
                continue
            yield found


def is_run(name: str) -> bool:
    """Whether a name is the folder of a run."""
    return _has_settings(name) and not is_sweep(name)


def is_sweep(name: str) -> bool:
    """Whether a name is the folder of a sweep."""
    return _has_settings(name) and os.path.isdir(os.path.join(name, "trials"))


def _has_settings(name: str) -> bool:
    return os.path.isfile(os.path.join(name, "settings.json")) and os.path.isfile(os.path.join(name, "net.arch"))


def _read_run(folder: Path) -> NetworkText:
    """The network of a run, with the values and sizes that it was trained with."""
    from ..training.errors.problem import Problem
    from ..training.runs.run_network import read_run_network
    from .problems import fail

    try:
        source, given, sizes = read_run_network(folder)
    except Problem as problem:
        fail(problem)
    return NetworkText(source=source, given=given, sizes=sizes)


def _read_stdin() -> Source:
    """The text on standard input. Exits with 2 if it is not text, with 1 if the stream fails."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        click.echo(f"archdsl: standard input cannot be read: {error.strerror}", err=True)
        raise SystemExit(1) from None
    try:
        return Source(decode(data), name=STDIN)
    except UnreadableFile as error:
        usage(f"standard input: {error}")


def _suggestion(name: str) -> str:
    """What may have been meant: a file with a similar name, or the text itself."""
    from ..text.names import nearest

    if any(mark in name for mark in ";\n") or name.startswith(("input ", "net ")):
        return f'; source text is given with -e: -e "{name.splitlines()[0]}"' if "\n" not in name else ""
    path = Path(name)
    try:
        if name in entries() and not path.exists():
            return f"; did you mean `{PREFIX}{name}`?"
        if (example := _example(path)) is not None:
            return f"; the example is installed as `{example}`"
        if path.is_dir():
            return "; `archdsl check` and `archdsl fmt` read whole folders"
        others = [each.name for each in path.parent.iterdir() if each.suffix == ".arch"]
    except (OSError, ValueError):
        return ""
    near = nearest(path.name, others)
    if near is None or near == path.name:
        return ""
    found = str(path.parent / near)
    # A word that starts with `-` is an option.
    return f"; did you mean `{os.path.join(os.curdir, found) if found.startswith('-') else found}`?"


def _example(path: Path) -> Path | None:
    """The installed file for a path such as `examples/lenet5.arch`, as the documentation gives it in a checkout."""
    from ..text.paths import examples

    installed = examples().joinpath(*path.parts[1:])
    named = path.parts[:1] == ("examples",) and ".." not in path.parts
    return installed if named and installed.is_file() and not path.exists() else None
