"""Fit the frames of a laid out diagram to the arrows inside them.

The renderer lets an arrow between two boxes of a frame leave the frame. So a frame is enlarged where there is space;
where there is none, the arrow is moved inside.
"""

from collections.abc import Iterator
from itertools import pairwise

from ...record import Record
from .connections import flattened
from .drawing import Curve, Drawing, Point, Polygon, Polyline, Shape, ShapeGroup, TextLabel, bounds, moved
from .figure import Arrow, Box, Cluster
from .volumes import Rectangle, overlap

_PADDING = 4.0
"""Points between an arrow and the frame that is enlarged for it."""
_CLEARANCE = 3.0
"""Points between an enlarged frame and what is outside it."""
_INSET = 2.0
"""Points between a frame and an arrow that is moved inside."""
_EDGE = 1.5
"""Points between a frame and the edge of the drawing."""


class _Frame(Record):
    """A frame: the numbers of the arrows inside it, the rectangles of its content, and those of everything else."""

    part: ShapeGroup
    arrows: tuple[int, ...]
    content: tuple[Rectangle, ...]
    outside: tuple[Rectangle, ...]
    lines: tuple[Rectangle, ...]
    """Short pieces of all arrows, on which no title may be."""
    around: int
    """The number of frames around it."""


def with_fitted_frames(drawing: Drawing) -> Drawing:
    """The drawing with frames that contain every arrow between their boxes."""
    frames = [index for index, part in enumerate(drawing.parts) if isinstance(part.of, Cluster) and part.shapes]
    for index in sorted(frames, key=lambda index: -len(_path(drawing.parts[index]))):
        frame = _frame(drawing, index)
        old, room = _extent(frame.part), _room(frame)
        parts = list(drawing.parts)
        parts[index] = _resized(frame, old, room)
        for number in frame.arrows:
            inside = tuple(_clamped(shape, room) for shape in parts[number].shapes)
            parts[number] = parts[number].replace(shapes=inside)
        width, height = max(drawing.width, room[2] + _EDGE), max(drawing.height, room[3] + _EDGE)
        drawing = drawing.replace(parts=tuple(parts), width=width, height=height)
    return drawing


def _path(part: ShapeGroup) -> tuple[str, ...]:
    assert isinstance(part.of, Cluster)
    return part.of.path


def _frame(drawing: Drawing, index: int) -> _Frame:
    path = _path(drawing.parts[index])
    boxes = [part.of for part in drawing.parts if isinstance(part.of, Box)]
    inside = {box.id for box in boxes if box.cluster[: len(path)] == path}
    arrows: list[int] = []
    content: list[Rectangle] = []
    outside: list[Rectangle] = []
    lines: list[Rectangle] = []
    around = 0
    for number, part in enumerate(drawing.parts):
        match part.of:
            case Arrow():
                pieces = [piece for shape in part.shapes for piece in _pieces(shape)]
                lines += pieces
                if {part.of.start, part.of.end} <= inside:
                    arrows.append(number)
                    content += pieces
                elif not {part.of.start, part.of.end} & inside:
                    outside += pieces
            case Cluster() if part.of.path[: len(path)] == path:
                content += [_inflated(_extent(part))] if number != index and part.shapes else []
            case Cluster() if path[: len(part.of.path)] == part.of.path:
                around += 1
            case Cluster() if part.shapes:
                outside.append(_extent(part))
            case Box() if part.of.id not in inside and part.shapes:
                outside.append(bounds([part]))
    return _Frame(
        part=drawing.parts[index],
        arrows=tuple(arrows),
        content=tuple(content),
        outside=tuple(outside),
        lines=tuple(lines),
        around=around,
    )


def _extent(frame: ShapeGroup) -> Rectangle:
    """The rectangle of a frame without its title."""
    shapes = tuple(shape for shape in frame.shapes if not isinstance(shape, TextLabel))
    return bounds([frame.replace(shapes=shapes)])


