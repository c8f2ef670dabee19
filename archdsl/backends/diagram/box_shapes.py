"""Boxes at fixed positions, drawn as Graphviz draws them in other views: stacked layers, closed blocks, merges."""

from collections import Counter

from ...record import Record
from .drawing import Curve, Point, Polygon, ShapeGroup, TextLabel
from .figure import Box, BoxRow, Role
from .figure_options import SYMBOLS, DiagramStyle
from .font_metrics import width_of

_LINE = 1.2
"""The height of a line of text, as a fraction of its font size."""
_PAD_X, _PAD_Y, _BETWEEN = 8.0, 4.0, 1.0
_ROUND = 17.0
_SQUARE, _STRIP, _BAR = 7.0, 24, 98.0
"""The side of a square in a color strip, the maximum number of squares, and the width of the bar that replaces more."""
_CORNER = 6.0
_BOLD = 1.1
"""The largest ratio of the width of bold text to that of plain text."""


class TextLine(Record):
    """A line of text in a box."""

    text: str
    size: float
    color: str
    bold: bool = False

    @property
    def width(self) -> float:
        """Its width in points."""
        return width_of(self.text, self.size) * (_BOLD if self.bold else 1)


def size_of(box: Box, style: DiagramStyle) -> tuple[float, float]:
    """The width and height of a box in points."""
    if _is_round(box):
        return _ROUND, _ROUND
    if box.role is Role.GROUP:
        lines = _group_lines(box, style)
        wide = max([_strip_width(box), *(line.width for line in lines)])
        return wide + 2 * _PAD_X, _height(lines) + (_SQUARE + 3) * _has_strip(box)
    if box.role is Role.LAYERS:
        rows = [_row_lines(row, style) for row in box.rows]
        wide = max(line.width for lines in rows for line in lines) + 2 * _PAD_X
        high = sum(map(_height, rows)) + _BETWEEN * (len(rows) - 1)
        return wide + 2 * times_width(box, style), high
    return max(36.0, _words(box, style).width + 2 * _PAD_X), _height([_words(box, style)])


def draw_box(box: Box, style: DiagramStyle, center: Point) -> ShapeGroup:
    """A box around a center."""
    hover = "\n".join(row.hover for row in box.rows)
    theme = style.theme
    (width, height), (x, y) = size_of(box, style), center
    shapes: list[Curve | Polygon | TextLabel] = []
    if _is_round(box):
        radius = _ROUND / 2
        sign = TextLabel(at=(x, y + 4.2), text=SYMBOLS[box.rows[0].words], color=theme.text, size=12)
        circle = rounded((x - radius, y - radius), (x + radius, y + radius), radius, theme.end, theme.line)
        return ShapeGroup(shapes=(circle, sign), hover=hover, of=box)
    if box.role is Role.GROUP:
        top = y - height / 2
        fill = theme.end if box.rows[0].heat is None else style.fill(box.rows[0])
        shapes.append(rounded((x - width / 2, top), (x + width / 2, y + height / 2), _CORNER, fill, theme.line))
        shapes += _text(_group_lines(box, style), x, top)
        shapes += _strip(box, style, x, y + height / 2 - _PAD_Y - _SQUARE) if _has_strip(box) else []
    elif box.role is Role.LAYERS:
        shapes += _rows(box, style, center)
    else:
        corners = (x - width / 2, y - height / 2), (x + width / 2, y + height / 2)
        shapes.append(rounded(*corners, _CORNER, theme.end, theme.line))
        shapes += _text([_words(box, style)], x, y - height / 2)
    return ShapeGroup(shapes=tuple(shapes), hover=hover, of=box)


def rounded(low: Point, high: Point, radius: float, fill: str, line: str) -> Curve:
    """A rectangle with rounded corners, from its top left to its bottom right."""
    (left, top), (right, bottom) = low, high
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    k = 0.4477 * r
    points: list[Point] = [(left + r, top), (left + r, top), (right - r, top), (right - r, top)]
    points += [(right - k, top), (right, top + k), (right, top + r)]
    points += [(right, top + r), (right, bottom - r), (right, bottom - r)]
    points += [(right, bottom - k), (right - k, bottom), (right - r, bottom)]
    points += [(right - r, bottom), (left + r, bottom), (left + r, bottom)]
    points += [(left + k, bottom), (left, bottom - k), (left, bottom - r)]
    points += [(left, bottom - r), (left, top + r), (left, top + r)]
    points += [(left, top + k), (left + k, top), (left + r, top)]
    return Curve(points=tuple(points), fill=fill, line=line)


