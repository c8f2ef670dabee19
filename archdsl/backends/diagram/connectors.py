"""The geometry of connectors in Office files: presets with adjustments, which stay attached when a shape is moved."""

from itertools import pairwise

from ...record import Record
from .connections import Connection
from .drawing import Point, Polyline

_MIN_OVERHANG = 3.0
"""How far, in points, a curve must go beyond both of its ends to count as a curve around something."""
_LEVEL = 0.5
"""How far in points a line may be from horizontal or vertical."""
_LEAST = 1.0
"""The minimum size of a connector in points; its turns are given as fractions of its size."""
_TURN, _FULL = 5_400_000, 100_000
"""A right angle, and the full size of a connector, in the units of Office files."""
_MOST = 6
"""Maximum number of points of a preset."""
SIDES = ("top", "left", "bottom", "right")
"""The sides at which a connector can be attached, in the order in which Office numbers them."""


class Connector(Record):
    """A preset with its frame before rotation, in points; `adjustments` are fractions of its size, times `_FULL`.

    `sides` are those of the shapes at its ends, None for the nearest ones.
    """

    preset: str
    left: float
    top: float
    width: float
    height: float
    rotation: int = 0
    flip_x: bool = False
    flip_y: bool = False
    adjustments: tuple[int, ...] = ()
    sides: tuple[str | None, str | None] = (None, None)


def connector_of(connection: Connection) -> Connector:
    """The connector that looks most like a connection; its end is the tip of the arrow."""
    route = connection.route
    if len(route) < 3:
        return straight(route[0], route[-1])
    if _turns_squarely(route):
        return _elbow(route, "bentConnector", upright=_is_upright(route[0], route[1]))
    leads = [line for line in connection.lines if isinstance(line, Polyline) and len(line.points) == _MOST]
    if leads and len(connection.lines) > 1:
        return _between_parts(connection, leads[0])
    return _curved(route)


def straight(start: Point, end: Point) -> Connector:
    """A straight connector."""
    return Connector(
        preset="straightConnector1",
        left=min(start[0], end[0]),
        top=min(start[1], end[1]),
        width=abs(end[0] - start[0]),
        height=abs(end[1] - start[1]),
        flip_x=end[0] < start[0],
        flip_y=end[1] < start[1],
    )


def _is_upright(start: Point, end: Point) -> bool:
    return abs(start[0] - end[0]) < _LEVEL


def _turns_squarely(route: tuple[Point, ...]) -> bool:
    """Whether a route consists of alternating horizontal and vertical lines, and is not too long for a preset."""
    upright = [_is_upright(a, b) for a, b in pairwise(route)]
    level = [abs(a[1] - b[1]) < _LEVEL for a, b in pairwise(route)]
    square = all(a != b for a, b in zip(upright, level, strict=True))
    return square and len(route) <= _MOST and all(a != b for a, b in pairwise(upright))


def _between_parts(connection: Connection, lead: Polyline) -> Connector:
    """A line through the gutter between two columns (or rows), then around something if the rest of the route goes
    around it.
    """
    down = _is_upright(*lead.points[:2])
    route, gutter = connection.route, lead.points[2:4]
    rest = connection.replace(lines=connection.lines[-1:]).route if connection.lines[-1] is not lead else route[-1:]
    if not down:  # rows: the same with x and y exchanged
        route, gutter, rest = (tuple((y, x) for x, y in each) for each in (route, gutter, rest))
    (start, end), (x, high) = (route[0], route[-1]), gutter[1]
    low, beyond = gutter[0][1], max(px for px, _ in rest)
    around = beyond - max(rest[0][0], end[0]) > _MIN_OVERHANG
    if around:
        corners = [start, (x, start[1]), (x, high), (beyond, high), (beyond, end[1]), end]
    else:
        corners = [start, (start[0], low), (x, low), (x, high), (end[0], high), end]
    sides = (("right", "right") if down else ("bottom", "bottom")) if around else (None, None)
    found = tuple(corners) if down else tuple((b, a) for a, b in corners)
    return _elbow(found, "bentConnector", upright=down != around).replace(sides=sides)


def _curved(route: tuple[Point, ...]) -> Connector:
    """A curve around something, or from one side to the opposite one."""
    start, end = route[0], route[-1]
    choices = []
    for axis, (low, high) in enumerate((("left", "right"), ("top", "bottom"))):
        values, ends = [point[axis] for point in route], (start[axis], end[axis])
        choices.append((min(ends) - min(values), axis, min(values), low))
        choices.append((max(values) - max(ends), axis, max(values), high))
    beyond, axis, extreme, side = max(choices)
    ahead = [abs(route[-1][each] - route[-2][each]) for each in (0, 1)]
    if _MIN_OVERHANG < beyond < abs(end[axis] - start[axis]) and ahead[1 - axis] > ahead[axis]:
        # The curve leaves at one side and arrives from above (or from the left), going slightly farther out in between.
        corner = (end[0], start[1]) if axis == 0 else (start[0], end[1])
        low, high = (("top", "bottom"), ("left", "right"))[axis]
        end_sides = (side, low if end[1 - axis] > start[1 - axis] else high)
        return _elbow((start, corner, end), "curvedConnector", upright=axis == 1).replace(sides=end_sides)
    if beyond > _MIN_OVERHANG:
        corners = [(extreme, start[1]), (extreme, end[1])] if axis == 0 else [(start[0], extreme), (end[0], extreme)]
        return _elbow((start, *corners, end), "curvedConnector", upright=axis == 1).replace(sides=(side, side))
    if abs(end[1] - start[1]) >= abs(end[0] - start[0]):
        middle = (start[1] + end[1]) / 2
        return _elbow((start, (start[0], middle), (end[0], middle), end), "curvedConnector", upright=True)
    middle = (start[0] + end[0]) / 2
    return _elbow((start, (middle, start[1]), (middle, end[1]), end), "curvedConnector", upright=False)


def _elbow(route: tuple[Point, ...], preset: str, *, upright: bool) -> Connector:
    """A preset of horizontal and vertical lines; the first is vertical if `upright`, else horizontal."""
    (x0, y0), (x1, y1) = route[0], route[-1]
    along, across = (_nonzero(each) for each in ((y1 - y0, x1 - x0) if upright else (x1 - x0, y1 - y0)))
    adjustments = []
    for number, (x, y) in enumerate(route[1:-2]):
        # A turn is the position where a line ends: along the direction of the first line, then across it, and so on.
        first = number % 2 == 0
        adjustments.append(round(((y - y0) if upright == first else (x - x0)) / (along if first else across) * _FULL))
    wide, high, middle = abs(along), abs(across), ((x0 + x1) / 2, (y0 + y1) / 2)
    return Connector(
        preset=f"{preset}{len(route) - 1}",
        left=middle[0] - wide / 2,
        top=middle[1] - high / 2,
        width=wide,
        height=high,
        rotation=(1 if along > 0 else 3) * _TURN if upright else 0,
        flip_x=not upright and along < 0,
        flip_y=(across > 0) == (along > 0) if upright else across < 0,
        adjustments=tuple(adjustments),
    )


def _nonzero(distance: float) -> float:
    """A distance that is not zero."""
    return distance if abs(distance) >= _LEAST else _LEAST
