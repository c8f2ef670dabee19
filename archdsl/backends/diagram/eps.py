"""Write a drawing as Encapsulated PostScript, with its fonts embedded as Type 42 (TrueType).

Formats: PostScript Language Reference, 3rd edition; Adobe Technical Notes 5002 (EPSF 3.0) and 5012 (Type 42).
"""

from collections.abc import Iterator
from math import ceil

from ..fonts.subset import font_bytes, subset
from .drawing import Drawing
from .labels import decimal
from .painting import EmbeddedFont, PaintedPath, PaintedText, fonts_of, painted
from .pdf import chain, rgb

_LINE = 100
"""Hexadecimal digits in a line."""
_STRING = 65_000
"""Maximum number of bytes of a string: PostScript permits 65,535."""
_CODES = 255
"""The number of glyphs that one encoding of a font has, besides the one for missing characters."""
_PROLOG = """\
/m {moveto} bind def /l {lineto} bind def /c {curveto} bind def /h {closepath} bind def
/k {setrgbcolor} bind def /w {setlinewidth} bind def /j {setlinejoin} bind def
/F {gsave fill grestore} bind def /f {fill} bind def /s {stroke} bind def
/T {0 0 3 -1 roll 0 0 6 array astore selectfont} bind def"""


def write_eps(drawing: Drawing) -> bytes:
    """The drawing as EPS. Raises CannotDraw for characters without a font."""
    parts = list(painted(drawing))
    fonts = fonts_of(parts)
    title = drawing.title.encode("ascii", errors="replace").decode()
    lines = [
        "%!PS-Adobe-3.0 EPSF-3.0",
        f"%%BoundingBox: 0 0 {ceil(drawing.width)} {ceil(drawing.height)}",
        f"%%HiResBoundingBox: 0 0 {decimal(drawing.width)} {decimal(drawing.height)}",
        f"%%Title: ({_plain(title)})",
        "%%Creator: archdsl",
        "%%LanguageLevel: 2",
        "%%Pages: 1",
        "%%EndComments",
        "%%BeginProlog",
        "40 dict begin",
        _PROLOG,
        *(line for font in fonts for line in _font(font)),
        "%%EndProlog",
        "%%Page: 1 1",
        "4 setmiterlimit",
        *(line for each in parts for line in _operations(each, {id(font.font): font for font in fonts})),
        "end",
        "showpage",
        "%%EOF",
        "",
    ]
    return "\n".join(lines).encode("ascii")


def _plain(text: str) -> str:
    """A title without the characters that end it."""
    return "".join(char for char in text if char.isprintable() and char not in "()\\")


def _operations(each: PaintedPath | PaintedText, fonts: dict[int, EmbeddedFont]) -> Iterator[str]:
    match each:
        case PaintedPath():
            yield chain(each, "m", "l", "c") + (" h" if each.closed else "")
            if each.fill is not None:
                yield f"{rgb(each.fill)} k {'F' if each.line is not None else 'f'}"
            if each.line is not None:
                dash, plain = ("[4 3] 0 setdash ", " [] 0 setdash") if each.dashed else ("", "")
                yield f"{rgb(each.line)} k {decimal(each.width)} w {int(each.round)} j {dash}s{plain}"
        case PaintedText():
            x, y = map(decimal, each.at)
            yield f"{rgb(each.color)} k {x} {y} m"
            wide = f"{each.size * each.stretch:.6g}"
            for run in each.runs:
                font = fonts[id(run.font)]
                for block, codes in _codes([font.glyphs[glyph][0] for glyph in run.glyphs]):
                    yield f"/{font.name}.{block} {wide} {decimal(each.size)} T <{codes}> show"


def _codes(numbers: list[int]) -> Iterator[tuple[int, str]]:
    """Glyph numbers as the codes of one encoding after another, each with the number of the encoding."""
    start = 0
    while start < len(numbers):
        block, end = (numbers[start] - 1) // _CODES, start
        while end < len(numbers) and (numbers[end] - 1) // _CODES == block:
            end += 1
        yield block, "".join(f"{(number - 1) % _CODES + 1:02X}" for number in numbers[start:end])
        start = end


def _font(embedded: EmbeddedFont) -> Iterator[str]:
    """Define a font, once for each block of 255 glyphs: an encoding has no more."""
    font = embedded.font
    tables = subset(font, list(embedded.glyphs))
    data = font_bytes(tables)
    names = [".notdef", *(f"u{number}" for number in range(1, len(embedded.glyphs) + 1))]
    for number, char in embedded.glyphs.values():
        names[number] = f"uni{ord(char):04X}" if ord(char) < 0x10000 else f"u{ord(char):X}"
    box = " ".join(f"{each / font.units:.6g}" for each in font.box)
    yield f"%%BeginResource: font {embedded.name}"
    for block in range(max(1, ceil(len(embedded.glyphs) / _CODES))):
        inside = names[1 + _CODES * block : 1 + _CODES * (block + 1)]
        yield "14 dict begin"
        yield f"/FontName /{embedded.name}.{block} def /FontType 42 def /PaintType 0 def"
        yield f"/FontMatrix [1 0 0 1 0 0] def /FontBBox [{box}] def"
        yield "/Encoding 256 array 0 1 255 {1 index exch /.notdef put} for"
        yield from (f"dup {code} /{name} put" for code, name in enumerate(inside, 1))
        yield "def"
        if block:
            yield f"/sfnts /{embedded.name}.0 findfont /sfnts get def"
            yield f"/CharStrings /{embedded.name}.0 findfont /CharStrings get def"
        else:
            yield f"/CharStrings {len(names)} dict dup begin"
            yield from (f"/{name} {number} def" for number, name in enumerate(names))
            yield "end readonly def"
            yield "/sfnts ["
            yield from _strings(data, tables)
            yield "] def"
        yield f"/{embedded.name}.{block} currentdict end definefont pop"
    yield "%%EndResource"


def _strings(data: bytes, tables: dict[str, bytes]) -> Iterator[str]:
    """A font file as strings that break between tables or glyphs, each followed by a zero byte."""
    breaks = [12 + 16 * len(tables)]
    for tag, table in sorted(tables.items()):
        start = breaks[-1]
        if tag == "glyf":
            places = [int.from_bytes(tables["loca"][at : at + 4]) for at in range(0, len(tables["loca"]), 4)]
            last = 0
            for place, following in zip(places, [*places[1:], len(table)], strict=True):
                if following - last > _STRING:
                    breaks.append(start + place)
                    last = place
        breaks.append(start + len(table) + -len(table) % 4)
    for start, end in zip([0, *breaks], breaks, strict=False):
        if end > start:
            digits = data[start:end].hex().upper() + "00"
            yield "<" + "\n".join(digits[at : at + _LINE] for at in range(0, len(digits), _LINE)) + ">"
