"""Escape arbitrary text for each format.

Names come from files that somebody else wrote, and diagrams are shown in web pages: any name is shown as text and stays
inside its label.
"""

import unicodedata

from ...text.latex import ESCAPES, MATH, escape

LONGEST = 120
"""The maximum length of a label; longer ones end in an ellipsis."""


def clean(text: str, longest: int = LONGEST) -> str:
    """One line, without characters that a format cannot contain or that reorder the text around it.

    Whitespace becomes one space; control characters, unpaired surrogates and unassigned code points become the
    replacement character; direction overrides are removed, right-to-left letters are kept.
    """
    kept = text if text.isascii() and text.isprintable() else "".join(map(_harmless, text))
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _harmless(char: str) -> str:
    if char.isspace():
        return " "
    match unicodedata.category(char):
        case "Cf":
            # Joiners are part of emoji and some scripts; the other format characters are invisible, such as direction
            # marks.
            return char if char in "\u200c\u200d" else ""
        case "Cc" | "Cs" | "Cn":
            return "\ufffd"
        case _:
            return char


def xml(text: str, *, lines: bool = False, longest: int = LONGEST) -> str:
    """Escape for XML, and for HTML-like labels in DOT. `lines` keeps line breaks."""
    parts = text.split("\n") if lines else [text]
    return "\n".join(clean(part, longest).translate(_XML) for part in parts)


# The standard library's escape function would import half of urllib.
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def quoted(text: str) -> str:
    """Escape for DOT, as a literal string in double quotes."""
    return '"' + clean(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def mermaid(text: str) -> str:
    """Escape for Mermaid, inside double quotes: punctuation of Mermaid, Markdown or HTML becomes its code point, such
    as `#35;`.
    """
    return "".join(char if _plain(char) else f"#{ord(char)};" for char in clean(text))


def _plain(char: str) -> bool:
    return char.isalnum() or ord(char) > 127 or char in " .,:/+-=()"


def tex(text: str) -> str:
    """Escape for LaTeX, outside math mode; letters of other scripts, which need another font, are kept."""
    return "".join(MATH.get(char) or ("?" if char == "\ufffd" else escape(char)) for char in clean(text))


def foreign_in_tex(text: str) -> str:
    """The characters of a text that LaTeX's usual fonts lack."""
    return "".join(char for char in clean(text) if char not in ESCAPES and char not in MATH and ord(char) >= 384)
