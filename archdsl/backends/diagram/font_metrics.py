"""The width of text without the fonts: the widths that Adobe published for Helvetica and Times.

Arial and Liberation Sans share those of Helvetica, Times New Roman and Liberation Serif those of Times.
"""

import unicodedata

from ...graph import FontFamily

# From the space to the tilde, in thousandths of the font size.
_HELVETICA = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584
584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278
278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500
500 334 260 334 584
"""
_TIMES = """
250 333 408 500 500 833 778 180 333 333 500 564 250 333 250 278 500 500 500 500 500 500 500 500 500 500 278 278 564 564
564 444 921 722 667 667 722 611 556 722 722 333 389 722 611 889 722 722 556 722 667 556 611 722 722 944 722 722 611 333
278 333 469 500 333 444 500 444 500 444 333 500 500 278 278 500 278 778 500 500 500 500 333 389 278 500 500 722 500 500
444 480 200 480 541
"""


def _widths(published: str, others: dict[str, int]) -> dict[str, int]:
    return dict(zip(map(chr, range(32, 127)), map(int, published.split()), strict=True)) | others


_WIDTHS = {
    FontFamily.SANS: _widths(_HELVETICA, {"×": 584, "−": 584, "·": 278, "…": 1000, "\u00a0": 278}),
    FontFamily.SERIF: _widths(_TIMES, {"×": 564, "−": 564, "·": 250, "…": 1000, "\u00a0": 250}),
}
_UNKNOWN, _WIDE = 600, 1000
"""The approximate width of a character of another script, and of Chinese, Japanese and Korean ones."""


def width_of(text: str, size: float, font: FontFamily = FontFamily.SANS) -> float:
    """The width of a text at a font size, in the unit of the size; Times is never much wider than Helvetica."""
    widths = _WIDTHS[font]
    return sum(widths.get(char) or _unknown(char) for char in text) * size / 1000


def _unknown(char: str) -> int:
    return _WIDE if is_wide(char) else _UNKNOWN


def is_wide(char: str) -> bool:
    """Whether a character is as wide as it is high, like Chinese, Japanese and Korean ones."""
    return unicodedata.east_asian_width(char) in ("W", "F")


def is_known(text: str) -> bool:
    """Whether the width of a text is exact."""
    return all(char in _WIDTHS[FontFamily.SANS] for char in text)
