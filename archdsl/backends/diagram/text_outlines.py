"""Text as filled outlines, for characters that the font of the renderer lacks: it would show an empty box."""

from collections.abc import Iterator
from itertools import pairwise

from ..fonts.font_choice import own_fonts
from ..fonts.glyph_data import CurvePoint
from .drawing import Curve, Drawing, Point, Shape, TextLabel
from .painting import PaintedText, text_of

_LAST = 0x52F
"""The last character of Cyrillic; up to it, the renderer's font, Arimo, has the same characters as ours."""
_SYMBOLS = frozenset("–—‘’“”•…€→←↑↓−∂∆∏∑√∞∫≈≠≤≥")
"""Other characters that Arimo has."""
_INVISIBLE = "#00000000"


def is_foreign(text: str) -> bool:
    """Whether the renderer's font may lack a character of a text."""
    regular = own_fonts()[0]
    return any(char not in _SYMBOLS and (ord(char) > _LAST or not regular.glyph_of(char)) for char in text)


def with_outlines(drawing: Drawing) -> Drawing:
    """A drawing whose foreign text is outlines. Raises CannotDraw for characters without a font."""
    parts = (
        part.replace(shapes=tuple(shape for each in part.shapes for shape in _outlined(each)))
        if any(isinstance(shape, TextLabel) and is_foreign(shape.text) for shape in part.shapes)
        else part
        for part in drawing.parts
    )
    return drawing.replace(parts=tuple(parts))


def _outlined(shape: Shape) -> Iterator[Shape]:
    if not isinstance(shape, TextLabel) or not is_foreign(shape.text):
        yield shape
        return
    for text in text_of(shape, 0.0):
        yield from _glyphs(text)


def _glyphs(text: PaintedText) -> Iterator[Curve]:
    """Each glyph as one closed path of cubic curves."""
    x, y = text.at
    for run in text.runs:
        scale = text.size / run.font.units
        for glyph in run.glyphs:
            contours = [_cubic(contour) for contour in run.font.outline(glyph) if len(contour) > 2]
            points = _joined([[(x + px * scale * text.stretch, -y - py * scale) for px, py in c] for c in contours])
            if points:
                yield Curve(points=tuple(points), fill=text.color, line=_INVISIBLE, width=0.1)
            x += run.font.advance(glyph) * scale * text.stretch


def _cubic(contour: list[CurvePoint]) -> list[Point]:
    """A closed contour of quadratic curves as consecutive cubic ones, from a point on it back to this point."""
    full: list[CurvePoint] = []
    for (x0, y0, on), (x1, y1, next_on) in pairwise([*contour, contour[0]]):
        full.append((x0, y0, on))
        if not on and not next_on:
            full.append(((x0 + x1) / 2, (y0 + y1) / 2, True))
    start = next((index for index, (_, _, on) in enumerate(full) if on), 0)
    full = [*full[start:], *full[: start + 1]]
    points, at = [full[0][:2]], 1
    while at < len(full):
        x0, y0 = points[-1]
        x1, y1, on = full[at]
        x2, y2 = (x1, y1) if on else full[at + 1][:2]
        # A line has its control points at its ends.
        one, other = ((x0, y0), (x2, y2)) if on else (_third(x0, y0, x1, y1), _third(x2, y2, x1, y1))
        points += [one, other, (x2, y2)]
        at += 1 if on else 2
    return points


def _third(x: float, y: float, control_x: float, control_y: float) -> Point:
    return x + 2 * (control_x - x) / 3, y + 2 * (control_y - y) / 3


def _joined(contours: list[list[Point]]) -> list[Point]:
    """Contours as one path, with a line from the first to each other one and back, which encloses nothing."""
    if not contours:
        return []
    points = list(contours[0])
    first = points[0]
    for contour in contours[1:]:
        start = contour[0]
        points += [first, start, start, *contour[1:], start, first, first]
    return points
