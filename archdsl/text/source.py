"""Program texts and positions in them."""

from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from typing import NamedTuple


class Source:
    """The text of one file or string.

    `name` is its name in messages; `path` is None for a string. `key` is its name in the library from which the files
    that it uses are read: a relative path with `/`, by default its file name.
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
        """Line and column of an offset, both from 1; the column counts characters."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a line (from 1), without the line break."""
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    @property
    def lines(self) -> int:
        """The number of lines; an empty text has one."""
        return len(self._starts)

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


class Span(NamedTuple):
    """A range of a source: offsets in characters, the end excluded."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The text of the range."""
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The line (from 1) where it starts."""
        return self.source.position(self.start)[0]

    def to(self, other: "Span") -> "Span":
        """From the start of this span to the end of the other, in the same source."""
        return Span(self.source, self.start, max(self.end, other.end))

    @property
    def head(self) -> "Span":
        """The empty span at its start."""
        return Span(self.source, self.start, self.start)

    @property
    def tail(self) -> "Span":
        """The empty span at its end."""
        return Span(self.source, self.end, self.end)
