"""The formats of diagrams, and the extensions of their files."""

from pathlib import Path

FORMATS = ("svg", "html", "png", "pdf", "eps", "dot", "mmd", "tikz", "drawio", "pptx")
"""The formats of a diagram."""

EXTENSIONS = {
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".png": "png",
    ".pdf": "pdf",
    ".eps": "eps",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mmd",
    ".mermaid": "mmd",
    ".tex": "tikz",
    ".tikz": "tikz",
    ".drawio": "drawio",
    ".pptx": "pptx",
}


def format_of(path: Path) -> str:
    """The format of a file by its extension. Raises ValueError."""
    suffix = path.suffix.lower()
    if suffix not in EXTENSIONS:
        ending = f"unknown extension `{suffix}`" if suffix else f"`{path}` has no extension"
        raise ValueError(f"{ending}; use one of {', '.join(EXTENSIONS)}")
    return EXTENSIONS[suffix]
