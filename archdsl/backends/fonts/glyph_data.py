"""Outlines of glyphs in the `glyf` table of TrueType: reading and writing."""

import struct
from collections.abc import Callable, Iterator
from itertools import accumulate
from math import copysign

CurvePoint = tuple[float, float, bool]
"""A point, and whether it is on the curve; the others control quadratic Bézier curves."""
Outline = list[list[CurvePoint]]
"""Closed curves; between two consecutive control points, the curve goes through their midpoint."""
_ON, _SHORT_X, _SHORT_Y, _REPEAT, _SAME_X, _SAME_Y = 1, 2, 4, 8, 16, 32
_WORDS, _OFFSETS, _SCALE, _MORE_COMPONENTS, _SCALES, _MATRIX = 1, 2, 8, 32, 64, 128
_MAX_DEPTH = 8
"""Maximum nesting depth of composite glyphs."""


class InvalidFont(ValueError):
    """A font that is damaged, or of a kind that cannot be read."""


def read_glyph(bytes_of: Callable[[int], bytes], glyph: int, depth: int = 0) -> Outline:
    """The outline of a glyph; `bytes_of` returns the data of a glyph. Raises InvalidFont."""
    data = bytes_of(glyph)
    if not data:
        return []
    try:
        (count,) = struct.unpack(">h", data[:2])
        if count >= 0:
            return _simple(data, count)
        if depth > _MAX_DEPTH:
            raise InvalidFont("a glyph contains itself")
        return [
            [(a * x + c * y + e, b * x + d * y + f, on) for x, y, on in contour]
            for part, (a, b, c, d, e, f) in _components(data)
            for contour in read_glyph(bytes_of, part, depth + 1)
        ]
    except (struct.error, IndexError) as error:
        raise InvalidFont("a glyph is cut short") from error


def _simple(data: bytes, count: int) -> Outline:
    ends = struct.unpack(f">{count}H", data[10 : 10 + 2 * count])
    points = ends[-1] + 1 if ends else 0
    (hints,) = struct.unpack(">H", data[10 + 2 * count : 12 + 2 * count])
    at, flags = 12 + 2 * count + hints, bytearray()
    while len(flags) < points:
        flag, at = data[at], at + 1
        times = 1
        if flag & _REPEAT:
            times, at = 1 + data[at], at + 1
        flags += bytes([flag]) * times
    xs, at = _coordinates(data, at, flags, _SHORT_X, _SAME_X)
    ys, at = _coordinates(data, at, flags, _SHORT_Y, _SAME_Y)
    found: list[CurvePoint] = [(x, y, bool(flag & _ON)) for x, y, flag in zip(xs, ys, flags, strict=False)]
    return [found[start : end + 1] for start, end in zip([0, *(end + 1 for end in ends)], ends, strict=False)]


def _coordinates(data: bytes, at: int, flags: bytearray, short: int, same: int) -> tuple[list[int], int]:
    steps = []
    for flag in flags:
        if flag & short:
            steps.append(data[at] if flag & same else -data[at])
            at += 1
        elif flag & same:
            steps.append(0)
        else:
            steps.append(struct.unpack(">h", data[at : at + 2])[0])
            at += 2
    return list(accumulate(steps)), at


def _components(data: bytes) -> Iterator[tuple[int, tuple[float, ...]]]:
    """The parts of a composite glyph, each with its transformation."""
    at, flags = 10, _MORE_COMPONENTS
    while flags & _MORE_COMPONENTS:
        flags, glyph = struct.unpack(">2H", data[at : at + 4])
        if not flags & _OFFSETS:
            raise InvalidFont("a glyph is aligned by points")
        form = ">2h" if flags & _WORDS else ">2b"
        right, up = struct.unpack(form, data[at + 4 : at + 4 + struct.calcsize(form)])
        at += 4 + struct.calcsize(form)
        count = 1 if flags & _SCALE else 2 if flags & _SCALES else 4 if flags & _MATRIX else 0
        scales = [each / 16384 for each in struct.unpack(f">{count}h", data[at : at + 2 * count])]
        at += 2 * count
        match scales:
            case []:
                matrix = (1.0, 0.0, 0.0, 1.0)
            case [both]:
                matrix = (both, 0.0, 0.0, both)
            case [wide, high]:
                matrix = (wide, 0.0, 0.0, high)
            case _:
                matrix = (scales[0], scales[1], scales[2], scales[3])
        yield glyph, (*matrix, right, up)


def write_glyph(outline: Outline) -> bytes:
    """The data of a glyph with this outline, rounded to units; empty if it has no curves."""
    contours = [[(_rounded(x), _rounded(y), on) for x, y, on in contour] for contour in outline if contour]
    if not contours:
        return b""
    points = [point for contour in contours for point in contour]
    xs, ys = [x for x, _, _ in points], [y for _, y, _ in points]
    ends = [end - 1 for end in accumulate(map(len, contours))]
    steps = [
        struct.pack(f">{len(values)}h", *(b - a for a, b in zip([0, *values], values, strict=False)))
        for values in (xs, ys)
    ]
    head = struct.pack(f">5h{len(ends)}HH", len(contours), min(xs), min(ys), max(xs), max(ys), *ends, 0)
    data = head + bytes(_ON if on else 0 for _, _, on in points) + b"".join(steps)
    return data + bytes(-len(data) % 4)


def _rounded(value: float) -> int:
    return int(value + copysign(0.5, value))
