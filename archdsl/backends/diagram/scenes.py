"""The views with a separate layout algorithm."""

from contextlib import suppress

from .drawing import Drawing
from .engine import CannotDraw
from .figure import Diagram
from .figure_options import DiagramStyle
from .scene import draw_volumes
from .unet_scene import draw_unet
from .view import View

OWN_LAYOUT = frozenset({View.VOLUMES, View.UNET})
"""The views that archdsl lays out itself."""
_GEOMETRIES = (1.0, 0.8, 0.65, 0.5)
"""The scales of volumes beside text of the same size."""
_MOST_ROWS = 4


def draw_scene(diagram: Diagram, view: View, style: DiagramStyle) -> Drawing:
    """A diagram in one of these views. Raises CannotDraw if the view cannot show it."""
    return draw_unet(diagram, style) if view is View.UNET else draw_volumes(diagram, style)


def scenes(diagram: Diagram, view: View, style: DiagramStyle) -> list[Drawing]:
    """The arrangements of a diagram in one of these views, the largest first; empty if the view does not support the
    direction `LR`. Raises CannotDraw.
    """
    if view is View.UNET:
        try:
            return [draw_unet(diagram, style)]
        except CannotDraw:
            if style.direction == "TB":
                raise
            return []
    if style.direction == "LR":
        return []  # volumes run in only one direction
    found = [draw_volumes(diagram, style)]
    for geometry in _GEOMETRIES:
        for rows in range(1, _MOST_ROWS + 1):
            with suppress(CannotDraw):
                found.append(draw_volumes(diagram, style, geometry, rows))
    return found
