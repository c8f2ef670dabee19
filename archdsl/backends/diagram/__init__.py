"""Diagrams of a network, in formats for web pages, papers, slides and editors."""

from typing import TYPE_CHECKING

from ...graph import Graph
from .build import ViewOptions, build_diagram
from .drawing import Drawing, TextLabel, cropped, with_margin
from .engine import CannotDraw, draw
from .figure import Diagram
from .figure_options import DiagramStyle
from .font_metrics import is_known
from .formats import FORMATS, NO_DIFF
from .own_style import usual_theme, with_own_style
from .place import Place, PlaceChoices
from .raster_size import require_raster
from .theme import THEMES
from .view import View

if TYPE_CHECKING:
    from ...analysis.diff.differences import Diff

__all__ = [
    "FORMATS",
    "THEMES",
    "CannotDraw",
    "DiagramStyle",
    "View",
    "ViewOptions",
    "diagram",
    "diagram_page",
    "draw_diff",
    "placed_diagram",
    "usual_theme",
]

FOLLOWING = frozenset({"svg", "html"})
"""The formats that can adapt to light and dark pages."""
MOST = 3000
"""The maximum number of boxes in a diagram; more would take minutes and be unreadable."""
MOST_IN_PAGE = 20_000
"""The maximum number of boxes in an HTML page, which shows only some of them at once."""


def diagram(
    graph: Graph, format: str = "svg", style: DiagramStyle | None = None, view_options: ViewOptions | None = None
) -> bytes:
    """The network as a diagram in one of FORMATS. The same input gives the same bytes. Raises CannotDraw."""
    from ...analysis.cost import costs

    if format == "html":
        return diagram_page(graph, style, view_options, None if view_options is None else view_options.view)
    style = with_own_style(_supported(style or DiagramStyle(), format), graph.figure, format)
    _require_volumes(view_options)
    if view_options is not None and view_options.detail is not None:
        return _with_detail(graph, format, style, view_options)
    drawn = build_diagram(graph, costs(graph), view_options)
    if len(drawn.boxes) > MOST:
        help = "fold repeated layers, or use the view `blocks` or `stages`"
        raise CannotDraw(f"{len(drawn.boxes):,} boxes are more than the limit of {MOST:,}: {help}")
    view = view_options.view if view_options is not None else View.LAYERS
    if view in (View.VOLUMES, View.UNET):
        return _scene(drawn, view, format, style)
    return _rendered(drawn, format, style)


def _require_volumes(view_options: ViewOptions | None) -> None:
    """Raise CannotDraw for a receptive field in a view other than `volumes`."""
    if view_options is not None and view_options.field is not None and view_options.view is not View.VOLUMES:
        raise CannotDraw(f"the view `{view_options.view}` does not show tensors to scale: use the view `volumes`")


def _with_detail(graph: Graph, format: str, style: DiagramStyle, view_options: ViewOptions) -> bytes:
    """An overview with a detail."""
    from ...analysis.cost import costs
    from .detail import Detail, composed, draw_detail
    from .laid_out import laid_out

    if format == "mmd":
        raise CannotDraw("Mermaid does not support a detail beside a diagram: use svg, png or dot")
    detail = Detail(graph, costs(graph), view_options)
    overview, inner = laid_out(detail.overview, view_options.view, style), draw_detail(detail, style)
    beside = overview.height + inner.height > overview.width
    return _fixed(composed(overview, inner, detail, style, side_by_side=beside), format, style)


def diagram_page(
    graph: Graph, style: DiagramStyle | None = None, view_options: ViewOptions | None = None, view: View | None = None
) -> bytes:
    """The network as an HTML page, in which every block and stage can be opened. The view determines what is closed at
    first; None chooses it by the number of boxes. Raises CannotDraw."""
    from ...analysis.cost import costs
    from .viewer import write_page

    style = with_own_style(style or DiagramStyle(theme=usual_theme("html", graph.figure)), graph.figure, "html")
    view_options = view_options or ViewOptions()
    if view in (View.VOLUMES, View.UNET):
        raise CannotDraw(f"an HTML page does not support the view `{view}`: use svg, or another view")
    if view_options.detail is not None:
        raise CannotDraw("in an HTML page, every block opens in its place: leave out --detail, or use svg")
    if view_options.heat is not None:
        raise CannotDraw("an HTML page shows the kinds of layers in color, not a measure: use svg")
    drawn = build_diagram(graph, costs(graph), view_options.replace(view=View.LAYERS, expand=()))
    if len(drawn.boxes) > MOST_IN_PAGE:
        help = "" if view_options.fold else ": fold repeated layers"
        raise CannotDraw(f"{len(drawn.boxes):,} boxes are more than the limit of {MOST_IN_PAGE:,}{help}")
    return write_page(drawn, graph, style, view, view_options.expand)


