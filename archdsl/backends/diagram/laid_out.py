"""A diagram in any view as a drawing with fixed positions."""

from .drawing import Drawing, with_margin
from .figure import Diagram
from .figure_options import DiagramStyle
from .graphviz_layout import best_layout
from .page_columns import may_need, set_columns
from .scenes import OWN_LAYOUT, draw_scene
from .view import View
from .xdot import read_drawing


def laid_out(diagram: Diagram, view: View, style: DiagramStyle) -> Drawing:
    """The drawing, in columns or rows if the diagram is long. Raises CannotDraw."""
    if view in OWN_LAYOUT:
        return draw_scene(diagram, view, style)
    if may_need(diagram, style) and (columns := set_columns(diagram, style)) is not None:
        return columns
    return with_margin(read_drawing(best_layout(diagram, style)[1], diagram, style.theme.background))
