"""A drawing with fixed positions: filled polygons, lines and text, in points, y increasing downward."""

from math import hypot, inf

from ...graph import FontFamily
from ...graph.figure_settings import TRANSPARENT
from ...record import Record
from .figure import Arrow, Box, Cluster
from .font_metrics import width_of

Point = tuple[float, float]


class Polygon(Record):
    """A closed polygon."""

    points: tuple[Point, ...]
    fill: str
    line: str
    width: float = 0.6


class Curve(Record):
    """Consecutive Bézier curves, each with two control points between its ends; closed if it has a fill."""

    points: tuple[Point, ...]
    line: str
    fill: str | None = None
    width: float = 0.8
    dashed: bool = False


class Polyline(Record):
    """A line through points; `arrow` adds an arrowhead at its end, `tip` points long."""

    points: tuple[Point, ...]
    color: str
    width: float = 0.8
    arrow: bool = False
    tip: float = 5


class TextLabel(Record):
    """A line of text; the point is the middle of its baseline."""

    at: Point
    text: str
    color: str
    size: float = 9
    bold: bool = False


Shape = Polygon | Curve | Polyline | TextLabel


Subject = Box | Arrow | Cluster
"""What shapes can show."""


class ShapeGroup(Record):
    """Shapes that belong together, those in the background first, and their hover text.

    `of` is what they show; None for captions, legends and labels beside a box.
    """

    shapes: tuple[Shape, ...]
    hover: str = ""
    of: Subject | None = None


class Drawing(Record):
    """A complete drawing, whose top left corner is (0, 0)."""

    width: float
    height: float
    background: str
    title: str
    description: str
    parts: tuple[ShapeGroup, ...]
    font: FontFamily = FontFamily.SANS


def head(line: Polyline) -> tuple[Point, ...]:
    """The arrowhead of a line: a triangle whose tip is the line's end."""
    (x0, y0), (x1, y1) = line.points[-2:]
    length = hypot(x1 - x0, y1 - y0) or 1.0
    ahead, aside = ((x1 - x0) / length, (y1 - y0) / length), ((y0 - y1) / length, (x1 - x0) / length)
    back, half = (x1 - line.tip * ahead[0], y1 - line.tip * ahead[1]), 0.4 * line.tip
    return (x1, y1), *((back[0] + half * side * aside[0], back[1] + half * side * aside[1]) for side in (1, -1))


def bounds(parts: list[ShapeGroup]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the drawing."""
    corners = [corner for part in parts for shape in part.shapes for corner in _corners(shape)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _corners(shape: Shape) -> tuple[Point, ...]:
    match shape:
        case Polygon() | Curve() | Polyline():
            return shape.points
        case TextLabel():
            half, (x, y) = width_of(shape.text, shape.size) / 2, shape.at
            return (x - half, y - shape.size * 0.8), (x + half, y + shape.size * 0.25)


def framed(parts: list[ShapeGroup], margin: float, background: str, title: str, description: str) -> Drawing:
    """A drawing of shapes, moved so that its corner is (0, 0), with a margin around them."""
    left, top, right, bottom = bounds(parts)
    step = margin - left, margin - top
    return Drawing(
        width=right - left + 2 * margin,
        height=bottom - top + 2 * margin,
        background=background,
        title=title,
        description=description,
        parts=tuple(part.replace(shapes=tuple(moved(shape, step) for shape in part.shapes)) for part in parts),
    )


MARGIN = 7.2
"""Points around a figure."""


def with_margin(drawing: Drawing) -> Drawing:
    """A drawing with a margin around it."""
    parts = (p.replace(shapes=tuple(moved(shape, (MARGIN, MARGIN)) for shape in p.shapes)) for p in drawing.parts)
    return drawing.replace(width=drawing.width + 2 * MARGIN, height=drawing.height + 2 * MARGIN, parts=tuple(parts))


def cropped(drawing: Drawing) -> Drawing:
    """A drawing without margins, for a document that has its own; on a colored background, it keeps them."""
    if drawing.background not in ("#ffffff", TRANSPARENT) or not any(part.shapes for part in drawing.parts):
        return drawing
    found = framed(list(drawing.parts), _EDGE, drawing.background, drawing.title, drawing.description)
    return found.replace(font=drawing.font)


_EDGE = 1.0
"""Points between the outermost shapes and the edge of a cropped drawing, for half of a line's width."""


def moved(shape: Shape, step: Point) -> Shape:
    """A shape moved to the right and down."""
    match shape:
        case Polygon() | Curve() | Polyline():
            return shape.replace(points=tuple((x + step[0], y + step[1]) for x, y in shape.points))
        case TextLabel():
            return shape.replace(at=(shape.at[0] + step[0], shape.at[1] + step[1]))


def scaled(drawing: Drawing, factor: float) -> Drawing:
    """A drawing at another size, with its text and its lines."""
    return drawing.replace(
        width=drawing.width * factor,
        height=drawing.height * factor,
        parts=tuple(
            part.replace(shapes=tuple(_scaled(shape, factor) for shape in part.shapes)) for part in drawing.parts
        ),
    )


def _scaled(shape: Shape, factor: float) -> Shape:
    match shape:
        case Polygon() | Curve():
            points = tuple((x * factor, y * factor) for x, y in shape.points)
            return shape.replace(points=points, width=_line(shape.width, factor))
        case Polyline():
            points = tuple((x * factor, y * factor) for x, y in shape.points)
            return shape.replace(points=points, width=_line(shape.width, factor), tip=shape.tip * factor)
        case TextLabel():
            return shape.replace(at=(shape.at[0] * factor, shape.at[1] * factor), size=shape.size * factor)


def _line(width: float, factor: float) -> float:
    """The width of a scaled line: a printer needs a quarter of a point."""
    return max(HAIRLINE, width * factor)


HAIRLINE = 0.25
"""The thinnest line that publishers accept, in points."""


def smallest_text(drawing: Drawing) -> float:
    """The size of the smallest text in points; infinite if there is none."""
    sizes = (shape.size for part in drawing.parts for shape in part.shapes if isinstance(shape, TextLabel))
    return min(sizes, default=inf)
