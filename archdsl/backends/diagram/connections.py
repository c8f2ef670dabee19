"""A drawing as a graph: its boxes, its frames, and connections from box to box, for formats that connect shapes.

In columns, a line leads through ports from part to part; here it is one connection. Where a line ends at a letter and
continues at the same letter, both letters are boxes.
"""

from collections.abc import Iterator
from itertools import groupby
from math import dist, hypot

from ...record import Record
from .drawing import Curve, Drawing, Point, Polygon, Polyline, Shape, ShapeGroup, TextLabel, bounds
from .figure import Arrow, Box, Cluster, Flow

_STEPS = 8
"""The number of lines that approximate each Bézier curve of a route."""
_APART = 2.0
_LONGEST = 30
"""Maximum number of characters in a part of a name."""
_STRAIGHT = 0.4
"""How far, in points, a corner of a route may be from a straight line and still be left out."""


class Connection(Record):
    """An arrow between two boxes, by their ids.

    `lines` are its curves and lines in order, `heads` the shapes of arrowheads, `others` further shapes, such as the
    kernel's window in `volumes`. Boxes that touch have a connection without shapes.
    """

    start: str
    end: str
    flow: Flow
    lines: tuple[Curve | Polyline, ...] = ()
    heads: tuple[Polygon, ...] = ()
    labels: tuple[TextLabel, ...] = ()
    others: tuple[Shape, ...] = ()

    @property
    def pointed(self) -> bool:
        """Whether it has an arrowhead."""
        return bool(self.heads) or any(isinstance(line, Polyline) and line.arrow for line in self.lines[-1:])

    @property
    def color(self) -> str:
        """The color of its line."""
        line = self.lines[0]
        return line.line if isinstance(line, Curve) else line.color

    @property
    def dashed(self) -> bool:
        """Whether its line is dashed."""
        return any(isinstance(line, Curve) and line.dashed for line in self.lines)

    @property
    def route(self) -> tuple[Point, ...]:
        """The corners of its line from the first box to the tip at the second; curves as short lines."""
        points = [point for line in self.lines for point in flattened(line)]
        if self.heads:
            points.append(_tip(self.heads[-1], points[-1]))
        return simplified([point for point, _ in groupby(points)])


class DrawnGraph(Record):
    """A drawing whose arrows lead from box to box, in the order in which it is painted."""

    drawing: Drawing
    parts: tuple[ShapeGroup | Connection, ...]

    @property
    def boxes(self) -> Iterator[tuple[Box, ShapeGroup]]:
        """The boxes with their shapes."""
        for part in self.parts:
            if isinstance(part, ShapeGroup) and isinstance(part.of, Box):
                yield part.of, part

    @property
    def frames(self) -> Iterator[tuple[Cluster, ShapeGroup]]:
        """The frames with their shapes, outer ones first."""
        for part in self.parts:
            if isinstance(part, ShapeGroup) and isinstance(part.of, Cluster):
                yield part.of, part


def drawn_graph(drawing: Drawing) -> DrawnGraph:
    """The graph that a drawing shows."""
    boxes = {part.of.id for part in drawing.parts if isinstance(part.of, Box) and part.shapes}
    steps = [part for part in drawing.parts if isinstance(part.of, Arrow)]
    leaving: dict[str, list[ShapeGroup]] = {}
    for step in steps:
        if isinstance(step.of, Arrow):
            leaving.setdefault(step.of.start, []).append(step)
    ending: dict[int, list[Connection]] = {}
    for part in steps:
        if isinstance(part.of, Arrow) and part.of.start in boxes:
            for number, chain in enumerate(_chains([part], leaving, boxes)):
                found = _connection(chain)
                # Chains that share their first arrow share its label. A line is painted with the part where it ends,
                # so that nothing there covers it.
                ending.setdefault(id(chain[-1]), []).append(found.replace(labels=()) if number else found)
    parts: list[ShapeGroup | Connection] = []
    for part in drawing.parts:
        parts += [part] if part.shapes and not isinstance(part.of, Arrow) else ending.get(id(part), [])
    return DrawnGraph(drawing=drawing, parts=tuple(parts))


def _chains(
    chain: list[ShapeGroup], leaving: dict[str, list[ShapeGroup]], boxes: set[str]
) -> Iterator[list[ShapeGroup]]:
    """The paths from an arrow through ports to boxes."""
    last = chain[-1].of
    if not isinstance(last, Arrow) or last.end in boxes:
        yield chain
        return
    for step in leaving.get(last.end, ()):
        yield from _chains([*chain, step], leaving, boxes)


