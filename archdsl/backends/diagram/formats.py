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


NO_DIFF = frozenset({"mmd", "html"})
"""The formats that cannot show the differences of two networks."""


def format_of(path: Path, without: frozenset[str] = frozenset()) -> str:
    """The format of a file by its extension. Raises ValueError, which lists all formats except those in `without`."""
    suffix = path.suffix.lower()
    if suffix not in EXTENSIONS:
        offered = [each for each, kind in EXTENSIONS.items() if kind not in without]
        ending = f"unknown extension `{suffix}`" if suffix else f"`{path}` has no extension"
        raise ValueError(f"{ending}; use one of {', '.join(offered)}")
    return EXTENSIONS[suffix]
