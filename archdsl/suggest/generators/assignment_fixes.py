"""Texts of assignments, `x = conv 64 k3; y = relu x`, as statements with names."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...diagnostics import Edit
from ...layers import merges
from ...text.source import Source, Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import STATEMENT_START

_ASSIGNMENT = re.compile(rf"{STATEMENT_START}([ \t]*)([A-Za-z_]\w*)[ \t]*=[ \t]*([A-Za-z_][^\n;{{}}#=]*)(?=[\n;}}#]|$)")
_OTHER = re.compile(r"[^\s;]")
"""A character of another statement."""


class _Assignment(NamedTuple):
    """`NAME = words`, and its position in the text."""

    span: Span
    name: str
    words: Sequence[str]


def everywhere(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """All assignments of the text at once, because they may read each other's names."""
    if site.span.source is not context.source or site.span.text != "=":
        return
    found = list(_assignments(context.source))
    own = [each for each in _first_of_themselves(found) if each.name not in context.given_names]
    if (len(found) < 2 and not own) or not any(each.span.start <= site.span.start < each.span.end for each in found):
        return
    if len(own) > 1:
        return  # one of them is another tensor
    counts = Counter(each.name for each in (*found, *own))
    edits, current, end = [], "", 0
    for each in found:
        if _OTHER.search(re.sub("#.*", "", context.source.text[end : each.span.start])):
            current = ""
        new = _statement(each, each.name if each in own else current, counts)
        if new is None:
            return
        edits.append(Edit(span=each.span, text=new))
        current, end = each.name, each.span.end
    title = "write each `NAME = LAYER` as `LAYER as NAME`"
    yield Candidate(title=title, edits=tuple(edits), rank=0.25)


def _first_of_themselves(found: Sequence[_Assignment]) -> list[_Assignment]:
    """The first assignments of names that read their own name: `x = relu x`, where x is the current tensor."""
    firsts = {each.name: each for each in reversed(found)}
    return [each for each in firsts.values() if each.name in each.words[1:]]


def _assignments(source: Source) -> Iterator[_Assignment]:
    for found in _ASSIGNMENT.finditer(source.text):
        span = Span(source, found.start(2), found.start(3) + len(found[3].rstrip()))
        yield _Assignment(span, found[2], found[3].split())


def _statement(assignment: _Assignment, current: str, counts: Counter[str]) -> str | None:
    """The statement for an assignment; None if it reads a name that is assigned again.

    `current` is the name that was assigned right before it, or empty. A name that is assigned several times is the
    current tensor.
    """
    keyword, *words = assignment.words
    if keyword.startswith("let") or (not words and keyword in counts):
        return None
    read = [word for word in words if word in counts]
    if any(counts[word] > 1 and word != current for word in read):
        return None
    alias = f" as {assignment.name}" if counts[assignment.name] == 1 else ""
    if keyword in merges():
        rest = [word for word in words if counts[word] < 2]
        return " ".join([keyword, *rest]) + alias
    if len(read) > 1:
        return None
    start = f"from {read[0]}; " if read and read[0] != current else ""
    return start + " ".join([keyword, *(word for word in words if word not in counts)]) + alias
