"""Text in LaTeX, outside math mode."""

ESCAPES = {
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
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\rightarrow$",
    "–": r"\textendash{}",
    "…": r"\dots{}",
    "\u200c": "",
    "\u200d": "",
}


def escape(text: str) -> str:
    """The text with LaTeX's special characters and common symbols as commands; letters of all scripts are kept."""
    return "".join(ESCAPES.get(char, char) for char in text)
