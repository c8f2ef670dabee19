"""`# archdsl: ignore[W0903, W0904]`: suppress warnings on a line."""

import re
from collections.abc import Iterator

from ..diagnostics.catalog.ignore_warnings import UnusedIgnore
from ..diagnostics.diagnostic import Diagnostic, Severity, Sink
from ..text.source import Source, Span

_MARK = "archdsl: ignore["
_COMMENT = re.compile(r"#\s*archdsl: ignore\[([^\]\n]*)\]")


def apply_ignores(source: Source, sink: Sink, *, pedantic: bool) -> None:
    """Drop the warnings that are ignored on their line, and report ignore comments without effect.

    A warning about a statement in a used file is ignored by a comment in that file.
    """
    sources = {found.diagnostic.span.source.file for found in sink} | {source}
    asked = {s: list(_codes(s)) for s in sources if _MARK in s.text}
    if not asked:
        return
    silenced = {(s, span.line, span.text) for s, spans in asked.items() for span in spans}
    dropped = sink.drop(lambda d: d.severity is Severity.WARNING and _place(d) in silenced)
    if sink.errors:
        return  # the lints did not run
    used = set(map(_place, dropped))
    for span in asked.get(source, ()):
        if (source, span.line, span.text) not in used and (pedantic or not _is_pedantic(span.text)):
            sink.emit(UnusedIgnore(span=span, name=span.text))


def _place(diagnostic: Diagnostic) -> tuple[Source, int, str]:
    return diagnostic.span.source.file, diagnostic.span.line, diagnostic.code


def _codes(source: Source) -> Iterator[Span]:
    """Each code in an ignore comment, with its span."""
    for comment in _COMMENT.finditer(source.text):
        for word in re.finditer(r"\w+", comment[1]):
            start = comment.start(1)
            yield Span(source, start + word.start(), start + word.end())


def _is_pedantic(code: str) -> bool:
    from .codes import by_code

    return code in by_code() and by_code()[code].pedantic
