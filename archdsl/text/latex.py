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

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho varsigma sigma tau upsilon phi "
    "chi psi omega"
)
_LARGE = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
_SYMBOLS = {
    "÷": "div", "±": "pm", "←": "leftarrow", "↑": "uparrow", "↓": "downarrow", "↔": "leftrightarrow", "⇒": "Rightarrow",
    "∂": "partial", "∇": "nabla", "∈": "in", "∏": "prod", "∑": "sum", "√": "surd", "∞": "infty", "∩": "cap", "∪": "cup",
    "∫": "int", "≈": "approx", "≠": "neq", "≡": "equiv", "∘": "circ", "⊕": "oplus", "⊗": "otimes", "⊙": "odot",
    "∙": "bullet", "′": "prime", "ℓ": "ell",
}  # fmt: skip
MATH = {
    **{
        char: f"$\\{name}$"
        for char, name in zip("αβγδεζηθικλμνξοπρςστυφχψω", _GREEK.split(), strict=True)
        if name != "o"
    },
    **{char: f"$\\{name}$" for char, name in zip("ΓΔΘΛΞΠΣΥΦΨΩ", _LARGE.split(), strict=True)},
    **{char: f"$\\{name}$" for char, name in _SYMBOLS.items()},
    # Greek letters that look like Latin ones have no command.
    **dict(zip("οΑΒΕΖΗΙΚΜΝΟΡΤΧ", "oABEZHIKMNOPTX", strict=True)),
    **{char: f"$^{number}$" for number, char in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{char: f"$_{number}$" for number, char in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}
"""Greek letters and mathematical symbols, as LaTeX writes them in text."""


def escape(text: str) -> str:
    """The text with LaTeX's special characters and common symbols as commands; letters of all scripts are kept."""
    return "".join(ESCAPES.get(char, char) for char in text)
