"""Fit the frames of a laid out diagram to the arrows inside them.

The renderer lets an arrow between two boxes of a frame leave the frame, and lets an arrow from outside run beside a
frame, in and out of it. So a frame is enlarged where there is space, so that an arrow enters it or leaves it once;
where there is none, the arrow is moved inside.
"""

from collections.abc import Iterator
from itertools import pairwise

from ...record import Record
from .connections import flattened, points_between
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
_BESIDE, _CROSSING = 45.0, 90.0
"""How far from a frame, in points, an arrow into it or out of it may be for the frame to be enlarged around it: if it
crosses the border once, and if it does so more often.
"""
_ALONG = 2.0
"""How many times as long as far away an arrow that crosses the border once must run beside the frame."""


class _Frame(Record):
    """A frame: the numbers of the arrows inside it, the rectangles of its content, and those of everything else."""

    part: ShapeGroup
    arrows: tuple[int, ...]
    through: tuple[int, ...]
    """The numbers of the arrows between a box in it and one before or after it."""
    content: tuple[Rectangle, ...]
    outside: tuple[Rectangle, ...]
    lines: tuple[Rectangle, ...]
    """Short pieces of all arrows, on which no title may be."""
    around: int
    """The number of frames around it."""


def with_fitted_frames(drawing: Drawing, direction: str = "TB") -> Drawing:
    """The drawing with frames that contain every arrow between their boxes, and that other arrows cross only once."""
    axis = 1 if direction == "TB" else 0
    frames = [index for index, part in enumerate(drawing.parts) if isinstance(part.of, Cluster) and part.shapes]
    pieces: dict[int, list[Rectangle]] = {}
    for index in sorted(frames, key=lambda index: -len(_path(drawing.parts[index]))):
        frame = _frame(drawing, index, axis, pieces)
        old, room = _extent(frame.part), _room(frame)
        parts = list(drawing.parts)
        parts[index] = _resized(frame, old, room)
        new = {number: tuple(_clamped(shape, room) for shape in parts[number].shapes) for number in frame.arrows}
        for number in (each for each in frame.through if _crossings(parts[each], room) > 1):
            new[number] = tuple(_beside(shape, room, axis) for shape in parts[number].shapes)
        for number, shapes in new.items():
            if shapes != parts[number].shapes:
                parts[number] = parts[number].replace(shapes=shapes)
                del pieces[number]
        width, height = max(drawing.width, room[2] + _EDGE), max(drawing.height, room[3] + _EDGE)
        drawing = drawing.replace(parts=tuple(parts), width=width, height=height)
    return drawing


def _path(part: ShapeGroup) -> tuple[str, ...]:
    assert isinstance(part.of, Cluster)
    return part.of.path


def _frame(drawing: Drawing, index: int, axis: int, pieces: dict[int, list[Rectangle]]) -> _Frame:
    """The frame at an index; `pieces` keeps the pieces of arrows, by their numbers, for the next frame."""
    path, place = _path(drawing.parts[index]), _extent(drawing.parts[index])
    boxes = [part.of for part in drawing.parts if isinstance(part.of, Box)]
    inside = {box.id for box in boxes if box.cluster[: len(path)] == path}
    arrows: list[int] = []
    through: list[int] = []
    content: list[Rectangle] = []
    outside: list[Rectangle] = []
    lines: list[Rectangle] = []
    around = 0
    for number, part in enumerate(drawing.parts):
        match part.of:
            case Arrow():
                if number not in pieces:
                    pieces[number] = [piece for shape in part.shapes for piece in _pieces(shape)]
                lines += pieces[number]
                if {part.of.start, part.of.end} <= inside:
                    arrows.append(number)
                    content += pieces[number]
                elif not {part.of.start, part.of.end} & inside:
                    outside += pieces[number]
                else:
                    near = _near(part, place, axis)
                    through += [number] if near else []
                    content += near
                    outside += _labels(part)
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
        through=tuple(through),
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


def _labels(arrow: ShapeGroup) -> Iterator[Rectangle]:
    """The rectangles around the labels of an arrow."""
    return (piece for shape in arrow.shapes if isinstance(shape, TextLabel) for piece in _pieces(shape))


def _near(arrow: ShapeGroup, place: Rectangle, axis: int) -> list[Rectangle]:
    """The pieces beside a frame of an arrow that leads into it from before it, or out of it past its end; none if the
    arrow is far away, or leads away from the frame.
    """
    lines = [shape for shape in arrow.shapes if isinstance(shape, Curve | Polyline)]
    if not lines:
        return []
    first, last = lines[0].points[0][axis], lines[-1].points[-1][axis]
    start, end = place[axis], place[axis + 2]
    if not (first <= start < last or first < end <= last):
        return []
    pieces = [piece for line in lines for piece in _pieces(line)]
    pieces = [piece for piece in pieces if start <= piece[axis] and piece[axis + 2] <= end]
    across = 1 - axis
    far = [max(place[across] - piece[across], piece[across + 2] - place[across + 2]) for piece in pieces]
    beside = sum(piece[axis + 2] - piece[axis] for piece, distance in zip(pieces, far, strict=True) if distance > 0)
    most = _CROSSING if _crossings(arrow, place) > 1 else min(_BESIDE, beside / _ALONG)
    return [_widened(piece, axis) for piece in pieces] if max(far, default=0.0) <= most else []


def _widened(piece: Rectangle, axis: int) -> Rectangle:
    """A piece of a line with the space on its sides that keeps it off the border of a frame."""
    left, top, right, bottom = piece
    if axis == 1:
        return left - _INSET, top, right + _INSET, bottom
    return left, top - _INSET, right, bottom + _INSET


def _crossings(arrow: ShapeGroup, place: Rectangle) -> int:
    """How often the line of an arrow crosses the border of a frame."""
    points = [
        point
        for shape in arrow.shapes
        if isinstance(shape, Curve | Polyline)
        for start, end in pairwise(flattened(shape))
        for point in points_between(start, end)
    ]
    inside = [place[0] < x < place[2] and place[1] < y < place[3] for x, y in points]
    return sum(one != other for one, other in pairwise(inside))


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


def _beside(shape: Shape, room: Rectangle, axis: int) -> Shape:
    """A line moved into a frame where it runs next to it; its ends stay where they are."""
    if not isinstance(shape, Curve | Polyline):
        return shape
    low, high = room[1 - axis] + _INSET, room[3 - axis] - _INSET
    points = list(shape.points)
    step = 3 if isinstance(shape, Curve) else 1
    for at in range(0, len(points) - step, step):
        piece = shape.points[at : at + step + 1]
        if min(p[axis] for p in piece) < room[axis + 2] and max(p[axis] for p in piece) > room[axis]:
            for number in range(max(1, at), min(at + step + 1, len(points) - 1)):
                x, y = (min(max(v, low), high) if side != axis else v for side, v in enumerate(points[number]))
                points[number] = x, y
    return shape.replace(points=tuple(points))


def _clamped(shape: Shape, room: Rectangle) -> Shape:
    """A line inside a rectangle; a Bézier curve is inside if its control points are."""
    if not isinstance(shape, Curve | Polyline):
        return shape
    if all(room[0] <= x <= room[2] and room[1] <= y <= room[3] for x, y in flattened(shape)):
        return shape
    left, top, right, bottom = room[0] + _INSET, room[1] + _INSET, room[2] - _INSET, room[3] - _INSET
    points = tuple((min(max(x, left), right), min(max(y, top), bottom)) for x, y in shape.points)
    return shape.replace(points=points)
