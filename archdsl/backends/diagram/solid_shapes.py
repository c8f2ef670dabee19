"""The shapes of a drawing as diagram and slide editors know them: rectangles, ellipses, polygons, with text."""

from ...record import Record
from .connections import extent_of
from .drawing import Curve, Point, Polygon, ShapeGroup, TextLabel
from .figure import Box, Role

_SAME = 0.6
"""Tolerance in points: for the width and height of a circle, and for corners."""


class SolidShape(Record):
    """A filled shape with the lines of text in its middle.

    `points` are the corners of a polygon that is not a rectangle; `radius` is that of rounded corners.
    """

    left: float
    top: float
    right: float
    bottom: float
    fill: str | None
    line: str | None
    width: float
    ellipse: bool = False
    radius: float = 0.0
    points: tuple[Point, ...] = ()
    labels: tuple[TextLabel, ...] = ()

    @property
    def size(self) -> tuple[float, float]:
        """Its width and height."""
        return self.right - self.left, self.bottom - self.top

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is inside its bounds."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def blocks_of(part: ShapeGroup) -> tuple[list[SolidShape], list[TextLabel]]:
    """The filled shapes of a part, and the text that is in none of them, or in one that is a polygon or contains other
    shapes.
    """
    blocks = [_block(shape, part) for shape in part.shapes if isinstance(shape, Polygon | Curve) and shape.fill]
    free: list[TextLabel] = []
    inside: dict[int, list[TextLabel]] = {}
    for label in (shape for shape in part.shapes if isinstance(shape, TextLabel)):
        x, y = label.at[0], label.at[1] - 0.3 * label.size
        index = next((i for i in reversed(range(len(blocks))) if blocks[i].holds(x, y)), None)
        if index is None or any(_is_in(other, blocks[index]) for other in blocks) or blocks[index].points:
            free.append(label)
        else:
            inside.setdefault(index, []).append(label)
    return [block.replace(labels=tuple(inside.get(i, ()))) for i, block in enumerate(blocks)], free


def _is_in(one: SolidShape, other: SolidShape) -> bool:
    """Whether the center of a block is inside another one."""
    return one is not other and other.holds((one.left + one.right) / 2, (one.top + one.bottom) / 2)


def _block(shape: Polygon | Curve, part: ShapeGroup) -> SolidShape:
    left, top, right, bottom = extent_of(ShapeGroup(shapes=(shape,)))
    plain = SolidShape(
        left=left, top=top, right=right, bottom=bottom, fill=shape.fill, line=shape.line, width=shape.width
    )
    square = abs((right - left) - (bottom - top)) < _SAME
    round = isinstance(part.of, Box) and part.of.role in (Role.MERGE, Role.ENTRY) and square
    if round and (isinstance(shape, Curve) or len(shape.points) > 8):
        return plain.replace(ellipse=True)
    if isinstance(shape, Curve):
        return plain.replace(radius=_radius(shape, left, top, bottom))
    on_edges = all(
        min(abs(x - left), abs(x - right)) < _SAME and min(abs(y - top), abs(y - bottom)) < _SAME
        for x, y in shape.points
    )
    return plain if on_edges and len(shape.points) == 4 else plain.replace(points=shape.points)


def _radius(shape: Curve, left: float, top: float, bottom: float) -> float:
    """The radius of rounded corners: where the upper or the lower edge starts."""
    level = [x - left for x, y in shape.points if min(abs(y - top), abs(y - bottom)) < 0.01]
    return min((each for each in level if each > 0.01), default=0.0)
