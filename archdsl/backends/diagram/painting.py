"""A drawing as paths and lines of glyphs on a page whose y increases upward, for PDF and EPS."""

from collections.abc import Iterator

from ...graph.figure_settings import TRANSPARENT
from ...record import Record
from ..fonts.font_choice import GlyphRun, MissingCharacter, glyph_runs
from ..fonts.font_file import FontFile
from .drawing import Curve, Drawing, Point, Polygon, Polyline, Shape, TextLabel, head
from .engine import CannotDraw
from .escaping import clean
from .font_metrics import is_known, width_of


class PaintedPath(Record):
    """A path: a line through points, or consecutive Bézier curves; `fill` and `line` are colors, None if absent."""

    points: tuple[Point, ...]
    curved: bool = False
    closed: bool = False
    fill: str | None = None
    line: str | None = None
    width: float = 0.0
    dashed: bool = False
    round: bool = False
    """Whether its corners are round."""


class PaintedText(Record):
    """A line of text: the left end of its baseline, its font size, and by how much it is stretched to its width."""

    at: Point
    runs: tuple[GlyphRun, ...]
    text: str
    size: float
    stretch: float
    color: str


def painted(drawing: Drawing) -> Iterator[PaintedPath | PaintedText]:
    """Everything on the page, the background first. Raises CannotDraw for characters without a font."""
    high, wide = drawing.height, drawing.width
    corners = (0.0, 0.0), (wide, 0.0), (wide, high), (0.0, high)
    if drawing.background != TRANSPARENT:
        yield PaintedPath(points=corners, closed=True, fill=drawing.background)
    for part in drawing.parts:
        for shape in part.shapes:
            yield from _painted(shape, high)


def _painted(shape: Shape, high: float) -> Iterator[PaintedPath | PaintedText]:
    match shape:
        case Polygon():
            points = _upwards(shape.points, high)
            yield PaintedPath(
                points=points, closed=True, fill=shape.fill, line=shape.line, width=shape.width, round=True
            )
        case Curve():
            yield PaintedPath(
                points=_upwards(shape.points, high),
                curved=True,
                closed=shape.fill is not None,
                fill=shape.fill,
                line=shape.line,
                width=shape.width,
                dashed=shape.dashed,
            )
        case Polyline():
            yield PaintedPath(points=_upwards(shape.points, high), line=shape.color, width=shape.width)
            if shape.arrow:
                yield PaintedPath(points=_upwards(head(shape), high), closed=True, fill=shape.color)
        case TextLabel():
            yield from text_of(shape, high)


def text_of(shape: TextLabel, high: float) -> Iterator[PaintedText]:
    """A label as glyphs on a page of this height; none if it is empty. Raises CannotDraw."""
    text = clean(shape.text)
    try:
        runs = tuple(glyph_runs(text, bold=shape.bold))
    except MissingCharacter as error:
        raise CannotDraw(f"{error}: use svg, whose viewer has other fonts, or another title or label") from None
    natural = sum(run.width for run in runs) * shape.size
    if not natural:
        return
    # The layout has the widths of Helvetica, like the text of an SVG.
    width = width_of(text, shape.size) if is_known(text) and not shape.bold else natural
    at = shape.at[0] - width / 2, high - shape.at[1]
    yield PaintedText(at=at, runs=runs, text=text, size=shape.size, stretch=width / natural, color=shape.color)


def _upwards(points: tuple[Point, ...], high: float) -> tuple[Point, ...]:
    return tuple((x, high - y) for x, y in points)


class EmbeddedFont(Record):
    """A font of a page: its name there, and its glyphs, each with its character, numbered from 1 on."""

    name: str
    font: FontFile
    glyphs: dict[int, tuple[int, str]]
    """For each glyph number of the font file, the number on the page and the character."""


def fonts_of(parts: list[PaintedPath | PaintedText]) -> list[EmbeddedFont]:
    """The fonts of a page, with the glyphs that it needs."""
    found: dict[int, EmbeddedFont] = {}
    for words in parts:
        for run in words.runs if isinstance(words, PaintedText) else ():
            known = found.setdefault(id(run.font), EmbeddedFont(name=f"F{len(found) + 1}", font=run.font, glyphs={}))
            for glyph, char in zip(run.glyphs, run.chars, strict=True):
                known.glyphs.setdefault(glyph, (len(known.glyphs) + 1, char))
    return list(found.values())
