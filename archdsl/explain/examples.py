"""Runs the examples of the diagnostics catalogue as `archdsl check` would."""

from ..diagnostics.diagnostic import Diagnostic, Finding, Sink
from ..network import analyze
from ..text.library import AllowedPackages, MemoryLibrary, Stack
from ..text.source import Source
from ..training.network_check import check_recipe
from ..zoo import shipped

NAME = "example.arch"


def run_example(kind: type[Diagnostic], text: str) -> tuple[Source, tuple[Finding, ...]]:
    """The text as a source, and its diagnostics; the files that it uses are next to it."""
    source, sink = Source(text, name=NAME), Sink()
    library = Stack(MemoryLibrary(kind.files), shipped(), AllowedPackages(kind.allow))
    analysis = analyze(source, sink, kind.settings, library=library, recipe=check_recipe, pedantic=kind.pedantic)
    return source, analysis.diagnostics
