"""Pictures of a network: DOT, Mermaid, SVG, PNG."""

from ...graph import Graph
from .engine import CannotDraw
from .style import Style

__all__ = ["FORMATS", "CannotDraw", "Style", "diagram"]

FORMATS = ("svg", "png", "pdf", "dot", "mmd")
"""What a picture can be written as; pdf where a system's `dot` is installed."""


def diagram(graph: Graph, format: str = "svg", style: Style | None = None) -> bytes:
    """The network as a picture in one of FORMATS. The same input gives the same bytes. Raises CannotDraw."""
    from ...analysis.cost import costs
    from .build import picture
    from .dot import write_dot
    from .engine import draw

    style = style or Style()
    drawn = picture(graph, costs(graph))
    if format == "mmd":
        from .mermaid import write_mermaid

        return write_mermaid(drawn, style).encode()
    program = write_dot(drawn, style)
    if format == "dot":
        return program.encode()
    if format == "svg":
        from .svg import finish_svg

        return finish_svg(draw(program, "svg"), drawn)
    return draw(program, format, dpi=style.dpi if format == "png" else None)
