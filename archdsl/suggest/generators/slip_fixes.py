"""Slips of the keyboard: a word or sign written twice, a space at the wrong place, a sign within a word."""

import re
from collections.abc import Iterator

from ...diagnostics import Edit
from ...layers import merges, registry
from ...syntax.tokens import KEYWORDS
from ...text.names import distance
from ...text.source import Source, Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import line_of, statement_of
from .line_fixes import is_argument, replaced
from .name_fixes import values_in_scope

_TOKEN = re.compile(r"\"[^\"\n]*\"|\w+(?:\.\w+)*(?:=[\w.]+)?|[^\w\s]")
_CHUNK = re.compile(r"[^\s;{}]+")
_BETWEEN = re.compile(r"[ \t]*\w*[ \t]*(?:\([^;{}]*)?")
"""What may be between a misspelled keyword and the error that it causes: a name, and parameters after it."""
_LONGEST = 200
"""The largest number of characters of a line that is examined."""
_SHORT, _LONG = 3, 6
"""The lengths from which one wrong letter, and two, leave a word recognizable."""


def doubled(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The text without one of two equal words or signs side by side, at an error or in the use of its block."""
    for span in (site.span, *(use.span for use in reversed(site.diagnostic.uses))):
        if span.source is not context.source:
            continue
        tokens = _tokens(span)
        here = next((i for i, token in enumerate(tokens) if token.end > span.start), len(tokens) - 1)
        statement = statement_of(span)
        for index in range(1, len(tokens)):
            one, other = tokens[index - 1], tokens[index]
            is_near, is_sign = abs(index - here) < 2, not one.text[-1:].isalnum()
            if one.text != other.text or not (is_near or statement.start <= one.start < other.end <= statement.end):
                continue
            if not is_sign or (is_near and one.text in "{}()[]=,+*"):
                edit = Edit(span=Span(span.source, one.end, other.end), text="")
                # Two equal numbers may both be meant.
                rank = 0.6 if one.text.isdigit() else -0.2 if is_near else 0.1
                yield Candidate(title=f"remove one `{one.text}`", edits=(edit,), rank=rank, kind="doubled")
    if site.span.source is context.source:
        for found in re.finditer(r"(.)\1", site.span.text[:_LONGEST]):
            new = site.span.text[: found.start()] + site.span.text[found.start() + 1 :]
            if is_argument(new):
                yield replaced(site.span, new, 0.0, kind="doubled")


def shifted(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A space one letter to the left or right: `s2p 1` as `s2 p1`; a space after `as`."""
    line = _line(context, site)
    if line is None:
        return
    words = [Span(line.source, line.start + m.start(), line.start + m.end()) for m in _CHUNK.finditer(line.text)]
    here = next((i for i, word in enumerate(words) if word.end > site.span.start), len(words) - 1)
    for index in (here, here + 1):
        if 0 < index < len(words):
            one, other = words[index - 1], words[index]
            whole = Span(line.source, one.start, other.end)
            if line.source.text[one.end : other.start] != " " or one.text == other.text:
                continue
            a, b = one.text, other.text
            for left, right in ((a + b[:1], b[1:]), (a[:-1], a[-1:] + b)):
                if all(_is_likely(context, word) for word in (left, right)):
                    # `conv1 8` is rather a layer with a number than `conv 18`.
                    rank = 1.0 if a[-1].isdigit() and b[0].isdigit() and a[0].isalpha() else 0.05
                    yield replaced(whole, f"{left} {right}", rank, kind="space")
    word = words[here] if 0 <= here < len(words) else None
    if word is not None and re.fullmatch(r"as[A-Za-z_]\w+", word.text):
        yield replaced(word, f"as {word.text[2:]}", 0.1, kind="space")


def _line(context: SuggestionContext, site: ErrorSite) -> Span | None:
    """The line of an error; None if it is long or in another file, or if the error is a brace."""
    if site.span.source is not context.source or site.span.text in ("{", "}"):
        return None
    line = line_of(site.span)
    return line if len(line.text) <= _LONGEST else None


def _is_likely(context: SuggestionContext, word: str) -> bool:
    """Whether a word is one that other statements have, an argument, a number, or starts a statement."""
    if word == "=" or re.fullmatch(r"\d[\dx]*", word) or is_argument(word) or context.starts_statement(word):
        return True
    names = word in context.variables or word in context.net_parameters
    return names or ("(" in word and word[-1:].isalnum())


def signs(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The keyword, layer or block that a word with a wrong sign or letter was meant to be: `con+ 8`, `n6t N(c = 8)`."""
    line = _line(context, site)
    if line is None:
        return
    starts = {*KEYWORDS, *merges(), *registry(), *context.blocks, *context.layers}
    for found in re.finditer(r"(?:^|[;{}])[ \t]*([^\s;{}]+)", line.text):
        word = found[1].partition("(")[0] if found[1][0] != "(" else found[1]
        start = line.start + found.start(1)
        end = start + len(word)
        if len(word) < _SHORT or context.starts_statement(word) or not start <= site.span.end:
            continue
        if not _BETWEEN.fullmatch(line.source.text, end, max(end, site.span.start)):
            continue
        for name in sorted(starts):
            steps = distance(word.lower(), name)
            if steps == 1 or (steps == 2 and len(word) >= _LONG):
                span = Span(line.source, start, end)
                yield replaced(span, name, 0.1 * steps + 0.05 * (name[0] != word[0]), kind="sign")


def values(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The name that a word with a wrong sign was meant to be: `c-annels` as `channels`."""
    if site.statement is None or site.span.source is not context.source:
        return
    line = line_of(site.span)
    chunks = _CHUNK.finditer(line.text[:_LONGEST])
    found = next((m for m in chunks if line.start + m.start() <= site.span.start < line.start + m.end()), None)
    if found is None or found[0].isidentifier() or not found[0][0].isalpha():
        return
    for name in dict.fromkeys([*values_in_scope(context, site.statement), *context.tensors(site.statement)]):
        if len(name) > _SHORT and distance(found[0], name) == 1:
            span = Span(line.source, line.start + found.start(), line.start + found.end())
            yield replaced(span, name, 0.1, kind="sign")


def _tokens(span: Span) -> list[Span]:
    """The words and signs of the line of a span, and of the one before if the span is at its start."""
    line = line_of(span)
    source: Source = line.source
    return [
        Span(source, line.start + found.start(), line.start + found.end())
        for found in _TOKEN.finditer(line.text)
        if len(line.text) <= _LONGEST
    ]
