"""The path that the operators of a charstring draw, and its approximation by quadratic curves."""

from itertools import pairwise
from math import ceil, hypot

from .glyph_data import CurvePoint, InvalidFont, Outline

Point = tuple[float, float]
Segment = tuple[Point, ...]
"""The end of a line; or two control points and the end of a cubic curve."""
_TOLERANCE = 0.5
"""How far a quadratic curve may be from the cubic one, in units of the font."""


class CubicPath:
    """Closed curves of lines and cubic curves."""

    def __init__(self) -> None:
        self._curves: list[tuple[Point, list[Segment]]] = []
        self._at: Point = (0.0, 0.0)

    def move(self, operator: int, values: list[float]) -> None:
        """Start a curve: rmoveto (21), hmoveto (22), vmoveto (4)."""
        dx, dy = values if operator == 21 else (values[0], 0.0) if operator == 22 else (0.0, values[0])
        self._at = (self._at[0] + dx, self._at[1] + dy)
        self._curves.append((self._at, []))

    def draw(self, operator: int, values: list[float]) -> None:
        """Draw lines and curves."""
        match operator:
            case 5:  # rlineto
                self._lines(values)
            case 6 | 7:  # hlineto, vlineto
                for number, value in enumerate(values):
                    level = (operator == 6) == (number % 2 == 0)
                    self._lines([value, 0.0] if level else [0.0, value])
            case 8:  # rrcurveto
                self._curves_of(values)
            case 24:  # rcurveline
                self._curves_of(values[:-2])
                self._lines(values[-2:])
            case 25:  # rlinecurve
                self._lines(values[:-6])
                self._curves_of(values[-6:])
            case 26 | 27:  # vvcurveto, hhcurveto
                self._straight(operator == 27, values)
            case 30 | 31:  # vhcurveto, hvcurveto
                self._turning(operator == 31, values)
            case _:
                raise InvalidFont(f"unknown operator {operator} in a glyph")

    def flex(self, operator: int, v: list[float]) -> None:
        """Draw two curves: hflex (34), flex (35), hflex1 (36), flex1 (37)."""
        match operator:
            case 34:
                self._curves_of([v[0], 0, v[1], v[2], v[3], 0, v[4], 0, v[5], -v[2], v[6], 0])
            case 35:
                self._curves_of(v[:12])
            case 36:
                self._curves_of([*v[:5], 0, v[5], 0, *v[6:9], -(v[1] + v[3] + v[7])])
            case 37:
                dx, dy = sum(v[:10:2]), sum(v[1:10:2])
                self._curves_of([*v[:10], *((v[10], -dy) if abs(dx) > abs(dy) else (-dx, v[10]))])
            case _:
                raise InvalidFont(f"unknown operator 12 {operator} in a glyph")

    def _lines(self, values: list[float]) -> None:
        for dx, dy in zip(values[::2], values[1::2], strict=True):
            self._at = (self._at[0] + dx, self._at[1] + dy)
            self._curves[-1][1].append((self._at,))

    def _curves_of(self, values: list[float]) -> None:
        for start in range(0, len(values), 6):
            points, (x, y) = [], self._at
            for dx, dy in zip(values[start : start + 6 : 2], values[start + 1 : start + 6 : 2], strict=True):
                x, y = x + dx, y + dy
                points.append((x, y))
            self._at = points[2]
            self._curves[-1][1].append(tuple(points))

    def _straight(self, level: bool, values: list[float]) -> None:
        """Curves that start and end in the same direction."""
        across, values = (values[0], values[1:]) if len(values) % 4 else (0.0, values)
        for start in range(0, len(values), 4):
            a, b, c, d = values[start : start + 4]
            self._curves_of([a, across, b, c, d, 0.0] if level else [across, a, b, c, 0.0, d])
            across = 0.0

    def _turning(self, level: bool, values: list[float]) -> None:
        """Curves that start horizontally and end vertically, alternating with the reverse."""
        last = values[-1] if len(values) % 4 else 0.0
        count = len(values) // 4
        for number in range(count):
            a, b, c, d = values[4 * number : 4 * number + 4]
            end = last if number == count - 1 else 0.0
            self._curves_of([a, 0.0, b, c, end, d] if level else [0.0, a, b, c, d, end])
            level = not level

    def outline(self) -> Outline:
        """The path as quadratic curves."""
        found = []
        for start, segments in self._curves:
            contour: list[CurvePoint] = [(*start, True)]
            at = start
            for segment in segments:
                if len(segment) == 1:
                    contour.append((*segment[0], True))
                else:
                    contour += _quadratic(at, *segment)
                at = segment[-1]
            # A closed curve ends where it starts.
            found.append(contour[:-1] if len(contour) > 1 and contour[-1] == contour[0] else contour)
        return [contour for contour in found if len(contour) > 2]


def _quadratic(p0: Point, p1: Point, p2: Point, p3: Point) -> list[CurvePoint]:
    """The points of quadratic curves, after the first, that approximate a cubic curve."""
    bend = [d - 3 * c + 3 * b - a for a, b, c, d in zip(p0, p1, p2, p3, strict=True)]
    # The error of one curve is √3/36 of the third difference; it falls with the cube of the number of parts.
    parts = max(1, ceil((hypot(*bend) * 3**0.5 / 36 / _TOLERANCE) ** (1 / 3)))
    found: list[CurvePoint] = []
    for number in range(parts):
        a, b, c, d = _piece((p0, p1, p2, p3), number / parts, (number + 1) / parts)
        x, y = ((3 * (v + w) - u - z) / 4 for u, v, w, z in zip(a, b, c, d, strict=True))
        found += [(x, y, False), (*d, True)]
    return found


def _piece(points: tuple[Point, ...], start: float, end: float) -> tuple[Point, ...]:
    """The part of a cubic curve between two parameters, as control points."""
    a, d = _at(points, start), _at(points, end)
    third = (end - start) / 3
    one, other = _slope(points, start), _slope(points, end)
    return a, (a[0] + third * one[0], a[1] + third * one[1]), (d[0] - third * other[0], d[1] - third * other[1]), d


def _at(points: tuple[Point, ...], t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x, y = (sum(w * point[axis] for w, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def _slope(points: tuple[Point, ...], t: float) -> Point:
    weights = (3 * (1 - t) ** 2, 6 * t * (1 - t), 3 * t**2)
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    x, y = (sum(w * step[axis] for w, step in zip(weights, steps, strict=True)) for axis in (0, 1))
    return x, y
