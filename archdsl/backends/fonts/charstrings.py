"""Outlines of OpenType fonts in Compact Font Format (CFF), whose glyphs are small programs of cubic curves.

Formats: Adobe Technical Notes 5176 (CFF) and 5177 (Type 2 charstrings).
"""

import struct
from itertools import pairwise

from .cubic_path import CubicPath
from .glyph_data import InvalidFont, Outline

_CHARSTRINGS, _PRIVATE, _SUBROUTINES = (17,), (18,), (19,)
_TYPE, _FONTS, _FONT_OF = (12, 6), (12, 36), (12, 37)
_MAX_DEPTH = 10
"""Maximum nesting depth of subroutines that the format permits."""
_MOVES = {21: 2, 22: 1, 4: 1}
"""Operators that move the current point, with the number of their arguments; an additional argument is the width."""
_HINTS = frozenset({1, 3, 18, 23})


class CompactOutlines:
    """The outlines of a `CFF ` table. Raises InvalidFont."""

    def __init__(self, data: bytes) -> None:
        try:
            _, at = _index(data, data[2])
            tops, at = _index(data, at)
            _, at = _index(data, at)
            self._global, _ = _index(data, at)
            top = _dictionary(tops[0])
            if top.get(_TYPE, [2]) != [2]:
                raise InvalidFont("charstrings of type 1")
            self._glyphs, _ = _index(data, _offset(top, _CHARSTRINGS))
            if _FONTS in top:
                fonts, _ = _index(data, _offset(top, _FONTS))
                self._local = [_local(data, _dictionary(font)) for font in fonts]
                self._font_of = _selection(data, _offset(top, _FONT_OF), len(self._glyphs))
            else:
                self._local, self._font_of = [_local(data, top)], [0] * len(self._glyphs)
        except (struct.error, IndexError, KeyError) as error:
            raise InvalidFont("its outlines are damaged") from error

    def outline(self, glyph: int) -> Outline:
        """The closed curves of a glyph, as quadratic curves."""
        try:
            program = _Program(self._global, self._local[self._font_of[glyph]])
            program.run(self._glyphs[glyph])
        except (struct.error, IndexError) as error:
            raise InvalidFont("a glyph is damaged") from error
        return program.path.outline()


def _index(data: bytes, at: int) -> tuple[list[bytes], int]:
    """The entries of an INDEX, and where it ends."""
    (count,) = struct.unpack(">H", data[at : at + 2])
    if not count:
        return [], at + 2
    size = data[at + 2]
    offsets = [int.from_bytes(data[place : place + size]) for place in range(at + 3, at + 3 + size * (count + 1), size)]
    base = at + 2 + size * (count + 1)
    entries = [data[base + start : base + end] for start, end in pairwise(offsets)]
    return entries, base + offsets[-1]


def _dictionary(data: bytes) -> dict[tuple[int, ...], list[float]]:
    """The operands of each operator of a DICT."""
    found: dict[tuple[int, ...], list[float]] = {}
    at, operands = 0, list[float]()
    while at < len(data):
        byte = data[at]
        if byte <= 21:
            size = 2 if byte == 12 else 1
            found[tuple(data[at : at + size])], operands, at = operands, [], at + size
        elif byte == 30:  # a real number, in nibbles that end in 15
            at += 1
            while data[at] & 15 != 15:
                at += 1
            operands, at = [*operands, 0.0], at + 1
        elif byte == 29:
            operands, at = [*operands, *struct.unpack(">i", data[at + 1 : at + 5])], at + 5
        else:
            value, at = _integer(data, at)
            operands.append(value)
    return found


def _integer(data: bytes, at: int) -> tuple[int, int]:
    """An integer, and where it ends."""
    byte = data[at]
    if byte == 28:
        return struct.unpack(">h", data[at + 1 : at + 3])[0], at + 3
    if 32 <= byte <= 246:
        return byte - 139, at + 1
    if 247 <= byte <= 250:
        return (byte - 247) * 256 + data[at + 1] + 108, at + 2
    if 251 <= byte <= 254:
        return -(byte - 251) * 256 - data[at + 1] - 108, at + 2
    raise InvalidFont(f"byte {byte} is not a number")


def _offset(top: dict[tuple[int, ...], list[float]], key: tuple[int, ...]) -> int:
    return int(top[key][-1])


def _local(data: bytes, font: dict[tuple[int, ...], list[float]]) -> list[bytes]:
    """The subroutines of a font in the table."""
    if _PRIVATE not in font:
        return []
    size, start = map(int, font[_PRIVATE])
    private = _dictionary(data[start : start + size])
    return _index(data, start + int(private[_SUBROUTINES][0]))[0] if _SUBROUTINES in private else []


def _selection(data: bytes, at: int, glyphs: int) -> list[int]:
    """Which font each glyph belongs to."""
    if data[at] == 0:
        return list(data[at + 1 : at + 1 + glyphs])
    (count,) = struct.unpack(">H", data[at + 1 : at + 3])
    ranges = [struct.unpack(">HB", data[at + 3 + 3 * i : at + 6 + 3 * i]) for i in range(count)]
    ends = [first for first, _ in ranges[1:]] + [glyphs]
    return [font for (first, font), end in zip(ranges, ends, strict=True) for _ in range(end - first)]


class _Program:
    """Runs a charstring."""

    def __init__(self, everywhere: list[bytes], local: list[bytes]) -> None:
        self.path = CubicPath()
        self._everywhere, self._local = everywhere, local
        self._stack: list[float] = []
        self._hints = 0
        self._ended = False

    def run(self, code: bytes, depth: int = 0) -> None:
        """Run a charstring or a subroutine."""
        if depth > _MAX_DEPTH:
            raise InvalidFont("its subroutines call each other")
        at = 0
        while at < len(code) and not self._ended:
            byte = code[at]
            if byte == 255:
                self._stack.append(struct.unpack(">i", code[at + 1 : at + 5])[0] / 65536)
                at += 5
            elif byte == 28 or byte >= 32:
                value, at = _integer(code, at)
                self._stack.append(value)
            elif byte in (10, 29):
                routines = self._local if byte == 10 else self._everywhere
                bias = 107 if len(routines) < 1240 else 1131 if len(routines) < 33900 else 32768
                self.run(routines[int(self._stack.pop()) + bias], depth + 1)
                at += 1
            elif byte == 11:
                return
            elif byte == 12:
                self.path.flex(code[at + 1], self._taken())
                at += 2
            else:
                at += 1 + self._operator(byte)

    def _taken(self) -> list[float]:
        """All arguments on the stack, which is empty afterward."""
        taken, self._stack = self._stack, []
        return taken

    def _operator(self, byte: int) -> int:
        """Run an operator and return the number of further bytes that belong to it."""
        if byte in _HINTS:
            self._hints += len(self._taken()) // 2
        elif byte in (19, 20):
            self._hints += len(self._taken()) // 2
            return (self._hints + 7) // 8
        elif byte in _MOVES:
            self.path.move(byte, self._taken()[-_MOVES[byte] :])
        elif byte == 14:
            self._ended = True
        else:
            self.path.draw(byte, self._taken())
        return 0
