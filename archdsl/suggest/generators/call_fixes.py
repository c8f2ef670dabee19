"""Lines of Python as statements, and calls within a line."""

import re
from collections.abc import Iterator

from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import line_of, statement_of
from .line_fixes import replaced
from .python_calls import JOINED, statements_of

_OPERATION = re.compile(r"([+*-])=?\s*([A-Za-z_]\w*)")
"""An operation with the current tensor: `+ shortcut`."""
_MOST_CALLS = 100
"""The largest number of calls in a line that is read."""


def statements(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A statement for Python in the line of an error; one candidate for each order of the values."""
    if site.span.source is not context.source:
        return
    statement = statement_of(site.span)
    operation = _OPERATION.fullmatch(statement.text)
    if operation is not None:
        yield replaced(statement, f"{JOINED[operation[1]]} {operation[2]}", 0.3, kind="statement for a call")
    for part in dict.fromkeys((line_of(site.span), statement)):
        yield from _read(context, part)


def _read(context: SuggestionContext, line: Span) -> Iterator[Candidate]:
    """The statements for a line or for one of several statements in it."""
    text = line.text.rstrip(",;\\ \t")
    start = len(text) - len(text.lstrip())
    if not re.search(r"[(=+*]", text) or text.count("(") > _MOST_CALLS:
        return
    span = Span(line.source, line.start + start, line.end)
    whole = list(dict.fromkeys(statements_of(context, text.strip())))
    for index, new in enumerate(whole):
        if new and new != text.strip():
            yield replaced(span, new, 0.2 + 0.15 * index, kind="statement for a call")
    for found in re.finditer(r"(?<![\w.])((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)\(([^(){};]*)\)", text):
        part = Span(line.source, line.start + found.start(), line.start + found.end())
        if found[0].strip() != text.strip():
            for index, new in enumerate(dict.fromkeys(statements_of(context, found[0]))):
                yield replaced(part, new, 0.6 + 0.15 * index, kind="statement for a call")
