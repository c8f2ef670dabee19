"""Fonts are read as fontTools reads them, and what is embedded of them has the same outlines."""

import io
import struct
from pathlib import Path

import pytest

from archdsl.backends.diagram.font_metrics import width_of
from archdsl.backends.fonts import font_choice
from archdsl.backends.fonts.character_map import CharacterMap
from archdsl.backends.fonts.font_choice import BOLD, REGULAR, MissingCharacter, glyph_runs
from archdsl.backends.fonts.font_file import FontFile, read_fonts
from archdsl.backends.fonts.glyph_data import InvalidFont, read_glyph, write_glyph
from archdsl.backends.fonts.subset import font_bytes, subset

fonttools = pytest.importorskip("fontTools.ttLib")
pens = pytest.importorskip("fontTools.pens.areaPen")
LABELS = "".join(map(chr, range(32, 127))) + "×−·…→÷αβγΩ∑éßąЖ½²"
SQUARE = [[(0.0, 0.0, True), (0.0, 500.0, True), (500.0, 500.0, True), (500.0, 0.0, True)]]


def area(font: object, name: str, kind: str = "areaPen") -> float:
    """The area of a glyph, as fontTools computes it."""
    glyphs = font.getGlyphSet()  # type: ignore[attr-defined]
    pen = pens.AreaPen(glyphs)
    glyphs[name].draw(pen)
    return abs(float(pen.value))


@pytest.mark.parametrize("path", [REGULAR, BOLD])
def test_shipped_fonts_are_read_like_fonttools(path: Path) -> None:
    (ours,), theirs = read_fonts(path), fonttools.TTFont(path)
    best, names = theirs.getBestCmap(), theirs.getGlyphOrder()
    for code in range(0x2700):
        assert (ours.glyph_of(chr(code)) or None) == (theirs.getGlyphID(best[code]) if code in best else None)
    for glyph, name in enumerate(names):
        assert ours.advance(glyph) == theirs["hmtx"][name][0]
    assert ours.units == theirs["head"].unitsPerEm
    assert ours.name == theirs["name"].getDebugName(6)


@pytest.mark.parametrize("path", [REGULAR, BOLD])
def test_embedded_glyphs_have_the_same_outlines(path: Path) -> None:
    (ours,), theirs = read_fonts(path), fonttools.TTFont(path)
    glyphs = [glyph for glyph in (ours.glyph_of(char) for char in LABELS) if glyph]
    assert len(glyphs) == len(LABELS)
    embedded = fonttools.TTFont(io.BytesIO(font_bytes(subset(ours, glyphs))), checkChecksums=2)
    for glyph, name in zip(glyphs, embedded.getGlyphOrder()[1:], strict=True):
        theirs_name = theirs.getGlyphOrder()[glyph]
        assert area(embedded, name) == pytest.approx(area(theirs, theirs_name), abs=1)
        assert embedded["hmtx"][name][0] == theirs["hmtx"][theirs_name][0]


