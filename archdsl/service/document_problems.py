"""Diagnostics of a document."""

from ..diagnostics.diagnostic import BlockUse, Finding, Label
from ..diagnostics.help_lines import help_lines, merged
from ..syntax import ast
from ..text.source import Span
from .answers import DocumentProblem, Location, RelatedLocation, TextRange
from .document import Version

_UNUSED = frozenset({"UnusedName", "DeadLayer", "UnusedIgnore"})


def problems(version: Version) -> tuple[DocumentProblem, ...]:
    """The diagnostics of a version in the order of the text, immediately, without tried suggestions."""
    return _problems(version, version.found)


def tried_problems(version: Version) -> tuple[DocumentProblem, ...]:
    """The diagnostics as `archdsl check` shows them: errors that one edit removes merged, with suggestions."""
    return _problems(version, version.analysis.diagnostics)


def _problems(version: Version, found: tuple[Finding, ...]) -> tuple[DocumentProblem, ...]:
    made = [_problem(version, item) for item in found]
    return tuple(sorted(made, key=lambda each: (each.range.start, each.range.end, each.code)))


def _problem(version: Version, item: Finding) -> DocumentProblem:
    each = item.diagnostic
    label = each.label()
    location = location_of(version, each.span)
    others = [Label(span=use.span, text=f"in this use of `{use.block}`") for use in reversed(each.uses)]
    if location.file is not None:
        # Errors in a used file are shown where it is used.
        others.insert(0, Label(span=each.span, text=label or each.message()))
    related = [
        RelatedLocation(location=location_of(version, other.span), text=other.text)
        for other in (*each.others(), *others)
    ]
    return DocumentProblem(
        range=location.range if location.file is None else _use(version, each.uses, location.file),
        code=each.code,
        severity=each.severity.value,
        message=each.message() + (f": {label}" if label else ""),
        related=tuple(related),
        help=tuple(filter(None, (*help_lines(item), merged(item)))),
        is_unused=type(each).__name__ in _UNUSED,
    )


def _use(version: Version, uses: tuple[BlockUse, ...], file: str) -> TextRange:
    """The use of another file to which a problem of that file belongs: a use of its block, else the `use` statement."""
    for use in uses:
        location = location_of(version, use.span)
        if location.file is None:
            return location.range
    for statement in version.program.statements:
        if isinstance(statement, ast.UseFile) and file.endswith(statement.target.text):
            return location_of(version, statement.target.span).range
    return TextRange(start=0, end=0)


def location_of(version: Version, span: Span) -> Location:
    """A span as a location. A source with the name of the document is the document's own text, read from scratch."""
    source = span.source.file
    if source is version.source or source.text is version.source.text or source.key == version.source.key:
        return Location(range=TextRange(start=span.source.start + span.start, end=span.source.start + span.end))
    return Location(range=TextRange(start=span.start, end=span.end), file=source.key)
