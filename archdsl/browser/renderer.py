"""Diagrams in a browser, whose page has the renderer."""

from collections.abc import Callable

from ..backends.diagram.engine import CannotDraw, Failed, register_renderer


def render_with(layout: Callable[[str, str], str]) -> None:
    """Render diagrams with the page's Graphviz: a function of a DOT program and a format, `svg` or `json`."""

    def render(dot: str, format: str) -> bytes:
        if format not in ("svg", "json"):
            raise CannotDraw(f"{format} cannot be written in a browser: use svg")
        try:
            return layout(dot, format).encode()
        except Exception as error:  # a JavaScript exception, whose class exists only in a browser
            raise Failed(f"Graphviz failed: {error}") from error

    register_renderer(render)