def _inflated(inner: Rectangle) -> Rectangle:
    """The rectangle that a frame needs around another."""
    return inner[0] - _PADDING, inner[1] - _PADDING, inner[2] + _PADDING, inner[3] + _PADDING


def _pieces(shape: Shape) -> Iterator[Rectangle]:
    """The rectangles around the pieces of a line, and around a label."""
    if isinstance(shape, TextLabel):
        yield bounds([ShapeGroup(shapes=(shape,))])
    elif isinstance(shape, Curve | Polyline):
        for (x0, y0), (x1, y1) in pairwise(flattened(shape)):
            yield min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _room(frame: _Frame) -> Rectangle:
    """The rectangle of a frame after it is enlarged for its content, as far as there is space.

    The top left corner of the drawing stays where it is.
    """
    found = old = _extent(frame.part)
    for side in range(4):
        sign = 1 if side > 1 else -1
        most = max((sign * each[side] for each in frame.content), default=sign * old[side])
        if most > sign * old[side]:
            limits = [most + _PADDING, *_limits(frame, old, found, side)]
            found = _with_side(found, side, sign * max(min(limits), sign * old[side]))
    return found


def _limits(frame: _Frame, old: Rectangle, now: Rectangle, side: int) -> Iterator[float]:
    """How far a side can be moved before it is near to something outside, in the direction away from the frame.

    The frames around it need space as well.
    """
    sign, across = (1 if side > 1 else -1), 1 - side % 2
    space = _PADDING * frame.around
    if sign < 0:
        yield -_EDGE - space
    for other in frame.outside:
        near = other[(side + 2) % 4]
        beside = other[across] < now[across + 2] + _CLEARANCE and now[across] - _CLEARANCE < other[across + 2]
        if beside and sign * near >= sign * old[side] - 1:
            yield sign * near - _CLEARANCE - space


def _with_side(rectangle: Rectangle, side: int, value: float) -> Rectangle:
    left, top, right, bottom = (value if index == side else each for index, each in enumerate(rectangle))
    return left, top, right, bottom


def _resized(frame: _Frame, old: Rectangle, room: Rectangle) -> ShapeGroup:
    """The frame stretched to a rectangle; its title moves with its corner, unless an arrow is there."""
    middle = (old[0] + old[2]) / 2, (old[1] + old[3]) / 2

    def stretched(point: Point) -> Point:
        sides = [0 if point[0] < middle[0] else 2, 1 if point[1] < middle[1] else 3]
        x, y = (at + room[side] - old[side] for at, side in zip(point, sides, strict=True))
        return x, y

    shapes: list[Shape] = []
    titles = [shape for shape in frame.part.shapes if isinstance(shape, TextLabel)]
    step = (0.0, 0.0)
    if titles:
        at = titles[0].at
        step = stretched(at)[0] - at[0], stretched(at)[1] - at[1]
        place = bounds([ShapeGroup(shapes=tuple(moved(each, step) for each in titles))])
        if any(overlap(place, piece) for piece in frame.lines):
            step = (0.0, 0.0)
    for shape in frame.part.shapes:
        match shape:
            case TextLabel():
                shapes.append(moved(shape, step))
            case Polygon() | Curve() | Polyline():
                shapes.append(shape.replace(points=tuple(map(stretched, shape.points))))
    return frame.part.replace(shapes=tuple(shapes))


def _clamped(shape: Shape, room: Rectangle) -> Shape:
    """A line inside a rectangle; a Bézier curve is inside if its control points are."""
    if not isinstance(shape, Curve | Polyline):
        return shape
    if all(room[0] <= x <= room[2] and room[1] <= y <= room[3] for x, y in flattened(shape)):
        return shape
    left, top, right, bottom = room[0] + _INSET, room[1] + _INSET, room[2] - _INSET, room[3] - _INSET
    points = tuple((min(max(x, left), right), min(max(y, top), bottom)) for x, y in shape.points)
    return shape.replace(points=points)
