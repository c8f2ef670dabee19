"""Write a TrueType font with some glyphs of another font, for embedding."""

import struct

from .font_file import FontFile
from .glyph_data import write_glyph

_MAGIC = 0xB1B0AFBA
"""The constant from which the checksum of a whole font is subtracted."""


def subset(font: FontFile, glyphs: list[int]) -> dict[str, bytes]:
    """The tables of a font without hints whose glyphs are glyph 0 and then the given ones, in this order. Raises
    InvalidFont.
    """
    kept = [0, *glyphs]
    data = [write_glyph(font.outline(glyph)) for glyph in kept]
    places = [0]
    for each in data:
        places.append(places[-1] + len(each))
    metrics = [(min(font.advance(glyph), 0xFFFF), _left(each)) for glyph, each in zip(kept, data, strict=True)]
    ascent, descent = font.vertical
    widest = max(width for width, _ in metrics)
    head = struct.pack(">4I2H2q4h2H3h", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, font.units, 0, 0, *font.box, 0, 6, 2, 1, 0)
    lines = struct.pack(">I3hH11hH", 0x10000, ascent, descent, 0, widest, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, len(kept))
    most = max((_points(each) for each in data), default=0), max((_contours(each) for each in data), default=0)
    return {
        "glyf": b"".join(data),
        "head": head,
        "hhea": lines,
        "hmtx": b"".join(struct.pack(">Hh", width, left) for width, left in metrics),
        "loca": struct.pack(f">{len(places)}I", *places),
        "maxp": struct.pack(">I14H", 0x10000, len(kept), *most, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0),
    }


def font_bytes(tables: dict[str, bytes]) -> bytes:
    """A TrueType file with these tables."""
    count = len(tables)
    power = count.bit_length() - 1
    directory = struct.pack(">I4H", 0x10000, count, 16 << power, power, 16 * count - (16 << power))
    at, body = 12 + 16 * count, b""
    for tag, data in sorted(tables.items()):
        directory += struct.pack(">4s3I", tag.encode(), _checksum(data), at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    whole = directory + body
    adjustment = struct.pack(">I", (_MAGIC - _checksum(whole)) & 0xFFFFFFFF)
    place = at + sum(len(data) + -len(data) % 4 for tag, data in tables.items() if tag < "head") + 8
    return whole[:place] + adjustment + whole[place + 4 :]


def _checksum(data: bytes) -> int:
    padded = data + bytes(-len(data) % 4)
    return int(sum(struct.unpack(f">{len(padded) // 4}I", padded))) & 0xFFFFFFFF


def _left(glyph: bytes) -> int:
    """The left end of a glyph."""
    return int(struct.unpack(">h", glyph[2:4])[0]) if glyph else 0


def _contours(glyph: bytes) -> int:
    return int(struct.unpack(">h", glyph[:2])[0]) if glyph else 0


def _points(glyph: bytes) -> int:
    count = _contours(glyph)
    return int(struct.unpack(">H", glyph[8 + 2 * count : 10 + 2 * count])[0]) + 1 if glyph else 0