def draw_diff(a: Graph, b: Graph, found: "Diff", format: str, style: DiagramStyle | None = None) -> bytes:
    """The figure of a diff between two networks in one of FORMATS except Mermaid and HTML. Raises CannotDraw."""
    from .diff_figure import diff_figure

    if format in NO_DIFF:
        name = "Mermaid" if format == "mmd" else "an HTML page"
        raise CannotDraw(f"{name} does not support the figure of a diff: use svg, png or dot")
    drawn = diff_figure(a, b, found)
    if len(drawn.boxes) > MOST:
        raise CannotDraw(f"{len(drawn.boxes):,} boxes are more than the limit of {MOST:,}")
    return _rendered(drawn, format, _supported(style or DiagramStyle(), format))


def _supported(style: DiagramStyle, format: str) -> DiagramStyle:
    """The style, if the format supports it. Raises CannotDraw."""
    if style.theme.dark is not None and format not in FOLLOWING:
        name = style.theme.name
        raise CannotDraw(f"the theme `{name}` follows the page, which {format} cannot: use light, dark or print")
    return style


def _rendered(drawn: Diagram, format: str, style: DiagramStyle) -> bytes:
    """A diagram that Graphviz lays out."""
    if format == "mmd":
        from .mermaid import write_mermaid

        return write_mermaid(drawn, style).encode()
    if format != "dot" and (columns := _in_columns(drawn, style)) is not None:
        return _fixed(columns, format, style)
    if format == "dot":
        return _program(drawn, style).encode()
    from .graphviz_layout import best_layout
    from .xdot import read_drawing

    _, layout = best_layout(drawn, style)
    return _fixed(with_margin(read_drawing(layout, drawn, style.theme.background)), format, style)


def placed_diagram(
    graph: Graph, format: str, style: DiagramStyle, view_options: ViewOptions, place: Place, choices: PlaceChoices
) -> tuple[bytes, str]:
    """The figure for a place in one of FORMATS, and what was chosen, in words. Raises CannotDraw if nothing fits."""
    from ...analysis.cost import costs
    from .place_fitting import fit

    style = with_own_style(style, graph.figure, format)
    if format in ("dot", "mmd", "html"):
        raise CannotDraw(f"the program that renders {format} determines the size: use svg, pdf or another format")
    style = _supported(style, format)
    if view_options.field is not None and choices.views != (View.VOLUMES,):
        raise CannotDraw("only the view `volumes` shows receptive fields")
    if view_options.detail is not None:
        from .detail_fitting import fit_detail

        found = fit_detail(graph, costs(graph), style, view_options, place, choices)
    else:
        found = fit(graph, costs(graph), style, view_options, place, choices)
    return _fixed(found.drawing, format, style, placed=True), found.words


def _scene(drawn: Diagram, view: View, format: str, style: DiagramStyle) -> bytes:
    """A view that archdsl lays out itself."""
    from .scenes import draw_scene

    if format == "mmd":
        raise CannotDraw(f"Mermaid does not support the view `{view}`: use svg, png or dot, or another view")
    return _fixed(draw_scene(drawn, view, style), format, style)


def _fixed(drawing: Drawing, format: str, style: DiagramStyle, *, placed: bool = False) -> bytes:
    """Render a drawing with fixed positions; one made for a place keeps its exact size."""
    from .plot import write_fixed_dot

    drawing = drawing.replace(font=style.theme.font)
    match format:
        case "svg":
            from .svg import write_svg

            return write_svg(drawing, style.theme)
        case "dot":
            return write_fixed_dot(drawing).encode()
        case "png":
            require_raster(drawing.width, drawing.height, style.dpi)
            if _is_foreign(drawing):
                from .text_outlines import with_outlines

                drawing = with_outlines(drawing)
            return draw(write_fixed_dot(drawing), format, dpi=style.dpi, fixed=True)
        case _:
            from .documents import write_document

            return write_document(drawing if placed else cropped(drawing), format)


def _is_foreign(drawing: Drawing) -> bool:
    """Whether a drawing has characters that the renderer's font may lack."""
    texts = [s.text for part in drawing.parts for s in part.shapes if isinstance(s, TextLabel) and not is_known(s.text)]
    if not texts:
        return False
    from .text_outlines import is_foreign

    return any(map(is_foreign, texts))


def _in_columns(drawn: Diagram, style: DiagramStyle) -> Drawing | None:
    """The diagram in columns; None if one column is enough."""
    from .page_columns import may_need, set_columns

    return set_columns(drawn, style) if may_need(drawn, style) else None


def _program(drawn: Diagram, style: DiagramStyle) -> str:
    """The diagram in DOT, in the best arrangement that the renderer finds."""
    from .dot import write_dot
    from .graphviz_layout import best_layout

    try:
        return best_layout(drawn, style)[0]
    except CannotDraw:
        # DOT can be written without a renderer.
        return write_dot(drawn, style)
