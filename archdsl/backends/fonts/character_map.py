"""The table of a font that maps characters to glyphs."""

import struct
from bisect import bisect_left

from .glyph_data import InvalidFont

_ORDER = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))
"""The maps for Unicode by platform and encoding; those with all planes first."""


class CharacterMap:
    """The map of a font for Unicode, in format 4 or 12. Raises InvalidFont."""

    def __init__(self, table: bytes) -> None:
        try:
            self._ends, self._starts, self._values, self._format = _segments(table)
        except struct.error as error:
            raise InvalidFont("its character map is cut short") from error

    def glyph_of(self, code: int) -> int:
        """The glyph of a character; 0 if there is none."""
        at = bisect_left(self._ends, code)
        if at == len(self._ends) or self._starts[at] > code:
            return 0
        if self._format == 12:
            return self._values[at][0] + code - self._starts[at]
        delta, glyphs = self._values[at][0], self._values[at][1:]
        if not glyphs:
            return (code + delta) & 0xFFFF
        index = code - self._starts[at]
        glyph = glyphs[index] if index < len(glyphs) else 0
        return (glyph + delta) & 0xFFFF if glyph else 0


def _segments(table: bytes) -> tuple[list[int], list[int], list[tuple[int, ...]], int]:
    """The last and the first code of each range, its values, and the format."""
    (count,) = struct.unpack(">H", table[2:4])
    maps = {}
    for number in range(count):
        platform, encoding, offset = struct.unpack(">HHI", table[4 + 8 * number : 12 + 8 * number])
        maps[platform, encoding] = offset
    for kind in _ORDER:
        if kind not in maps:
            continue
        data = table[maps[kind] :]
        (form,) = struct.unpack(">H", data[:2])
        if form == 4:
            return _format_4(data)
        if form == 12:
            return _format_12(data)
    return [], [], [], 12


def _format_4(data: bytes) -> tuple[list[int], list[int], list[tuple[int, ...]], int]:
    (double,) = struct.unpack(">H", data[6:8])
    count = double // 2
    ends = struct.unpack(f">{count}H", data[14 : 14 + double])
    starts = struct.unpack(f">{count}H", data[16 + double : 16 + 2 * double])
    deltas = struct.unpack(f">{count}H", data[16 + 2 * double : 16 + 3 * double])
    at = 16 + 3 * double
    offsets = struct.unpack(f">{count}H", data[at : at + double])
    values: list[tuple[int, ...]] = []
    for number, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        glyphs: tuple[int, ...] = ()
        if offset:
            first = at + 2 * number + offset
            size = min(end - start + 1, max(0, len(data) - first) // 2)
            glyphs = struct.unpack(f">{size}H", data[first : first + 2 * size])
        values.append((delta, *glyphs))
    return list(ends), list(starts), values, 4


def _format_12(data: bytes) -> tuple[list[int], list[int], list[tuple[int, ...]], int]:
    (count,) = struct.unpack(">I", data[12:16])
    numbers = struct.unpack(f">{3 * count}I", data[16 : 16 + 12 * count])
    return list(numbers[1::3]), list(numbers[::3]), [(glyph,) for glyph in numbers[2::3]], 12
