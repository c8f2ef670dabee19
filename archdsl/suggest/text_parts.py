"""Parts of a text that may not be parsed: the line and the statement around a position, and their indentation."""

import re
from collections.abc import Iterable

from ..diagnostics import Edit
from ..text.source import Source, Span

STATEMENT_START = r"(?:^|(?<=[\n;{}]))"
"""A pattern for the position after the separator of two statements, or the start of the text."""
_SEPARATORS = "\n;{}"
_STATEMENT_ENDS = frozenset(f"{_SEPARATORS}#")


def line_of(span: Span) -> Span:
    """The line where a span starts, without a comment at its end."""
    source = span.source
    start = source.text.rfind("\n", 0, span.start) + 1
    end = source.text.find("\n", start)
    end = len(source.text) if end < 0 else end
    comment = source.text.find("#", start, end)
    end = comment if comment >= 0 else end
    return Span(source, start, start + len(source.text[start:end].rstrip()))


def line_start(source: Source, line: int) -> int:
    """The offset where a line (from 1) starts."""
    return source.line_start(line) - source.start


def statement_start(text: str, at: int) -> int:
    """The offset after the last separator of statements before a position."""
    return max(text.rfind(each, 0, at) for each in _SEPARATORS) + 1


def statement_of(span: Span) -> Span:
    """The text around a position, on its line and up to the next separators of statements."""
    line, at = line_of(span), span.start
    text = line.source.text
    start = max(line.start, statement_start(text, at))
    end = next((i for i in range(at, line.end) if text[i] in _STATEMENT_ENDS), line.end)
    inside = text[start:end]
    return Span(line.source, start + indentation(inside), start + len(inside.rstrip()))


def indentation(line: str) -> int:
    """The number of blanks at the start of a line."""
    return len(line) - len(line.lstrip())


def words_of(text: str) -> set[str]:
    """The words of a text without its comments; those of a size are its symbolic dimensions: `S` of `3xSxS`."""
    words = re.findall(r"[A-Za-z_]\w*|(?<=\dx)[A-Z]\w*", re.sub(r"#.*", "", text))
    return {*words, *(part for word in words for part in re.findall(r"(?:^|(?<=x))[A-Z]\d*(?=x|$)", word))}


def within(part: Span, edits: Iterable[Edit]) -> list[Edit]:
    """Edits of a text as edits of a part of it."""
    return [
        Edit(span=Span(e.span.source, e.span.start - part.start, e.span.end - part.start), text=e.text) for e in edits
    ]