def test_cubic_outlines_match_fonttools(tmp_path: Path) -> None:
    builder = pytest.importorskip("fontTools.fontBuilder").FontBuilder(1000, isTTF=False)
    pen_of = pytest.importorskip("fontTools.pens.t2CharStringPen").T2CharStringPen
    shapes: dict[str, list[tuple[str, list[tuple[int, ...]]]]] = {
        ".notdef": [("lineTo", [(0, 700), (500, 700), (500, 0)])],
        "A": [("curveTo", [(0, 276, 224, 500, 500, 500)]), ("curveTo", [(776, 500, 1000, 276, 1000, 0)])],
        "B": [("curveTo", [(0, 100, 10, 400, 300, 500)]), ("lineTo", [(700, 20), (650, -300)])],
    }
    strings = {}
    for name, steps in shapes.items():
        pen = pen_of(600, None)
        pen.moveTo((0, 0))
        for operation, points in steps:
            for point in points:
                pairs = list(zip(point[::2], point[1::2], strict=True))
                getattr(pen, operation)(*pairs)
        pen.closePath()
        strings[name] = pen.getCharString()
    builder.setupGlyphOrder(list(shapes))
    builder.setupCharacterMap({65: "A", 66: "B"})
    builder.setupCFF("Test-Regular", {}, strings, {})
    builder.setupHorizontalMetrics(dict.fromkeys(shapes, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"psName": "Test-Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "test.otf")
    (ours,), theirs = read_fonts(tmp_path / "test.otf"), fonttools.TTFont(tmp_path / "test.otf")
    embedded = fonttools.TTFont(io.BytesIO(font_bytes(subset(ours, [1, 2]))))
    for name, other in zip(embedded.getGlyphOrder()[1:], "AB", strict=True):
        assert area(embedded, name) == pytest.approx(area(theirs, other), rel=0.002)


def test_cff_operators_of_installed_fonts() -> None:
    """Every operator that real fonts use, if this machine has such a font."""
    fonts = [font for font in font_choice._all_installed() if font.table("CFF ")][:3]
    if not fonts:
        pytest.skip("no font with cubic outlines is installed")
    for font in fonts:
        for char in "AQg&@한あ漢":
            if glyph := font.glyph_of(char):
                assert all(len(contour) > 2 for contour in font.outline(glyph))


def test_layout_widths_match_the_embedded_font() -> None:
    for char in LABELS:
        (run,) = glyph_runs(char)
        if char not in "·αβγΩ∑éßąЖ½²→÷":
            assert run.width == pytest.approx(width_of(char, 1.0), abs=0.001), char


def test_glyph_outline_round_trip() -> None:
    data = write_glyph(SQUARE)
    assert read_glyph(lambda _: data, 0) == SQUARE
    assert write_glyph([]) == b""


def test_composite_glyph_is_read() -> None:
    part = write_glyph(SQUARE)
    half, both = struct.pack(">h", 8192), 0x0002 | 0x0008
    whole = struct.pack(">5h", -1, 0, 0, 0, 0)
    whole += struct.pack(">2H2b", both | 0x20, 1, 10, -20) + half + struct.pack(">2H2b", both, 1, 0, 0) + half
    outline = read_glyph(lambda glyph: [whole, part][glyph], 0)
    assert [contour[2] for contour in outline] == [(260.0, 230.0, True), (250.0, 250.0, True)]


def test_recursive_composite_glyph_is_refused() -> None:
    whole = struct.pack(">5h", -1, 0, 0, 0, 0) + struct.pack(">2H2b", 0x0002, 0, 0, 0)
    with pytest.raises(InvalidFont, match="contains itself"):
        read_glyph(lambda _: whole, 0)


@pytest.mark.parametrize("size", [4, 12, 40, 400, 4000, 40000])
def test_truncated_font_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "short.ttf"
    path.write_bytes(REGULAR.read_bytes()[:size])

    def use() -> None:
        for font in read_fonts(path):
            assert font.units
            glyph = font.glyph_of("g")
            assert glyph is not None
            font.outline(glyph)
            subset(font, [glyph])
            raise InvalidFont("its end is missing")

    with pytest.raises(InvalidFont):
        use()


def test_character_map_with_supplementary_planes() -> None:
    groups = struct.pack(">6I", 65, 70, 3, 0x1F600, 0x1F605, 20)
    table = struct.pack(">2H2HI", 0, 1, 3, 10, 12) + struct.pack(">2H3I", 12, 0, 16 + len(groups), 0, 2) + groups
    found = CharacterMap(table)
    assert [found.glyph_of(code) for code in (64, 65, 70, 71, 0x1F600, 0x1F605, 0x1F606)] == [0, 3, 8, 0, 20, 25, 0]


def test_other_scripts_use_an_installed_font(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = font_choice.own_fonts()[0]
    stand_in = FontFile(lambda at, length: REGULAR.read_bytes()[at : at + length])
    monkeypatch.setattr(font_choice, "_installed", lambda char: (stand_in, 5) if char == "한" else None)
    runs = glyph_runs("conv 한 64")
    assert [run.font is stand_in for run in runs] == [False, True, False]
    assert runs[0].font is ours
    with pytest.raises(MissingCharacter, match=r"no font on this machine has `あ` \(U\+3042, hiragana letter a\)"):
        glyph_runs("あ")


def test_fonts_that_forbid_embedding_or_are_corrupt_are_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = REGULAR.read_bytes()
    (font,) = read_fonts(REGULAR)
    at = data.index(font.table("OS/2"))
    (tmp_path / "restricted.ttf").write_bytes(data[: at + 8] + b"\0\2" + data[at + 10 :])
    (tmp_path / "damaged.ttf").write_bytes(data[:100])
    (tmp_path / "text.ttf").write_text("no font")
    (tmp_path / "bold.ttf").write_bytes(BOLD.read_bytes())
    (tmp_path / "free.ttf").write_bytes(data)
    monkeypatch.setattr(font_choice, "font_folders", lambda: [tmp_path, tmp_path / "none"])
    font_choice._all_installed.cache_clear()
    try:
        assert [each.weight for each in font_choice._all_installed()] == [400, 700]
    finally:
        font_choice._all_installed.cache_clear()
