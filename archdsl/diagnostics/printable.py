"""Text made safe for a terminal: no control sequences, and its width in columns."""

import unicodedata

_TAB = 4


def cells(text: str) -> list[str]:
    """The cell of each character: spaces for a tab, `\\u{…}` for control, invisible and reordering characters."""
    found, before = [], " "
    for char in text:
        found.append(_cell(char, before))
        before = char
    return found


def printable(text: str) -> str:
    """The text with all control, invisible and reordering characters written as `\\u{…}`."""
    return text if text.isascii() and text.isprintable() else "".join(cells(text))


def width(text: str) -> int:
    """The width of a printable text in terminal columns: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _cell(char: str, before: str) -> str:
    if char == "\t":
        return " " * _TAB
    kind = unicodedata.category(char)
    # A combining mark needs a base letter; after a space or a quote it would change our own text.
    alone = kind[0] == "M" and unicodedata.category(before)[0] not in "LMN" and unicodedata.category(before) != "So"
    if kind in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp") or alone:
        return f"\\u{{{ord(char):x}}}"
    return char
