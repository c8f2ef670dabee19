"""Make the fonts in archdsl/backends/fonts from Liberation Sans 2.1.5.

    python scripts/figure_fonts.py FOLDER

FOLDER has LiberationSans-Regular.ttf and LiberationSans-Bold.ttf. The result keeps the outlines of the scripts that
need no shaping, without hints and kerning. It has another name, because the license reserves the original one for
unmodified fonts.
"""

import sys
from pathlib import Path

from fontTools import subset  # type: ignore[import-untyped]  # it has no types
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it has no types

FONTS = Path(__file__).resolve().parents[1] / "archdsl" / "backends" / "fonts"
RANGES = (
    (0x20, 0x7E), (0xA0, 0x24F), (0x2B0, 0x2FF), (0x370, 0x482), (0x48A, 0x52F), (0x1E00, 0x1FFF), (0x2000, 0x206F),
    (0x2070, 0x20CF), (0x2100, 0x22FF), (0x2300, 0x23FF), (0x25A0, 0x26FF), (0xFB00, 0xFB06), (0xFFFD, 0xFFFD),
)  # fmt: skip
"""Latin, Greek, Cyrillic, punctuation, currency, arrows, mathematical and geometric symbols."""
FAMILY = "Figure Sans"
TIME = 3_700_000_000
"""The creation and modification time in the fonts, so that the same source gives the same bytes."""


def make(source: Path, style: str) -> TTFont:
    """The smaller font."""
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(
        hinting=False, layout_features=[], glyph_names=False, notdef_outline=True, legacy_kern=False, name_IDs=["*"],
        drop_tables=["kern", "GPOS", "GSUB", "GDEF", "FFTM", "gasp", "fpgm", "prep", "cvt "],
    )  # fmt: skip
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    subsetter.subset(font)
    kept = {record.nameID: str(record) for record in font["name"].names if record.platformID == 3}
    font["name"].names = []
    names = {1: FAMILY, 2: style, 3: f"{FAMILY} {style}", 4: f"{FAMILY} {style}", 6: f"FigureSans-{style}"}
    for number, text in {**names, **{number: kept[number] for number in (0, 5, 13, 14)}}.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    font["head"].created = font["head"].modified = TIME
    return font


def main() -> None:
    """Write both fonts."""
    folder = Path(sys.argv[1])
    FONTS.mkdir(exist_ok=True)
    for style in ("Regular", "Bold"):
        path = FONTS / f"figure-sans-{style.lower()}.ttf"
        make(folder / f"LiberationSans-{style}.ttf", style).save(path)
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
