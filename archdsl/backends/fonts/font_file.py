"""Read TrueType and OpenType fonts: the glyph of each character, advance widths, outlines.

Tables are read when they are needed: fonts for Chinese, Japanese and Korean are tens of megabytes in size. Format:
https://learn.microsoft.com/typography/opentype/spec/
"""

import struct
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from .character_map import CharacterMap
from .charstrings import CompactOutlines
from .glyph_data import InvalidFont, Outline, read_glyph

Read = Callable[[int, int], bytes]
"""Returns the bytes at an offset, given the offset and their number."""


class FontFile:
    """One font of a file; a collection has several. Raises InvalidFont when a damaged part is read."""

    def __init__(self, read: Read, offset: int = 0) -> None:
        self._read = read
        (count,) = _unpack(">H", read(offset + 4, 2))
        directory = read(offset + 12, 16 * count)
        self._tables = {}
        for start in range(0, 16 * count, 16):
            _, at, length = _unpack(">3I", directory[start + 4 : start + 16])
            self._tables[directory[start : start + 4].decode("latin-1")] = (at, length)

    def table(self, tag: str) -> bytes:
        """The bytes of a table; empty if the font lacks it."""
        at, length = self._tables.get(tag, (0, 0))
        return self._read(at, length) if length else b""

    @cached_property
    def units(self) -> int:
        """Units per em."""
        (units,) = _unpack(">H", self.table("head")[18:20])
        if not units:
            raise InvalidFont("no units per em")
        return int(units)

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """Left, bottom, right and top of all glyphs."""
        left, bottom, right, top = _unpack(">4h", self.table("head")[36:44])
        return left, bottom, right, top

    @cached_property
    def vertical(self) -> tuple[int, int]:
        """Ascent, and descent as a negative number."""
        ascent, descent = _unpack(">2h", self.table("hhea")[4:8])
        return ascent, descent

    @cached_property
    def name(self) -> str:
        """The PostScript name; empty if it has none."""
        names = self.table("name")
        count, start = _unpack(">2H", names[2:6])
        for number in range(count):
            platform, _, _, kind, length, at = _unpack(">6H", names[6 + 12 * number : 18 + 12 * number])
            if kind == 6 and platform in (0, 3):
                found = names[start + at : start + at + length].decode("utf-16-be", errors="replace")
                return "".join(char for char in found if char.isalnum() or char in "-_")
        return ""

    @cached_property
    def weight(self) -> int:
        """The weight, 400 for a regular font."""
        table = self.table("OS/2")
        return int(_unpack(">H", table[4:6])[0]) if table else 400

    @cached_property
    def may_be_embedded(self) -> bool:
        """Whether its license flags permit embedding a subset of its outlines."""
        table = self.table("OS/2")
        flags = _unpack(">H", table[8:10])[0] if table else 0
        return not (flags & 0x300 or (flags & 0xF) == 2)

    @cached_property
    def _characters(self) -> CharacterMap:
        return CharacterMap(self.table("cmap"))

    def glyph_of(self, char: str) -> int | None:
        """The number of the glyph of a character; None if there is none."""
        return self._characters.glyph_of(ord(char)) or None

    def advance(self, glyph: int) -> int:
        """The width of a glyph with the space around it, in units."""
        (count,) = _unpack(">H", self.table("hhea")[34:36])
        at = 4 * min(glyph, count - 1)
        (width,) = _unpack(">H", self._metrics[at : at + 2])
        return int(width)

    @cached_property
    def _metrics(self) -> bytes:
        return self.table("hmtx")

    @cached_property
    def _compact(self) -> CompactOutlines | None:
        table = self.table("CFF ")
        return CompactOutlines(table) if table else None

    @cached_property
    def has_outlines(self) -> bool:
        """Whether its outlines can be read: bitmap fonts, as many emoji fonts are, have none."""
        return "CFF " in self._tables or {"glyf", "loca"} <= self._tables.keys()

    def outline(self, glyph: int) -> Outline:
        """The closed curves of a glyph, in units."""
        if self._compact is not None:
            return self._compact.outline(glyph)
        return read_glyph(self._glyph_bytes, glyph)

    @cached_property
    def _locations(self) -> bytes:
        return self.table("loca")

    def _glyph_bytes(self, glyph: int) -> bytes:
        (long,) = _unpack(">h", self.table("head")[50:52])
        if long:
            start, end = _unpack(">2I", self._locations[4 * glyph : 4 * glyph + 8])
        else:
            start, end = (2 * each for each in _unpack(">2H", self._locations[2 * glyph : 2 * glyph + 4]))
        at, length = self._tables["glyf"]
        if not start <= end <= length:
            raise InvalidFont(f"glyph {glyph} is outside of its table")
        return self._read(at + start, end - start)


def read_fonts(path: Path) -> list[FontFile]:
    """The fonts of a file. Raises InvalidFont, OSError."""

    def read(at: int, length: int) -> bytes:
        with path.open("rb") as file:
            file.seek(at)
            return file.read(length)

    start = read(0, 12)
    match start[:4]:
        case b"\0\1\0\0" | b"OTTO" | b"true":
            return [FontFile(read)]
        case b"ttcf":
            (count,) = _unpack(">I", start[8:12])
            offsets = _unpack(f">{count}I", read(12, 4 * count))
            return [FontFile(read, offset) for offset in offsets]
        case _:
            raise InvalidFont("neither a TrueType nor an OpenType font")


def _unpack(form: str, data: bytes) -> tuple[int, ...]:
    try:
        return struct.unpack(form, data)
    except struct.error as error:
        raise InvalidFont("it is cut short") from error
