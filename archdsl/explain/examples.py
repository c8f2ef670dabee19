"""Runs the examples of the diagnostics catalog as `archdsl check` would."""

from ..diagnostics.diagnostic import Diagnostic, Finding, Sink
from ..network import analyze
from ..text.library import AllowedPackages, MemoryLibrary, Stack
from ..text.source import Source
from ..training.network_check import check_recipe
from ..zoo import shipped

NAME = "example.arch"

Checked = tuple[Source, tuple[Finding, ...]]
_CHECKED: dict[tuple[type[Diagnostic], str], Checked] = {}
"""The examples checked so far: the page of a code is shown in several formats."""


def run_example(kind: type[Diagnostic], text: str) -> Checked:
    """The text as a source, and its diagnostics; the files that it uses are next to it."""
    key = kind, text
    if key not in _CHECKED:
        _CHECKED[key] = _check(kind, text)
    return _CHECKED[key]


def _check(kind: type[Diagnostic], text: str) -> Checked:
    source, sink = Source(text, name=NAME), Sink()
    library = Stack(MemoryLibrary(kind.files), shipped(), AllowedPackages(kind.allow))
    analysis = analyze(source, sink, kind.settings, library=library, recipe=check_recipe, pedantic=kind.pedantic)
    return source, analysis.diagnostics
