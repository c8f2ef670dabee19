"""The views that have a layout of their own."""

from .drawing import Drawing
from .figure import Diagram
from .figure_options import DiagramStyle
from .scene import draw_volumes
from .unet_scene import draw_unet
from .view import View

DRAWN = {View.VOLUMES: draw_volumes, View.UNET: draw_unet}
"""How each of these views is drawn."""


def draw_scene(diagram: Diagram, view: View, style: DiagramStyle) -> Drawing:
    """A diagram in one of these views. Raises CannotDraw if the view cannot show it."""
    return DRAWN[view](diagram, style)
