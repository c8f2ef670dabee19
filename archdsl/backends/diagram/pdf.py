"""Write a drawing as PDF: one page of its size, fonts embedded, text that can be selected and searched.

Fonts are embedded as TrueType, because conferences reject Type 3 fonts. Nothing is compressed: compressors differ
between machines, and the same drawing must give the same bytes. Format: ISO 32000-1.
"""

from collections.abc import Iterator
from hashlib import sha256

from ..fonts.subset import font_bytes, subset
from .drawing import Drawing
from .labels import decimal
from .painting import EmbeddedFont, PaintedPath, PaintedText, fonts_of, painted

_FIXED = 7
"""The objects that every file has, before those of its fonts."""
_OBJECTS_PER_FONT = 5
"""The objects of a font."""
_LONGEST = 1000


def write_pdf(drawing: Drawing) -> bytes:
    """The drawing as PDF. Raises CannotDraw for characters without a font."""
    parts = list(painted(drawing))
    fonts = fonts_of(parts)
    numbers = {font.name: _FIXED + 1 + _OBJECTS_PER_FONT * index for index, font in enumerate(fonts)}
    names = " ".join(f"/{name} {number} 0 R" for name, number in numbers.items())
    content = "\n".join(["/Figure <</MCID 0>> BDC", *_operations(parts, fonts), "EMC"]).encode("ascii")
    page = f"/MediaBox [0 0 {decimal(drawing.width)} {decimal(drawing.height)}] /Contents 4 0 R /StructParents 0"
    alternative = _text(f"{drawing.title}. {drawing.description}"[:_LONGEST])
    objects = [
        b"<</Type /Catalog /Pages 2 0 R /Lang (en) /MarkInfo <</Marked true>> /StructTreeRoot 5 0 R"
        b" /ViewerPreferences <</DisplayDocTitle true>>>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        f"<</Type /Page /Parent 2 0 R {page} /Resources <</Font <<{names}>>>>>>".encode(),
        _stream(content),
        b"<</Type /StructTreeRoot /K 6 0 R /ParentTree <</Nums [0 [6 0 R]]>> /ParentTreeNextKey 1>>",
        f"<</Type /StructElem /S /Figure /P 5 0 R /Pg 3 0 R /K 0 /Alt {alternative}>>".encode(),
        f"<</Title {_text(drawing.title)} /Producer (archdsl)>>".encode(),
        *(data for font in fonts for data in _font_objects(font, numbers[font.name])),
    ]
    return _file(objects)


def _file(objects: list[bytes]) -> bytes:
    """A PDF file of these objects: the first is the catalog, the seventh has the title."""
    data, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    mark = sha256(data).hexdigest()[:32]
    trailer = f"<</Size {len(objects) + 1} /Root 1 0 R /Info {_FIXED} 0 R /ID [<{mark}> <{mark}>]>>"
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n{trailer}\nstartxref\n{len(data)}\n%%EOF\n"
    return data + end.encode("ascii")


def _stream(data: bytes, entries: str = "") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(data), entries.encode("ascii"), data)


def _text(text: str) -> str:
    """A text string, in UTF-16 as hexadecimal digits."""
    return f"<FEFF{text.encode('utf-16-be', errors='replace').hex().upper()}>"


def _operations(parts: list[PaintedPath | PaintedText], fonts: list[EmbeddedFont]) -> Iterator[str]:
    """The operators of the page; each path and each line of text has its own colors."""
    by_font = {id(font.font): font for font in fonts}
    yield "4 M"  # the miter limit, as in SVG
    for each in parts:
        match each:
            case PaintedPath():
                yield _path(each)
            case PaintedText():
                yield _words(each, by_font)


def _path(path: PaintedPath) -> str:
    ops = [f"{rgb(path.fill)} rg"] if path.fill is not None else []
    if path.line is not None:
        ops += [f"{rgb(path.line)} RG {decimal(path.width)} w {int(path.round)} j"]
        ops += ["[4 3] 0 d"] if path.dashed else []
    ops.append(chain(path, "m", "l", "c"))
    paint = {(True, True): "b", (True, False): "f", (False, True): "s" if path.closed else "S"}
    ops.append(paint[path.fill is not None, path.line is not None])
    return "\n".join([*ops, *(["[] 0 d"] if path.dashed else [])])


def chain(path: PaintedPath, move: str, line: str, curve: str) -> str:
    """The points of a path with these operators."""
    start, *rest = (f"{decimal(x)} {decimal(y)}" for x, y in path.points)
    if path.curved:
        triples = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
        return "\n".join([f"{start} {move}", *(f"{' '.join(triple)} {curve}" for triple in triples)])
    return "\n".join([f"{start} {move}", *(f"{point} {line}" for point in rest)])


def _words(words: PaintedText, fonts: dict[int, EmbeddedFont]) -> str:
    shown = []
    for run in words.runs:
        font = fonts[id(run.font)]
        codes = "".join(f"{font.glyphs[glyph][0]:04X}" for glyph in run.glyphs)
        shown.append(f"/{font.name} {decimal(words.size)} Tf <{codes}> Tj")
    x, y = map(decimal, words.at)
    place = f"BT {rgb(words.color)} rg {100 * words.stretch:.4g} Tz {x} {y} Td"
    return "\n".join([place, *shown, "ET"])


def rgb(color: str) -> str:
    """A color as fractions of red, green and blue."""
    return " ".join(f"{int(color[at : at + 2], 16) / 255:.3g}" for at in (1, 3, 5))


def _font_objects(embedded: EmbeddedFont, first: int) -> Iterator[bytes]:
    """The objects of a font: itself, its descendant, its description, its file, the characters of its glyphs."""
    font = embedded.font
    data = font_bytes(subset(font, list(embedded.glyphs)))
    # Each subset needs its own name: six letters and the name of the font.
    letters = "".join(chr(65 + byte % 26) for byte in sha256(data).digest()[:6])
    name = f"{letters}+{font.name}"
    scale = 1000 / font.units
    widths = " ".join(decimal(font.advance(glyph) * scale) for glyph in (0, *embedded.glyphs))
    ascent, descent = (decimal(each * scale) for each in font.vertical)
    box = " ".join(decimal(each * scale) for each in font.box)
    yield (
        f"<</Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H"
        f" /DescendantFonts [{first + 1} 0 R] /ToUnicode {first + 4} 0 R>>"
    ).encode()
    yield (
        f"<</Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /FontDescriptor {first + 2} 0 R"
        f" /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /CIDToGIDMap /Identity"
        f" /W [0 [{widths}]]>>"
    ).encode()
    yield (
        f"<</Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 /Ascent {ascent}"
        f" /Descent {descent} /CapHeight {ascent} /StemV 80 /FontFile2 {first + 3} 0 R>>"
    ).encode()
    yield _stream(data, f" /Length1 {len(data)}")
    yield _stream(_characters(embedded))


def _characters(embedded: EmbeddedFont) -> bytes:
    """The program that maps the glyphs back to characters."""
    pairs = [f"<{number:04X}> <{char.encode('utf-16-be').hex().upper()}>" for number, char in embedded.glyphs.values()]
    blocks = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    lines = [line for block in blocks for line in (f"{len(block)} beginbfchar", *block, "endbfchar")]
    head = (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange"
    )
    foot = "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    return "\n".join([head, *lines, foot]).encode("ascii")