def _has_strip(box: Box) -> bool:
    """Whether a closed block shows the kinds of its layers: not if a measure colors it."""
    return bool(box.inside) and box.rows[0].heat is None


def _is_round(box: Box) -> bool:
    return box.role is Role.MERGE and box.rows[0].words in SYMBOLS


def _words(box: Box, style: DiagramStyle) -> TextLine:
    text = box.rows[0].words if box.rows else ""
    return TextLine(text=text, size=style.fonts.words, color=style.theme.text)


def _row_lines(row: BoxRow, style: DiagramStyle) -> list[TextLine]:
    numbers = (TextLine(text=each, size=style.fonts.numbers, color=style.theme.text) for each in style.numbers(row))
    return [TextLine(text=row.words, size=style.fonts.words, color=style.theme.text), *numbers]


def _group_lines(box: Box, style: DiagramStyle) -> list[TextLine]:
    name, *numbers = _row_lines(box.rows[0], style)
    times = [TextLine(text=f"×{box.times}", size=name.size, color=name.color, bold=True)] if box.times > 1 else []
    note = [TextLine(text=box.note, size=style.fonts.numbers, color=style.theme.text)] if box.note else []
    return [name, *times, *note, *numbers]


def _height(lines: list[TextLine]) -> float:
    return sum(line.size * _LINE for line in lines) + 2 * _PAD_Y


def _text(lines: list[TextLine], x: float, top: float) -> list[TextLabel]:
    """Lines of text, one below the other, centered, from the top of their box."""
    labels, at = [], top + _PAD_Y
    for line in lines:
        at += line.size * _LINE
        baseline = at - line.size * 0.3
        labels.append(TextLabel(at=(x, baseline), text=line.text, color=line.color, size=line.size, bold=line.bold))
    return labels


def times_width(box: Box, style: DiagramStyle) -> float:
    """The room on either side of stacked layers for their number of repetitions."""
    return 4 + width_of(f"×{box.times}", style.fonts.words) * _BOLD if box.times > 1 else 0.0


def _rows(box: Box, style: DiagramStyle, center: Point) -> list[Curve | TextLabel]:
    """Stacked layers, with the number of repetitions to their right."""
    width, height = size_of(box, style)
    aside, (x, top) = times_width(box, style), (center[0], center[1] - height / 2)
    half = width / 2 - aside
    found: list[Curve | TextLabel] = []
    for row in box.rows:
        lines = _row_lines(row, style)
        bottom = top + _height(lines)
        shape = rounded((x - half, top), (x + half, bottom), _CORNER, style.fill(row), style.border(row))
        found += [shape, *_text(lines, x, top)]
        top = bottom + _BETWEEN
    if box.times > 1:
        words, size = f"×{box.times}", style.fonts.words
        at = x + half + aside / 2 + 2, center[1] + 0.3 * size
        found.append(TextLabel(at=at, text=words, color=style.theme.text, size=size, bold=True))
    return found


def _cells(box: Box) -> list[tuple[str, float]]:
    """The kinds of the layers inside, each with the width of its cell."""
    if len(box.inside) <= _STRIP:
        return [(kind, min(_SQUARE, _BAR / len(box.inside))) for kind in box.inside]
    return [(kind, _BAR * number / len(box.inside)) for kind, number in Counter(box.inside).most_common()]


def _strip_width(box: Box) -> float:
    return sum(side for _, side in _cells(box)) if _has_strip(box) else 0.0


def _strip(box: Box, style: DiagramStyle, x: float, top: float) -> list[Polygon]:
    left, found = x - _strip_width(box) / 2, []
    for kind, side in _cells(box):
        corners = ((left, top), (left + side, top), (left + side, top + _SQUARE), (left, top + _SQUARE))
        found.append(Polygon(points=corners, fill=style.theme.fill(kind), line=style.theme.end, width=0.5))
        left += side
    return found
