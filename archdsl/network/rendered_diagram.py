"""A diagram of a network in one of the formats, to display or save."""

from collections.abc import Collection
from pathlib import Path

from ..backends.diagram import (
    FORMATS,
    THEMES,
    DiagramStyle,
    View,
    ViewOptions,
    diagram,
    diagram_page,
    placed_diagram,
    usual_theme,
)
from ..backends.diagram.formats import format_of
from ..backends.diagram.heat import Heat
from ..backends.diagram.place import PLACES, PlaceChoices, place_of
from ..backends.diagram.raster_size import HIGHEST_DPI, LOWEST_DPI
from ..extras import require
from ..graph import Graph
from ..text.atomic import write_atomically
from ..text.names import nearest
from .diagram_arguments import DiagramArguments


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


def render(graph: Graph, name: str, format: str | Path, arguments: DiagramArguments) -> RenderedDiagram:
    """The diagram of a graph with this title, in the given format or that of a file's extension.

    Raises ValueError for an unknown format, view, theme, direction or place and for conflicting arguments,
    TypeError, MissingPackages, and CannotDraw.
    """
    kind = format_of(format) if isinstance(format, Path) else format
    if not isinstance(kind, str):
        raise TypeError(f"format: a string is expected, not {kind!r}")
    arguments.refuse_types()
    _require_names(kind, arguments)
    if kind == "pptx":
        require("a diagram for PowerPoint", "pptx")
    view = arguments.chosen_view
    arguments.refuse_conflicts(kind)
    options, style = view_options_of(arguments, name), style_of(arguments, graph, kind)
    place = place_of(arguments.place, arguments.width, arguments.height, arguments.font)
    if place is not None:
        free = PlaceChoices.given(view, arguments.direction, arguments.parameters)
        return RenderedDiagram(placed_diagram(graph, kind, style, options, place, free)[0], kind)
    if kind == "html":
        return RenderedDiagram(diagram_page(graph, style, options, None if view is None else View(view)), kind)
    return RenderedDiagram(diagram(graph, kind, style, options), kind)


def _require_names(kind: str, arguments: DiagramArguments) -> None:
    """Raise ValueError for a name that does not exist, and for a resolution that a PNG cannot have."""
    for what, value, known in (
        ("format", kind, FORMATS),
        ("view", arguments.view, [each.value for each in View]),
        ("theme", arguments.theme, list(THEMES)),
        ("direction", arguments.direction, ["TB", "LR"]),
        ("place", arguments.place, list(PLACES)),
        ("heat", arguments.heat, [each.value for each in Heat]),
    ):
        if value is not None:
            _require(what, value, known)
    if arguments.dpi not in range(LOWEST_DPI, HIGHEST_DPI + 1):
        raise ValueError(f"dpi is an integer from {LOWEST_DPI} to {HIGHEST_DPI}, not {arguments.dpi!r}")


def view_options_of(arguments: DiagramArguments, name: str) -> ViewOptions:
    """The view of a network with this title."""
    return ViewOptions(
        view=View(arguments.chosen_view or ("layers" if arguments.detail is None else "blocks")),
        expand=arguments.expand,
        detail=arguments.detail,
        field=arguments.field,
        fold=arguments.fold,
        title=arguments.title,
        name=name,
        heat=None if arguments.heat is None else Heat(arguments.heat),
    )


def style_of(arguments: DiagramArguments, graph: Graph, kind: str) -> DiagramStyle:
    """The style of the figure of a graph in a format."""
    return DiagramStyle(
        theme=usual_theme(kind, graph.figure) if arguments.theme is None else THEMES[arguments.theme],
        direction=arguments.direction or "TB",
        parameters=arguments.parameters is not False,
        macs=arguments.macs,
        caption=arguments.caption,
        legend=arguments.legend,
        dpi=arguments.dpi,
        columns=arguments.columns,
        sheets=arguments.sheets,
    )


def _require(what: str, value: str, known: Collection[str]) -> None:
    """Raise ValueError unless a value is known."""
    if value not in known:
        near = nearest(value, known)
        hint = f"did you mean `{near}`?" if near else f"use one of {', '.join(known)}"
        raise ValueError(f"unknown {what} `{value}`: {hint}")
