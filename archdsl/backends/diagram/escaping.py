"""Text from anywhere, made harmless for each format.

Names come from files that somebody else wrote, and a picture ends up in web pages: whatever they hold, it is shown
as text and stays inside its label.
"""

import unicodedata

LONGEST = 120
"""Characters of a label; what is longer ends in an ellipsis."""


def clean(text: str, longest: int = LONGEST) -> str:
    """One line without what no format can hold or what turns the text beside it around.

    Blanks and line ends become one blank; control characters, unpaired surrogates and unassigned code points the
    replacement character; marks that override the direction of writing are left out, right-to-left letters stay.
    """
    kept = (_harmless(char) for char in text)
    line = " ".join("".join(kept).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _harmless(char: str) -> str:
    if char.isspace():
        return " "
    match unicodedata.category(char):
        case "Cf":
            # Joiners hold emoji and some scripts together; the others are marks of direction, and invisible.
            return char if char in "\u200c\u200d" else ""
        case "Cc" | "Cs" | "Cn":
            return "\ufffd"
        case _:
            return char


def xml(text: str, *, lines: bool = False, longest: int = LONGEST) -> str:
    """For XML, and for the labels of DOT that are written like HTML. `lines` keeps several lines as they are."""
    parts = text.split("\n") if lines else [text]
    return "\n".join(clean(part, longest).translate(_XML) for part in parts)


# The standard library's escape would import half of urllib.
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def quoted(text: str) -> str:
    """For DOT, as a string in double quotes whose only meaning is itself."""
    return '"' + clean(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def mermaid(text: str) -> str:
    """For Mermaid, inside double quotes: all punctuation that it, Markdown or HTML could read becomes `#35;`."""
    return "".join(char if _plain(char) else f"#{ord(char)};" for char in clean(text))


def _plain(char: str) -> bool:
    return char.isalnum() or ord(char) > 127 or char in " .,:/+-=()"


def tex(text: str) -> str:
    """For LaTeX, outside of mathematics. What its usual fonts lack becomes a question mark."""
    return "".join(_TEX.get(char, char if ord(char) < 384 else "?") for char in clean(text))


_TEX = {
    **{char: f"\\{char}" for char in "{}$&#_%"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\char34{}",
    "`": r"\textasciigrave{}",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "−": "$-$",
    "…": r"\dots{}",
    "\u200c": "",
    "\u200d": "",
}
