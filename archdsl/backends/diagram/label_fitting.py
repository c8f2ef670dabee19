"""Move the labels of arrows and the titles of frames off the arrows that cross them, where there is space."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import dist

from ...record import Record
from .connections import flattened
from .drawing import Curve, Drawing, Point, Polyline, ShapeGroup, TextLabel, bounds, moved
from .figure import Arrow, Box, Cluster
from .volumes import Rectangle, overlap

_STEP = 4.0
"""Points between two places that are tried for a title."""
_MARGIN = 8.0
"""Points between a title and the border of its frame."""
_CLEAR = 2.0
"""Points between a text that is moved and what is around it."""
_BESIDE = 12.0
"""How far from its arrow, in points, a label may be."""
_SHIFTS = (0.0, -5.0, 5.0, -10.0, 10.0)
"""How far, in points, a label is moved along its arrow."""


class _Line(Record):
    """The line of an arrow, as segments, and the rectangle around it."""

    around: Rectangle
    segments: tuple[tuple[Point, Point], ...]

    def meets(self, place: Rectangle) -> bool:
        """Whether the line runs through a rectangle."""
        return overlap(self.around, place) and any(_meets(*segment, place) for segment in self.segments)


def with_clear_labels(drawing: Drawing, direction: str = "TB") -> Drawing:
    """The drawing with labels and titles that no arrow crosses, as far as there is space next to them."""
    lines = {
        number: _line(part) for number, part in enumerate(drawing.parts) if isinstance(part.of, Arrow) and _curves(part)
    }
    parts = list(drawing.parts)
    for number, part in enumerate(drawing.parts):
        texts = [shape for shape in part.shapes if isinstance(shape, TextLabel)]
        place = _extent(texts) if texts and isinstance(part.of, Arrow | Cluster) else None
        if place is None or not any(line.meets(place) for line in lines.values()):
            continue
        others, own = [*_occupied(parts, number)], lines.get(number)
        steps = _title_steps(part, place) if own is None else _label_steps(place, own, direction)
        clear = (step for step in steps if _is_clear(_shifted(place, step), lines.values(), others, drawing))
        if (step := next(clear, None)) is not None:
            shapes = (moved(shape, step) if isinstance(shape, TextLabel) else shape for shape in part.shapes)
            parts[number] = part.replace(shapes=tuple(shapes))
    return drawing.replace(parts=tuple(parts))


def _curves(part: ShapeGroup) -> list[Curve | Polyline]:
    return [shape for shape in part.shapes if isinstance(shape, Curve | Polyline)]


def _line(part: ShapeGroup) -> _Line:
    segments = tuple(segment for line in _curves(part) for segment in pairwise(flattened(line)))
    xs, ys = ([point[axis] for segment in segments for point in segment] for axis in (0, 1))
    return _Line(around=(min(xs) - 1, min(ys) - 1, max(xs) + 1, max(ys) + 1), segments=segments)


def _extent(shapes: Iterable[TextLabel]) -> Rectangle:
    return bounds([ShapeGroup(shapes=tuple(shapes))])


def _occupied(parts: list[ShapeGroup], moving: int) -> Iterator[Rectangle]:
    """The rectangles of boxes, titles and labels, without the texts that are moved."""
    for number, part in enumerate(parts):
        texts = [shape for shape in part.shapes if isinstance(shape, TextLabel)]
        if isinstance(part.of, Box) and part.shapes:
            yield bounds([part])
        elif texts and number != moving:
            yield _extent(texts)


def _title_steps(part: ShapeGroup, place: Rectangle) -> list[Point]:
    """The steps that move a title along the top of its frame, the shortest first."""
    left, _, right, _ = bounds([part.replace(shapes=tuple(s for s in part.shapes if not isinstance(s, TextLabel)))])
    low, high = left + _MARGIN - place[0], right - _MARGIN - place[2]
    steps = [low + _STEP * number for number in range(max(0, int((high - low) / _STEP)) + 1)] if low <= high else []
    return [(step, 0.0) for step in sorted([*steps, high] if low <= high else [], key=abs)]


def _label_steps(place: Rectangle, own: _Line, direction: str) -> list[Point]:
    """The steps that move a label along its arrow, or to the other side of it, and leave it beside the arrow."""
    axis, across = (1, 0) if direction == "TB" else (0, 1)
    middle = (place[axis] + place[axis + 2]) / 2
    points = (point for segment in own.segments for point in _between(*segment))
    near = min(points, key=lambda point: abs(point[axis] - middle))
    other_side = 2 * near[across] - place[across] - place[across + 2]
    found = [(side, shift) for side in (0.0, other_side) for shift in _SHIFTS]
    steps = [step if axis == 1 else step[::-1] for step in found]
    return [step for step in steps if own.meets(_widened(_shifted(place, step), _BESIDE, _BESIDE))]


def _between(start: Point, end: Point) -> Iterator[Point]:
    """Points on a segment, at most two points apart."""
    steps = 1 + int(dist(start, end) / 2)
    for step in range(steps + 1):
        yield start[0] + (end[0] - start[0]) * step / steps, start[1] + (end[1] - start[1]) * step / steps


def _is_clear(place: Rectangle, lines: Iterable[_Line], others: Iterable[Rectangle], drawing: Drawing) -> bool:
    """Whether a text at this place is in the drawing, and meets no line and no box or other text."""
    around = _widened(place, _CLEAR, 0.0)
    on = around[0] >= 0 and around[1] >= 0 and around[2] <= drawing.width and around[3] <= drawing.height
    return on and not any(line.meets(around) for line in lines) and not any(overlap(around, each) for each in others)


def _shifted(place: Rectangle, step: Point) -> Rectangle:
    return place[0] + step[0], place[1] + step[1], place[2] + step[0], place[3] + step[1]


def _widened(place: Rectangle, aside: float, above: float) -> Rectangle:
    return place[0] - aside, place[1] - above, place[2] + aside, place[3] + above


def _meets(start: Point, end: Point, place: Rectangle) -> bool:
    """Whether a segment runs through a rectangle (Liang and Barsky)."""
    low, high = 0.0, 1.0
    for axis in (0, 1):
        step = end[axis] - start[axis]
        if not step:
            if not place[axis] < start[axis] < place[axis + 2]:
                return False
            continue
        near, far = sorted(((place[axis] - start[axis]) / step, (place[axis + 2] - start[axis]) / step))
        low, high = max(low, near), min(high, far)
    return low < high
