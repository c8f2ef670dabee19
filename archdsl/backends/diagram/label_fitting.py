"""Move the labels of arrows and the titles of frames off the arrows that cross them, where there is space."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import hypot

from ...record import Record
from .connections import flattened, points_between
from .drawing import Curve, Drawing, Point, Polyline, ShapeGroup, TextLabel, bounds, moved
from .figure import Arrow, Box, Cluster
from .volumes import Rectangle, overlap

_STEP = 4.0
"""Points between two places that are tried for a title."""
_MARGIN = 8.0
"""Points between a title and the border of its frame."""
_CLEAR = 2.0
"""Points between a text that is moved and what is around it."""
_DISTANCES = (3.0, 6.0, 9.0, 12.0)
"""How far from its arrow, in points, a label may be; no other arrow may be as near."""
_SHIFTS = (0.0, -5.0, 5.0, -10.0, 10.0)
"""How far, in points, a label is moved along its arrow if that suffices."""
_GAPS, _FARTHEST = (4.0, 10.0), 80.0
"""Points between a label and points of its arrow at any other place, and how far the label is moved there."""


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
        if not texts or not isinstance(part.of, Arrow | Cluster):
            continue
        place, own = _extent(texts), lines.get(number)
        near = _widened(place, _CLEAR if own is None else 0.0, 0.0)
        if not any(line.meets(near) for line in lines.values()):
            continue
        reach = _widened(place, 2 * _FARTHEST, 2 * _FARTHEST)
        others = [each for each in _occupied(parts, number) if own is None or overlap(each, reach)]
        nearby = {other: line for other, line in lines.items() if own is None or overlap(line.around, reach)}
        rest = [line for other, line in nearby.items() if not _same_tensor(part, parts[other])]
        steps = _title_steps(part, place) if own is None else _label_steps(place, own, rest, direction)
        clear = (step for step in steps if _is_clear(_shifted(place, step), nearby.values(), others, drawing))
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
    """The rectangles of boxes, titles, labels and the borders of frames, without the texts that are moved."""
    for number, part in enumerate(parts):
        texts = [shape for shape in part.shapes if isinstance(shape, TextLabel)]
        if isinstance(part.of, Box) and part.shapes:
            yield bounds([part])
        elif texts and number != moving:
            yield _extent(texts)
        if isinstance(part.of, Cluster) and len(part.shapes) > len(texts):
            left, top, right, bottom = _frame(part)
            yield from ((left, top, right, top), (left, bottom, right, bottom))
            yield from ((left, top, left, bottom), (right, top, right, bottom))


def _frame(part: ShapeGroup) -> Rectangle:
    return bounds([part.replace(shapes=tuple(shape for shape in part.shapes if not isinstance(shape, TextLabel)))])


def _title_steps(part: ShapeGroup, place: Rectangle) -> list[Point]:
    """The steps that move a title along the top of its frame, the shortest first."""
    left, _, right, _ = _frame(part)
    low, high = left + _MARGIN - place[0], right - _MARGIN - place[2]
    steps = [low + _STEP * number for number in range(max(0, int((high - low) / _STEP)) + 1)] if low <= high else []
    return [(step, 0.0) for step in sorted([*steps, high] if low <= high else [], key=abs)]


def _same_tensor(one: ShapeGroup, other: ShapeGroup) -> bool:
    """Whether two arrows start at the same box."""
    return isinstance(one.of, Arrow) and isinstance(other.of, Arrow) and one.of.start == other.of.start


def _label_steps(place: Rectangle, own: _Line, rest: list[_Line], direction: str) -> Iterator[Point]:
    """The steps that move a label along its arrow, or to the other side of it, and leave it beside this arrow."""
    axis, across = (1, 0) if direction == "TB" else (0, 1)
    middle = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
    points = [point for segment in own.segments for point in points_between(*segment)]
    near = min(points, key=lambda point: abs(point[axis] - middle[axis]))
    other_side = 2 * (near[across] - middle[across])
    found = [(side, shift) for side in (0.0, other_side) for shift in _SHIFTS]
    steps = [step if axis == 1 else step[::-1] for step in found]
    wide, high = (place[2] - place[0]) / 2, (place[3] - place[1]) / 2
    aside = [(sign * (wide + gap), 0.0) for gap in _GAPS for sign in (1, -1)]
    above = [(0.0, sign * (high + gap)) for gap in _GAPS for sign in (1, -1)]
    beside = [(x + dx - middle[0], y + dy - middle[1]) for x, y in points[::4] for dx, dy in aside + above]
    steps += sorted((step for step in beside if hypot(*step) <= _FARTHEST), key=lambda step: hypot(*step))
    return (step for step in steps if _is_beside(_shifted(place, step), own, rest))


def _is_beside(place: Rectangle, own: _Line, rest: list[_Line]) -> bool:
    """Whether an arrow is near to its label, and nearer than the arrows of other tensors."""
    around = (_widened(place, distance, distance) for distance in _DISTANCES)
    found = next((each for each in around if own.meets(each)), None)
    return found is not None and not any(line.meets(found) for line in rest)


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
