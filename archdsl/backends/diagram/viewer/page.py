"""The page of a diagram: its data, its script and its style in one file, which loads nothing else."""

import json
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files

from ....graph import Graph
from ..build import diagram_graph
from ..escaping import clean, xml
from ..figure import Diagram
from ..figure_options import KINDS, DiagramStyle
from ..svg import FONTS
from ..theme import Theme
from ..view import View
from .closing import closed_frames
from .figure_data import figure_data

_SCRIPTS = ("layout.js", "shapes.js", "figure.js", "facts.js", "panels.js", "main.js")
_LONGEST = 1000


def write_page(
    diagram: Diagram, graph: Graph, style: DiagramStyle, view: View | None, expand: tuple[str, ...] = ()
) -> bytes:
    """The page. A view decides which blocks and stages are closed at first, except those to expand; None chooses one by
    the number of boxes. Raises CannotDraw for a name to expand that is unknown or open.

    The texts of the network are data: the content security policy of the page permits no script
    and no style but its own.
    """
    graph = diagram_graph(graph)
    data = figure_data(diagram, graph, style, closed_frames(diagram, graph, view, expand))
    script = "(() => {\n" + "\n".join(_file(name) for name in _SCRIPTS) + "\n})();"
    sheet = "\n".join([*_colors(style.theme), _file("viewer.css"), *_kinds()])
    policy = f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(sheet)}'"
    # A closing tag in a name would end the element.
    values = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    replaced = {
        "POLICY": policy,
        "TITLE": xml(diagram.title, longest=_LONGEST),
        "CAPTION": xml(data["caption"], longest=_LONGEST),
        "DESCRIPTION": xml(diagram.description, longest=_LONGEST * 10),
        "LEGEND": "".join(_legend(kind, words) for kind, words in data["legend"]),
        "STYLE": sheet,
        "DATA": _encodable(values),
        "SOURCES": "".join(_source(file["name"], file["text"]) for file in data["sources"]["files"]),
        "SCRIPT": script,
    }
    pieces = _file("page.html").split("@")
    return "".join(replaced.get(piece, piece) for piece in pieces).encode()


def _file(name: str) -> str:
    return files("archdsl.backends.diagram.viewer").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _encodable(text: str) -> str:
    """A text without unpaired surrogates, which UTF-8 cannot encode."""
    return text.encode(errors="replace").decode()


def _source(name: str, text: str) -> str:
    """The text of a file, for browsers without JavaScript."""
    lines = "\n".join(xml(line, longest=_LONGEST * 10) if line.strip() else "" for line in text.split("\n"))
    return f"<h2>{xml(clean(name))}</h2>\n<pre>{lines}</pre>"


def _legend(kind: str, words: str) -> str:
    return f'<li><span class="dot kind-{kind}"></span>{xml(words)}</li>'


def _colors(theme: Theme) -> Iterator[str]:
    """The colors as variables; if the theme follows the page, with other values for a dark page on a screen."""
    yield f":root{{color-scheme:{_scheme(theme)};--font:{FONTS[theme.font]};{_variables(theme)}}}"
    if theme.dark is not None:
        yield f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(theme.dark)}}}}}"


def _kinds() -> Iterator[str]:
    """The colors of kinds of layers, in the figure and in lists."""
    for kind in KINDS:
        yield f".drawing .kind-{kind}{{fill:var(--fill-{kind});stroke:var(--border-{kind})}}"
        yield f".dot.kind-{kind}{{background:var(--fill-{kind});border-color:var(--border-{kind})}}"


def _scheme(theme: Theme) -> str:
    if theme.dark is not None:
        return "light dark"
    return "dark" if theme.name == "dark" else "light"


def _variables(theme: Theme) -> str:
    dark = theme.name == "dark"
    values = {
        "background": theme.background,
        "text": theme.text,
        "note": theme.note,
        "line": theme.line,
        "skip": theme.skip,
        "frame": theme.cluster[0],
        "inner": theme.cluster[-1],
        "frame-line": theme.cluster_line,
        "end": theme.end,
        "other": theme.other,
        "other-border": theme.border(""),
        "focus": "#8ab4f8" if dark else "#0b57d0",
        "mark": "#574500" if dark else "#ffe38f",
        **{f"fill-{kind}": theme.fill(kind) for kind in KINDS},
        **{f"border-{kind}": theme.border(kind) for kind in KINDS},
    }
    return ";".join(f"--{name}:{color}" for name, color in values.items())
