"""The comments of a text, consumed in order while the formatter writes it."""

import re
from bisect import bisect_left
from typing import NamedTuple

_STRING_OR_COMMENT = re.compile(r'"[^"\n]*"|(#[^\n]*)')


class Comment(NamedTuple):
    """A comment: offsets in the text, and its words without trailing spaces."""

    start: int
    end: int
    text: str


class Comments:
    """The comments of a text that have not been consumed yet, in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._all = [
            Comment(found.start(), found.end(), found[1].rstrip())
            for found in _STRING_OR_COMMENT.finditer(text)
            if found[1]
        ]
        self._next = 0

    def before(self, offset: int) -> list[Comment]:
        """Consume those that start before an offset."""
        first = self._next
        while self._next < len(self._all) and self._all[self._next].start < offset:
            self._next += 1
        return self._all[first : self._next]

    def trailing(self, offset: int) -> Comment | None:
        """Consume the comment at the end of an offset's line, if only spaces and separators precede it."""
        if self._next < len(self._all):
            comment = self._all[self._next]
            if not self._text[offset : comment.start].strip(" \t\f\u00a0\ufeff;,"):
                self._next += 1
                return comment
        return None

    def any_between(self, start: int, end: int) -> bool:
        """Whether a remaining comment starts between two offsets."""
        at = bisect_left(self._all, start, lo=self._next, key=lambda comment: comment.start)
        return at < len(self._all) and self._all[at].start < end

    def closing(self, start: int) -> int:
        """The offset of the next closing parenthesis; those in comments do not count."""
        at = self._text.index(")", start)
        for comment in self._all[self._next :]:
            if start <= comment.start < at < comment.end:
                at = self._text.index(")", comment.end)
        return at
