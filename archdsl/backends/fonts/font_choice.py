"""The fonts for the text of a figure: our own, and installed fonts for other scripts.

Our own are subsets of Liberation Sans (SIL Open Font License), whose characters have the widths of Helvetica, which the
layout of figures assumes; so a figure has the same bytes on every machine. Fonts for Chinese, Japanese and Korean are
too large to ship.
"""

import os
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ...record import Record
from .font_file import FontFile, read_fonts
from .glyph_data import InvalidFont

REGULAR, BOLD = (Path(__file__).with_name(f"figure-sans-{style}.ttf") for style in ("regular", "bold"))
_EXTENSIONS = frozenset({".ttf", ".otf", ".ttc", ".otc"})
_IGNORED = frozenset("\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f")
"""Invisible characters that only join or separate others."""
_SHAPED = (
    (0x0900, 0x0DFF), (0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x18AF), (0x1900, 0x1CFF), (0xA800, 0xA95F),
    (0xA980, 0xABFF), (0x1100, 0x11FF),
)  # fmt: skip
"""Scripts whose letters change with their neighbors: Indic scripts, Thai, Tibetan, Burmese, Khmer, Mongolian, jamo."""


class MissingCharacter(Exception):
    """A character that no font here can show; the message names it and gives the reason and a suggestion."""


class GlyphRun(Record):
    """Consecutive characters in one font, with the glyph of each, and their width as a fraction of the font size."""

    font: FontFile
    glyphs: tuple[int, ...]
    chars: tuple[str, ...]
    width: float


def glyph_runs(text: str, *, bold: bool = False) -> list[GlyphRun]:
    """A line of text in the fonts that have its characters. Raises MissingCharacter."""
    runs: list[tuple[FontFile, list[tuple[int, str]]]] = []
    for char in unicodedata.normalize("NFC", text):
        if char in _IGNORED:
            continue
        font, glyph = _glyph(char, bold)
        if not runs or runs[-1][0] is not font:
            runs.append((font, []))
        runs[-1][1].append((glyph, char))
    return [
        GlyphRun(
            font=font,
            glyphs=tuple(glyph for glyph, _ in found),
            chars=tuple(char for _, char in found),
            width=sum(font.advance(glyph) for glyph, _ in found) / font.units,
        )
        for font, found in runs
    ]


def _glyph(char: str, bold: bool) -> tuple[FontFile, int]:
    """The font and the glyph of a character."""
    if _needs_shaping(char):
        raise MissingCharacter(f"{_described(char)} belongs to a script that needs text shaping")
    for font in own_fonts()[::-1] if bold else own_fonts()[:1]:
        if glyph := font.glyph_of(char):
            return font, glyph
    found = _installed(char)
    if found is None:
        raise MissingCharacter(f"no font on this machine has {_described(char)}")
    return found


def own_fonts() -> tuple[FontFile, FontFile]:
    """Our regular and our bold font."""
    return _own(REGULAR), _own(BOLD)


@cache
def _own(path: Path) -> FontFile:
    data = path.read_bytes()
    return FontFile(lambda at, length: data[at : at + length])


def _described(char: str) -> str:
    name = unicodedata.name(char, "").lower()
    return f"`{char}` (U+{ord(char):04X}{', ' if name else ''}{name})"


def _needs_shaping(char: str) -> bool:
    """Whether a character is written from right to left, or combines with others."""
    if unicodedata.bidirectional(char) in ("R", "AL", "AN") or unicodedata.category(char) in ("Mn", "Mc", "Me"):
        return True
    return any(first <= ord(char) <= last for first, last in _SHAPED)


@cache
def _installed(char: str) -> tuple[FontFile, int] | None:
    """The best installed font that has a character, and its glyph."""
    for font in _all_installed():
        try:
            if glyph := font.glyph_of(char):
                font.outline(glyph)
                font.advance(glyph)
                return font, glyph
        except (InvalidFont, OSError):
            continue
    return None


@cache
def _all_installed() -> tuple[FontFile, ...]:
    """The installed fonts that can be embedded: sans-serif ones of regular weight first, then by name."""
    found = []
    for path in sorted({path for folder in font_folders() for path in _files(folder)}, key=lambda path: path.name):
        try:
            for number, font in enumerate(read_fonts(path)):
                if font.has_outlines and font.may_be_embedded and font.name and font.units:
                    found.append(((_unsuitable(font), path.name, number), font))
        except (InvalidFont, OSError, MemoryError):
            continue
    return tuple(font for _, font in sorted(found, key=lambda each: each[0]))


def _unsuitable(font: FontFile) -> tuple[int, bool, int]:
    """How far a font is from a regular sans-serif one."""
    words = font.name.lower().replace("sansserif", "sans")
    odd = ("italic", "oblique", "mono", "narrow", "condensed", "serif", "ming", "song", "batang", "myungjo", "brush")
    plain = any(word in words for word in ("sans", "gothic", "arial", "helvetica"))
    return sum(word in words for word in odd), not plain, abs(font.weight - 400)


def _files(folder: Path) -> Iterator[Path]:
    for top, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(top, name) for name in files if Path(name).suffix.lower() in _EXTENSIONS)


def font_folders() -> list[Path]:
    """Where fonts are installed on this system."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        own = [Path(local, "Microsoft/Windows/Fonts")] if local else []
        return [Path(os.environ.get("WINDIR", "C:/Windows"), "Fonts"), *own]
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), data / "fonts", home / ".fonts"]
