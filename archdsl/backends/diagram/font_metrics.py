"""The width of text without the fonts: the widths that Adobe published for Helvetica, which Arial shares."""

# From the space to the tilde, in thousandths of the font size.
_PUBLISHED = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584
584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278
278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500
500 334 260 334 584
"""
_WIDTHS = dict(zip(map(chr, range(32, 127)), map(int, _PUBLISHED.split()), strict=True))
_WIDTHS |= {"×": 584, "−": 584, "·": 278, "…": 1000, "\u00a0": 278}
_UNKNOWN = 600
"""The approximate width of a character of another script."""


def width_of(text: str, size: float) -> float:
    """The width of a text at a font size, in the unit of the size."""
    return sum(_WIDTHS.get(char, _UNKNOWN) for char in text) * size / 1000


def is_known(text: str) -> bool:
    """Whether the width of a text is exact."""
    return all(char in _WIDTHS for char in text)
