"""A photograph that the code renders: three spheres on a checkered floor, by ray tracing (Whitted, 1980)."""

from functools import cache
from math import exp, floor, inf, sqrt

Vector = tuple[float, float, float]
SIZE = 96
_SPHERES: tuple[tuple[Vector, float, float], ...] = (
    ((-0.75, 0.0, 3.4), 1.0, 0.85),
    ((1.05, -0.45, 2.7), 0.55, 0.55),
    ((0.15, -0.72, 1.95), 0.28, 0.95),
)
"""Center, radius and brightness of each sphere."""
_LIGHT: Vector = (-0.55, 0.75, -0.36)
_FLOOR = -1.0


@cache
def photograph() -> tuple[tuple[int, ...], ...]:
    """96×96 pixels from 0 to 255."""
    return tuple(tuple(_pixel(row, column) for column in range(SIZE)) for row in range(SIZE))


def _pixel(row: int, column: int) -> int:
    """The mean of four rays, which smooths the edges."""
    total = 0.0
    for down in (0.25, 0.75):
        for right in (0.25, 0.75):
            x, y = (column + right) / SIZE * 2 - 1, 1 - (row + down) / SIZE * 2
            length = sqrt(x * x + y * y + 2.2)
            total += _brightness_along((0.0, 0.0, -1.0), (x / length, (y - 0.25) / length, 1.45 / length), 0)
    return min(255, max(0, round(255 * total / 4)))


def _hit(start: Vector, direction: Vector) -> tuple[float, int]:
    """The distance to the nearest sphere and its number; infinity and -1 if there is none."""
    best, which = inf, -1
    for number, (center, radius, _) in enumerate(_SPHERES):
        ox, oy, oz = start[0] - center[0], start[1] - center[1], start[2] - center[2]
        a = direction[0] ** 2 + direction[1] ** 2 + direction[2] ** 2
        b = ox * direction[0] + oy * direction[1] + oz * direction[2]
        root = b * b - a * (ox * ox + oy * oy + oz * oz - radius * radius)
        if root > 0 and 1e-4 < (far := (-b - sqrt(root)) / a) < best:
            best, which = far, number
    return best, which


def _brightness_along(start: Vector, direction: Vector, depth: int) -> float:
    """The brightness along a ray."""
    far, which = _hit(start, direction)
    if which < 0:
        return _background(start, direction)
    center, radius, brightness = _SPHERES[which]
    at = _point_at(start, direction, far)
    normal = ((at[0] - center[0]) / radius, (at[1] - center[1]) / radius, (at[2] - center[2]) / radius)
    lit = max(0.0, _dot(normal, _LIGHT)) * (_hit(at, _LIGHT)[1] < 0)
    twice = 2 * _dot(direction, normal)
    mirrored = (direction[0] - twice * normal[0], direction[1] - twice * normal[1], direction[2] - twice * normal[2])
    shine = max(0.0, _dot(mirrored, _LIGHT)) ** 40 * (lit > 0)
    around = _brightness_along(at, mirrored, depth + 1) if depth < 2 else 0.5
    return brightness * (0.12 + 0.68 * lit) + 0.16 * around + 0.6 * shine


def _background(start: Vector, direction: Vector) -> float:
    """The floor, with shadows and haze, or the sky."""
    if direction[1] >= -1e-3:
        return 0.62 + 0.3 * direction[1]
    far = (_FLOOR - start[1]) / direction[1]
    at = _point_at(start, direction, far)
    tile = 0.78 if (floor(at[0]) + floor(at[2])) % 2 else 0.28
    shadow = 0.35 if _hit(at, _LIGHT)[1] >= 0 else 1.0
    haze = 1 - exp(-far / 14)
    return tile * shadow * (1 - haze) + 0.62 * haze


def _point_at(start: Vector, direction: Vector, distance: float) -> Vector:
    return start[0] + distance * direction[0], start[1] + distance * direction[1], start[2] + distance * direction[2]


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
