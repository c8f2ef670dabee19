"""Arrange a diagram that is longer than a page: in columns if it runs down, in rows if it runs to the right.

It is cut where a single tensor flows from one part to the next; the parts are laid out separately, and a line leads
from the end of each to the start of the next. If other tensors cross a cut too, as in a U-Net, each ends at a letter
and continues at the same letter.
"""

from collections.abc import Callable
from math import sqrt

from ...record import Record
from .column_parts import split
from .cuts import Cut, choose_cuts, find_cuts
from .dot import write_dot, write_heading
from .drawing import Drawing, Point, Polyline, ShapeGroup, Subject, framed, moved
from .engine import draw
from .figure import FOOT, HEAD, Arrow, Box, Diagram
from .figure_options import DiagramStyle
from .graphviz_layout import Rectangle, best_layout, first_drawn
from .xdot import read_drawing, read_places

PAGE = 760
"""The length in points above which a diagram is cut: the text height of a page."""
_RATIO = sqrt(2)
"""The ratio of height to width of ISO paper sizes."""
_LONGEST, _ROW = 60, 24
"""Upper bounds in points for a box with its arrow, and for each of its rows."""
_WIDEST = 190
"""An upper bound in points for a box with its arrow to the right."""
_GUTTER = {"TB": 44, "LR": 22}
_MARGIN = 8
_MIN_ENTRIES = 2
"""The smallest number of legend entries next to each other."""
_OVERLAP = 4
"""Points by which the line between two parts overlaps the arrows at its ends, which stop short of the ends of the
parts.
"""


def may_need(diagram: Diagram, style: DiagramStyle) -> bool:
    """Whether a diagram may be too long for one part, estimated with all boxes in one path."""
    if style.columns is not None:
        return style.columns != 1
    if style.direction == "LR":
        return _WIDEST * len(diagram.boxes) > PAGE
    return sum(_LONGEST + _ROW * len(box.rows) for box in diagram.boxes) > PAGE


class WholeLayout(Record):
    """The layout of a diagram in one piece: its size in points, and the place of each box."""

    width: float
    height: float
    places: dict[str, Rectangle]
    direction: str

    @property
    def length(self) -> float:
        """Its size in the direction of the network."""
        return self.height if self.direction == "TB" else self.width

    @property
    def breadth(self) -> float:
        """Its size across the direction of the network."""
        return self.width if self.direction == "TB" else self.height

    def span(self, name: str) -> tuple[float, float, float, float]:
        """Start and end of a box along the direction of the network, and across it."""
        place = self.places[name]
        across, along = (place.left, place.right), (place.top, place.bottom)
        return (*along, *across) if self.direction == "TB" else (*across, *along)

    def cuts(self, diagram: Diagram) -> list[Cut]:
        """The possible cuts."""
        return find_cuts(diagram, {name: self.span(name)[1] for name in self.places})


def lay_out(diagram: Diagram, style: DiagramStyle) -> WholeLayout:
    """The layout in one piece. Raises CannotDraw."""
    _, layout = first_drawn(lambda arrangement: draw(write_dot(diagram, style, arrangement), "json"))
    whole = read_drawing(layout, diagram, style.theme.background)
    return WholeLayout(width=whole.width, height=whole.height, places=read_places(layout), direction=style.direction)


def set_columns(diagram: Diagram, style: DiagramStyle) -> Drawing | None:
    """The diagram in columns or rows; None if one is enough, or it cannot be cut. Raises CannotDraw."""
    whole = lay_out(diagram, style)
    parts = part_count(whole.breadth, whole.length, style.direction) if style.columns is None else style.columns
    cuts = choose_cuts(whole.cuts(diagram), whole.length, parts)
    return set_parts(diagram, style, cuts) if cuts else None


def set_parts(diagram: Diagram, style: DiagramStyle, cuts: list[Cut], spacing: float = 0.0) -> Drawing:
    """The diagram cut into columns or rows, under its heading, with additional space between. Raises CannotDraw."""
    plain = style.replace(caption=False, legend=False)
    drawings, places = [], []
    for part in split(diagram.replace(note=""), cuts):
        _, layout = best_layout(part, plain)
        drawings.append(read_drawing(layout, part, style.theme.background))
        places.append(read_places(layout))
    return join(drawings, places, lambda width: heading_of(diagram, style, width), style, spacing)


