"""Texts and places in them."""

from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from typing import NamedTuple


class Source:
    """The text of one file or string.

    `name` is what messages call it; `path` is None for a string. `key` is its name in the library of the files that
    it uses, which are named from there: a relative path with `/`, its file's name where nothing else is given.
    """

    def __init__(self, text: str, name: str = "<text>", path: Path | None = None, key: str | None = None) -> None:
        self.text = text
        self.name = name
        self.path = path
        self.key = key if key is not None else path.name if path is not None else name

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(i + 1 for i, char in enumerate(self.text) if char == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1, the column in characters."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a line (from 1), without its end."""
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    @property
    def lines(self) -> int:
        """How many lines there are; an empty text has one."""
        return len(self._starts)

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


class Span(NamedTuple):
    """A stretch of a source: offsets in characters, the end excluded."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The line (from 1) where it starts."""
        return self.source.position(self.start)[0]

    def to(self, other: "Span") -> "Span":
        """From the start of this one to the end of the other, in the same source."""
        return Span(self.source, self.start, max(self.end, other.end))

    @property
    def head(self) -> "Span":
        """The empty place at its start."""
        return Span(self.source, self.start, self.start)

    @property
    def tail(self) -> "Span":
        """The empty place at its end."""
        return Span(self.source, self.end, self.end)
