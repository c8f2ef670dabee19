"""A diagram of a network in one of the formats, to display or save."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..backends.diagram import FORMATS, THEMES, DiagramStyle, View, ViewOptions, diagram, diagram_page, placed_diagram
from ..backends.diagram.formats import format_of
from ..backends.diagram.heat import Heat
from ..backends.diagram.place import PLACES, PlaceChoices, place_of
from ..extras import require
from ..graph import Graph
from ..text.atomic import write_atomically
from ..text.names import nearest


class RenderedDiagram:
    """A diagram as the bytes of a file; a notebook displays SVG and PNG.

    `format` is svg, png, pdf, eps, dot, mmd (Mermaid), tikz, drawio or pptx (PowerPoint).
    """

    def __init__(self, data: bytes, format: str) -> None:
        self.data = data
        self.format = format

    @property
    def text(self) -> str:
        """The text of a file in a text format. Raises ValueError for PNG, PDF and PowerPoint."""
        if self.format in ("png", "pdf", "pptx"):
            raise ValueError(f"{self.format} is not a text format: `data` has its bytes")
        return self.data.decode()

    def save(self, path: str | Path) -> None:
        """Write it to a file. Raises OSError."""
        write_atomically(Path(path), lambda temporary: temporary.write_bytes(self.data))

    def _repr_svg_(self) -> str | None:
        return self.text if self.format == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.format == "png" else None

    def __repr__(self) -> str:
        return f"<RenderedDiagram: {self.format}, {len(self.data):,} bytes>"


def render(
    graph: Graph,
    format: str | Path,
    view_options: Mapping[str, Any],
    style: Mapping[str, Any],
    place: Mapping[str, str | None],
) -> RenderedDiagram:
    """The diagram of a graph, in the given format or that of a file's extension, made for a place if one is given.

    Raises ValueError for an unknown format, view, theme, direction or place, MissingPackages, and CannotDraw.
    """
    kind = format_of(format) if isinstance(format, Path) else format
    view, direction, parameters = view_options["view"], style["direction"], style["parameters"]
    _require("format", kind, FORMATS)
    if kind == "pptx":
        require("a diagram for PowerPoint", "pptx")
    _require("view", view or "layers", [each.value for each in View])
    theme = style["theme"] or ("auto" if kind == "html" else "light")
    _require("theme", theme, list(THEMES))
    _require("direction", direction or "TB", ["TB", "LR"])
    if place["name"] is not None:
        _require("place", place["name"], list(PLACES))
    if style["sheets"] and view != "volumes":
        raise ValueError("sheets are for the view `volumes`")
    heat = view_options["heat"]
    if heat is not None:
        _require("heat", heat, [each.value for each in Heat])
    if view_options["field"] is not None:
        view = view or "volumes"
    usual = "layers" if view_options["detail"] is None else "blocks"
    options = ViewOptions(**{**view_options, "view": View(view or usual), "heat": heat and Heat(heat)})
    given = {"theme": THEMES[theme], "direction": direction or "TB", "parameters": parameters is not False}
    look = DiagramStyle(**{**style, **given})
    room = place_of(place["name"], place["width"], place["height"], place["font"])
    if kind == "html" and room is None:
        return RenderedDiagram(diagram_page(graph, look, options, view and View(view)), kind)
    if room is None:
        return RenderedDiagram(diagram(graph, kind, look, options), kind)
    free = PlaceChoices.given(view, direction, parameters)
    return RenderedDiagram(placed_diagram(graph, kind, look, options, room, free)[0], kind)


def _require(what: str, value: str, known: Collection[str]) -> None:
    """Raise ValueError unless a value is known."""
    if value not in known:
        near = nearest(value, known)
        hint = f"did you mean `{near}`?" if near else f"use one of {', '.join(known)}"
        raise ValueError(f"unknown {what} `{value}`: {hint}")