def _connection(chain: list[ShapeGroup]) -> Connection:
    """One connection from a chain of arrows; it is a skip if one of them is."""
    shapes = [shape for part in chain for shape in part.shapes]
    lines = [shape for shape in shapes if isinstance(shape, Polyline | Curve)]
    window = len(chain) == 1 and len(lines) > 1
    ends = [part.of for part in chain if isinstance(part.of, Arrow)]
    polygons = [shape for shape in shapes if isinstance(shape, Polygon)]
    return Connection(
        start=ends[0].start,
        end=ends[-1].end,
        flow=Flow.SKIP if any(end.flow is Flow.SKIP for end in ends) else ends[0].flow,
        lines=tuple(lines[:1] if window else lines),
        heads=() if window else tuple(polygons),
        labels=tuple(shape for shape in shapes if isinstance(shape, TextLabel)),
        others=(*polygons, *lines[1:]) if window else (),
    )


def points_between(start: Point, end: Point) -> Iterator[Point]:
    """Positions on a segment, at most two points (1/72 inch) apart."""
    steps = 1 + int(dist(start, end) / _APART)
    for step in range(steps + 1):
        yield start[0] + (end[0] - start[0]) * step / steps, start[1] + (end[1] - start[1]) * step / steps


def flattened(line: Curve | Polyline) -> Iterator[Point]:
    """The points of a line; the points of a curve are so close together that their line looks like the curve."""
    if isinstance(line, Polyline):
        yield from line.points
        return
    yield line.points[0]
    for at in range(0, len(line.points) - 3, 3):
        curve = line.points[at : at + 4]
        for step in range(1, _STEPS + 1):
            t = step / _STEPS
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            x, y = (sum(w * point[axis] for w, point in zip(weights, curve, strict=True)) for axis in (0, 1))
            yield x, y


def _tip(arrowhead: Polygon, end: Point) -> Point:
    """The tip of an arrowhead at the end of a line: the corner that is farthest from it."""
    return max(arrowhead.points, key=lambda point: hypot(point[0] - end[0], point[1] - end[1]))


def simplified(points: list[Point]) -> tuple[Point, ...]:
    """A line through fewer points that stays close to the original (Douglas and Peucker)."""
    if len(points) < 3:
        return tuple(points)
    (x0, y0), (x1, y1) = points[0], points[-1]
    length = hypot(x1 - x0, y1 - y0)

    def off(point: Point) -> float:
        if not length:
            return hypot(point[0] - x0, point[1] - y0)
        return abs((x1 - x0) * (y0 - point[1]) - (x0 - point[0]) * (y1 - y0)) / length

    index = max(range(1, len(points) - 1), key=lambda at: off(points[at]))
    if off(points[index]) <= _STRAIGHT:
        return points[0], points[-1]
    return (*simplified(points[: index + 1])[:-1], *simplified(points[index:]))


def extent_of(part: ShapeGroup) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the shapes of a box or a frame without its text, or of only its text."""
    solid = tuple(shape for shape in part.shapes if not isinstance(shape, TextLabel))
    return bounds([part.replace(shapes=solid or part.shapes)])


def names_of(graph: DrawnGraph) -> dict[str, str]:
    """A name for each box by its id, for each of its further layers by `ID/NUMBER`, for each frame by its path.

    Names consist of letters, digits, `_` and `-`: the shortest unique suffix of the dotted name.
    """
    paths: dict[str, tuple[str, ...]] = {}
    for box, _ in graph.boxes:
        paths[box.id] = _path(box, 0)
        paths |= {f"{box.id}/{number}": _path(box, number) for number in range(1, len(box.rows))}
    for cluster, _ in graph.frames:
        paths.setdefault("/".join(cluster.path), cluster.path)
    words = {key: tuple(filter(None, map(_word, path))) or ("box",) for key, path in paths.items()}
    names: dict[str, str] = {}
    taken: set[str] = set()
    for key, path in words.items():
        choices = [_letter_first("-".join(path[-length:])) for length in range(1, len(path) + 1)]
        alone = [c for n, c in enumerate(choices, 1) if sum(o[-n:] == path[-n:] for o in words.values()) == 1]
        name = next((each for each in [*alone, choices[-1]] if each and each not in taken), "")
        number = 2
        while not name or name in taken:
            name, number = f"{choices[-1]}-{number}", number + 1
        names[key] = name
        taken.add(name)
    return names


def _path(box: Box, number: int) -> tuple[str, ...]:
    """The parts of the dotted name of a layer of a box."""
    row = box.rows[number] if box.rows else None
    if row is None or not row.name:
        return (box.id,)
    plain = row.words.split()[0] if row.words and row.name == "x" else row.name
    return tuple(plain.split("."))


def _word(text: str) -> str:
    """A part of a name without the characters that end a name in TikZ."""
    kept = "".join(char if char.isascii() and (char.isalnum() or char == "_") else "-" for char in text)
    return "-".join(filter(None, kept.split("-")))[:_LONGEST].strip("-")


def _letter_first(name: str) -> str:
    """A name that begins with a letter, and is not too long."""
    return (name if name[:1].isalpha() else f"n{name}")[: 3 * _LONGEST].strip("-")
