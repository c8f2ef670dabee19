"""Positions of the protocol and offsets in a text.

The protocol counts lines, which also end at a carriage return alone, and units of an encoding in a line: by default
UTF-16, in which a character beyond the Basic Multilingual Plane counts as two.
"""

import re
from bisect import bisect_right
from typing import Any

from lsprotocol import types

from ..service.answers import TextRange

_END = re.compile(r"\r\n|\n|\r")


class LinePositions:
    """The lines of one text. `encoding` is that of the protocol's positions: utf-8, utf-16 or utf-32."""

    def __init__(self, text: str, encoding: Any = types.PositionEncodingKind.Utf16) -> None:
        self._text = text
        self._encoding = encoding
        self._starts = [0, *(found.end() for found in _END.finditer(text))]

    def offset(self, position: Any) -> int:
        """The offset of a position; a position beyond the end of its line or of the text counts as that end."""
        line_number = int(position.line)
        if line_number >= len(self._starts):
            return len(self._text)
        start, character = self._starts[line_number], int(position.character)
        line = self._line(line_number)
        if line.isascii() or self._encoding == types.PositionEncodingKind.Utf32:
            return start + min(character, len(line))
        units = 0
        for index, char in enumerate(line):
            if units >= character:
                return start + index
            units += self._units(char)
        return start + len(line)

    def position(self, offset: int) -> Any:
        """The position of an offset."""
        line = bisect_right(self._starts, offset) - 1
        before = self._text[self._starts[line] : offset]
        count = len(before) if before.isascii() else sum(map(self._units, before))
        return types.Position(line=line, character=count)

    def range(self, range: TextRange) -> Any:
        """A range of the protocol."""
        return types.Range(start=self.position(range.start), end=self.position(range.end))

    def _line(self, line: int) -> str:
        """The text of a line without its end."""
        stop = self._starts[line + 1] if line + 1 < len(self._starts) else len(self._text)
        return self._text[self._starts[line] : stop].rstrip("\r\n")

    def _units(self, char: str) -> int:
        if self._encoding == types.PositionEncodingKind.Utf8:
            return len(char.encode("utf-8", "surrogatepass"))
        return 2 if self._encoding == types.PositionEncodingKind.Utf16 and ord(char) > 0xFFFF else 1