def heading_of(diagram: Diagram, style: DiagramStyle, width: float) -> Drawing | None:
    """The caption and the legend as a drawing, no wider than this if possible; None if there is neither."""
    for across in range(max(1, len(style.legend_of(diagram))), 0, -1):
        heading = write_heading(diagram, style, across)
        if not heading:
            return None
        found = read_drawing(draw(heading, "json"), diagram, style.theme.background)
        if found.width <= width or across <= _MIN_ENTRIES:
            return found
    return None


def part_count(breadth: float, length: float, direction: str = "TB") -> int:
    """The number of parts whose total size is closest to the proportions of a page; rows make it a landscape page."""
    if length <= PAGE:
        return 1
    return max(2, round(sqrt(length / _RATIO / (breadth + _GUTTER[direction]))))


def join(
    drawings: list[Drawing],
    places: list[dict[str, Rectangle]],
    heading_in: Callable[[float], Drawing | None],
    style: DiagramStyle,
    spacing: float = 0.0,
) -> Drawing:
    """The parts next to or below each other, with additional space between.

    `places` are the positions of the boxes of each part. `heading_in` returns the heading above the parts for their
    width.
    """
    parts: list[ShapeGroup] = []
    gutter, down = _GUTTER[style.direction] + spacing, style.direction == "LR"
    at, ends = 0.0, [0.0]
    foot: Point | None = None
    beyond = 0.0
    for number, (drawing, boxes) in enumerate(zip(drawings, places, strict=True)):
        step = (0.0, at) if down else (at, 0.0)
        if foot is not None:
            head = boxes[HEAD].middle[0] + step[0], boxes[HEAD].middle[1] + step[1]
            lead = Arrow(start=f"{FOOT}{number - 1}", end=f"{HEAD}{number}")
            parts.append(ShapeGroup(shapes=(_connecting_line(foot, head, at - gutter / 2, beyond, style),), of=lead))
        parts += [
            part.replace(shapes=tuple(moved(s, step) for s in part.shapes), of=_numbered(part.of, number))
            for part in drawing.parts
        ]
        foot = (boxes[FOOT].middle[0] + step[0], boxes[FOOT].middle[1] + step[1]) if FOOT in boxes else None
        beyond = drawing.width if down else drawing.height
        at += (drawing.height if down else drawing.width) + gutter
        ends.append(drawing.width if down else at - gutter)
    heading = heading_in(max(ends))
    if heading is not None:
        lift = ((max(ends) - heading.width) / 2, -heading.height - 2 * _MARGIN)
        parts += [part.replace(shapes=tuple(moved(s, lift) for s in part.shapes)) for part in heading.parts]
    first = drawings[0]
    return framed(parts, _MARGIN, first.background, first.title, first.description)


def _numbered(subject: Subject | None, number: int) -> Subject | None:
    """What a part shows, with the number of the part on the ids of its ports, so that these ids are unique."""
    ports = {FOOT: f"{FOOT}{number}", HEAD: f"{HEAD}{number}"}
    match subject:
        case Arrow():
            return subject.replace(
                start=ports.get(subject.start, subject.start), end=ports.get(subject.end, subject.end)
            )
        case Box():
            return subject.replace(id=ports.get(subject.id, subject.id))
        case _:
            return subject


def _connecting_line(foot: Point, head: Point, gutter: float, beyond: float, style: DiagramStyle) -> Polyline:
    """The line from the foot of a part through the gutter to the head of the next; it overlaps the arrows at both.

    It turns beyond the end of the part and before the start of the next row, where it meets no box.
    """
    if style.direction == "LR":
        right, left = max(foot[0], beyond) + _MARGIN, min(head[0], 0.0) - _MARGIN
        start, end = (foot[0] - _OVERLAP, foot[1]), (head[0] + _OVERLAP, head[1])
        points = start, (right, foot[1]), (right, gutter), (left, gutter), (left, head[1]), end
    else:
        low, high = max(foot[1], beyond) + _MARGIN, head[1] - _MARGIN
        start, end = (foot[0], foot[1] - _OVERLAP), (head[0], head[1] + _OVERLAP)
        points = start, (foot[0], low), (gutter, low), (gutter, high), (head[0], high), end
    return Polyline(points=points, color=style.theme.line, width=1.0)
