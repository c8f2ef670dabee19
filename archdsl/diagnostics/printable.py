"""Text made fit for a terminal: nothing that it would act upon, and how many columns it takes."""

import unicodedata

_TAB = 4


def cells(text: str) -> list[str]:
    """What stands for each character: itself, blanks for a tab, else `\\u{…}` for whatever acts, hides or reorders."""
    found, before = [], " "
    for char in text:
        found.append(_cell(char, before))
        before = char
    return found


def printable(text: str) -> str:
    """The text with everything that a terminal would act upon, or that hides or reorders, written as `\\u{…}`."""
    return text if text.isascii() and text.isprintable() else "".join(cells(text))


def width(text: str) -> int:
    """How many columns of a terminal a printable text takes: wide characters two, combining ones none."""
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
    # A mark that combines needs a letter to stand on; on a blank or a quote it would change our own words.
    alone = kind[0] == "M" and unicodedata.category(before)[0] not in "LMN" and unicodedata.category(before) != "So"
    if kind in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp") or alone:
        return f"\\u{{{ord(char):x}}}"
    return char
