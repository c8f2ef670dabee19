"""The style of figures in a file of its own: a text with a `figure { … }` block."""

from ..diagnostics import Sink
from ..diagnostics.diagnostic import Finding, with_fixes
from ..graph import Draft, FigureSettings, Graph
from ..syntax import parse
from ..text.source import Source
from .errors import ArchError


def require_figure(source: Source) -> None:
    """Raise ValueError for a text without errors that has no `figure { … }` block."""
    sink = Sink()
    if not parse(source, sink).figures and not sink.errors:
        raise ValueError(
            f'{source.name} has no `figure {{ … }}` block: write one, such as `figure {{ title "ResNet" }}`'
        )


def style_findings(source: Source, graph: Draft | Graph) -> tuple[Finding, ...]:
    """What is wrong with a style for a network."""
    return _read(source, graph)[1]


def style_settings(source: Source, graph: Draft | Graph) -> FigureSettings:
    """The settings of a style for a network. Raises ArchError, and ValueError if the text has no such block."""
    require_figure(source)
    settings, found = _read(source, graph)
    if found or settings is None:
        raise ArchError(found, source)
    return settings


def _read(source: Source, graph: Draft | Graph) -> tuple[FigureSettings | None, tuple[Finding, ...]]:
    from ..analysis.figure_block import figure_of_program

    sink = Sink()
    program = parse(source, sink)
    settings = None if sink.errors else figure_of_program(program, graph, sink)
    return settings, with_fixes(sink)
