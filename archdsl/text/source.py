"""Program texts and positions in them."""

import re
from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

_LINE_BREAK = re.compile("\n")


class EditedFile:
    """A file that is being edited: its current text, of which other sources are pieces."""

    def __init__(self, current: "Source") -> None:
        self.current = current


class Source:
    """The text of one file or string, or a piece of the text of a file that is being edited.

    `name` is its name in messages; `path` is None for a string. `key` is its name in the library from which the files
    that it uses are read: a relative path with `/`, by default its file name. Lines and columns are those of the file;
    for a piece, `start` is its offset there, which moves when the text before it is edited.
    """

    def __init__(
        self,
        text: str,
        name: str = "<text>",
        path: Path | None = None,
        key: str | None = None,
        piece_of: EditedFile | None = None,
        start: int = 0,
    ) -> None:
        self.text = text
        self.name = name
        self.path = path
        self.key = key if key is not None else path.name if path is not None else name
        self.start = start
        self._piece_of = piece_of

    @property
    def file(self) -> "Source":
        """The current text of the whole file; the source itself if it is not a piece."""
        return self if self._piece_of is None else self._piece_of.current

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_BREAK.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1; the column counts characters."""
        starts, offset = self.file._starts, self.start + offset
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line_start(self, line: int) -> int:
        """The offset in the file where a line (from 1) starts."""
        return self.file._starts[line - 1]

    def line_text(self, line: int) -> str:
        """The text of a line (from 1), without the line break."""
        starts, text = self.file._starts, self.file.text
        end = starts[line] - 1 if line < len(starts) else len(text)
        return text[starts[line - 1] : end].rstrip("\r")

    @property
    def lines(self) -> int:
        """The number of lines of the file; an empty text has one."""
        return len(self.file._starts)

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
