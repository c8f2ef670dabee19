"""Feature maps as sheets, one behind the other, one for each channel, as in the paper on LeNet-5."""

from ...shapes.shape import Layout, Shape
from ...shapes.symbolic import concrete
from .drawing import Point, Polygon
from .drawing import Shape as DrawnShape
from .engine import CannotDraw
from .figure import Box, Diagram, Extent, Role
from .figure_options import SYMBOLS
from .theme import Theme, mixed
from .volumes import Volume, placed, scaled_length, slice_colors, volumes

MOST_SHEETS = 16
"""The maximum number of sheets; a tensor with more channels has this many, with the number of channels below."""
_LENGTH, _STEP, _STRIP = 84.0, 3.4, 6.0
"""Points for the largest spatial dimension, from one sheet to the next, for the width of a signal."""
_SMALLEST = 0.1
"""The smallest window, as a fraction of the sheet."""


def sheet_volumes(diagram: Diagram, theme: Theme, geometry: float = 1.0) -> list[Volume]:
    """The row of volumes with feature maps as sheets. Raises CannotDraw for 3-D feature maps."""
    row = volumes(diagram, theme, geometry)
    shapes = [volume.box.shape for volume in row if volume.box.shape is not None]
    return placed([_with_sheets(volume, shapes, theme, geometry) for volume in row])


def _with_sheets(volume: Volume, shapes: list[Shape], theme: Theme, geometry: float) -> Volume:
    """A volume as sheets; a vector, a merge and the entry of a repetition remain as they are.

    Raises CannotDraw for a 3-D feature map, which has no sheets.
    """
    shape = volume.box.shape
    if shape is None or _is_sign(volume.box) or shape.layout in (Layout.VECTOR, Layout.IDS):
        return volume
    if shape.layout is Layout.VOLUME:
        raise CannotDraw("3-D feature maps have no sheets: leave out --sheets, or use the view `blocks`")
    dims = [concrete(size) for size in shape.dims]
    alike = [each for each in shapes if each.layout is shape.layout]
    longest = max(concrete(side) for each in alike for side in each.spatial_size or each.dims)
    count = 1 if shape.layout is Layout.SEQUENCE else min(MOST_SHEETS, dims[0])
    high = scaled_length(dims[0] if shape.layout is Layout.SEQUENCE else dims[1], longest, _LENGTH)
    wide = _STRIP if shape.layout in (Layout.SIGNAL, Layout.OPEN) else scaled_length(dims[-1], longest, _LENGTH)
    sides = wide * geometry, high * geometry
    first, *rest = slice_colors(volume.box, theme)
    # The layers that keep the shape have the front sheets, one each, if there are enough.
    colors = (*([first] * max(1, count - len(rest))), *rest)[-max(count, 1 + len(rest)) :]
    behind = _STEP * geometry * (len(colors) - 1)
    return volume.replace(
        thickness=sides[0] + behind, height=sides[1] + behind, depth=0.0, slices=(), sheets=colors, sheet=sides
    )


def _is_sign(box: Box) -> bool:
    return box.role is Role.MERGE and box.rows[0].words in SYMBOLS


def sheet_shapes(volume: Volume, theme: Theme) -> tuple[DrawnShape, ...]:
    """The sheets, the first one behind the others, at the top left."""
    return tuple(
        Polygon(points=_corners(volume, number), fill=color, line=mixed(color, theme.text, 0.45))
        for number, color in enumerate(volume.sheets)
    )


def _corners(volume: Volume, number: int) -> tuple[Point, ...]:
    wide, high = volume.sheet
    step = (volume.thickness - wide) / max(1, len(volume.sheets) - 1)
    left, top = volume.left + number * step, -volume.height / 2 + number * step
    return (left, top), (left + wide, top), (left + wide, top + high), (left, top + high)


def sheet_window(volume: Volume, part: tuple[float, float]) -> tuple[Point, ...]:
    """A window on the front sheet with these fractions of its height and width."""
    (left, top), _, (right, bottom), _ = _corners(volume, len(volume.sheets) - 1)
    high, wide = (max(_SMALLEST, min(1.0, each)) for each in part)
    x, y = left + (right - left) * (1 - wide) * 0.7, top + (bottom - top) * (1 - high) * 0.4
    right, bottom = x + wide * (right - left), y + high * (bottom - top)
    return (x, y), (right, y), (right, bottom), (x, bottom)


def sheet_part(volume: Volume, seen: Extent, *, first: bool) -> tuple[Point, ...]:
    """A part of the front sheet, or of the first one behind the others."""
    (left, top), _, (right, bottom), _ = _corners(volume, 0 if first else len(volume.sheets) - 1)
    rows, columns = (seen[0], (0.0, 1.0)) if len(seen) == 1 else seen[-2:]
    (y0, y1), (x0, x1) = rows, columns
    wide, high = right - left, bottom - top
    xs, ys = (left + x0 * wide, left + x1 * wide), (top + y0 * high, top + y1 * high)
    return (xs[0], ys[0]), (xs[1], ys[0]), (xs[1], ys[1]), (xs[0], ys[1])


def sheet_target(volume: Volume) -> Point:
    """The point at which the lines of a window end: in the middle of the left edge of the first sheet."""
    return volume.left, -volume.height / 2 + volume.sheet[1] / 2
