"""Arrange a diagram that is taller than a page in columns.

It is cut where a single tensor flows on; the parts are laid out separately, and a line leads from the foot of each
column to the head of the next. If other tensors cross a cut too, as in a U-Net, each ends at a letter and continues at
the same letter.
"""

from collections.abc import Iterator
from itertools import count, pairwise
from math import sqrt
from string import ascii_uppercase

from ...record import Record
from .dot import write_dot, write_heading
from .drawing import Drawing, Point, Polyline, ShapeGroup, framed, moved
from .engine import draw
from .figure import FOOT, HEAD, Arrow, Box, BoxRow, Cluster, Diagram, Flow, Role
from .figure_options import DiagramStyle
from .graphviz_layout import Rectangle, best_arrangement, first_drawn
from .xdot import read_drawing, read_places

PAGE = 760
"""The height in points above which a diagram is arranged in columns: the text height of a page."""
_RATIO = sqrt(2)
"""The ratio of height to width of ISO paper sizes."""
_TALLEST, _ROW = 60, 24
"""Upper bounds in points for a box with its arrow, and for each of its rows."""
_OPEN = 0.6
_UNEVEN = 1.6
"""How much taller than the mean a column may be before crossing tensors are cut."""
_PASSING = 6
_GUTTER = 44
_MARGIN = 8


def may_need(diagram: Diagram, style: DiagramStyle) -> bool:
    """Whether a diagram may be too tall for one column, estimated with all boxes below each other."""
    if style.columns is not None or style.direction != "TB":
        return style.direction == "TB" and style.columns != 1
    return sum(_TALLEST + _ROW * len(box.rows) for box in diagram.boxes) > PAGE


def set_columns(diagram: Diagram, style: DiagramStyle) -> Drawing | None:
    """The diagram in columns; None if one is enough, or it cannot be cut. Raises CannotDraw."""
    _, layout = first_drawn(lambda arrangement: draw(write_dot(diagram, style, arrangement), "json"))
    whole = read_drawing(layout, diagram, style.theme.background)
    columns = how_many(whole.width, whole.height) if style.columns is None else style.columns
    bottoms = {name: place.bottom for name, place in read_places(layout).items()}
    cuts = choose_cuts(find_cuts(diagram, bottoms), whole.height, columns)
    if not cuts:
        return None
    plain = style.replace(caption=False, legend=False)
    drawings, places = [], []
    for part in split(diagram, cuts):
        layout = draw(write_dot(part, plain, best_arrangement(part, plain)), "json")
        drawings.append(read_drawing(layout, part, style.theme.background))
        places.append(read_places(layout))
    heading = write_heading(diagram, style)
    above = read_drawing(draw(heading, "json"), diagram, style.theme.background) if heading else None
    return join(drawings, places, above, style)


class Cut(Record):
    """A possible cut: after this many boxes, inside `depth` frames, at this height, crossed by other tensors."""

    after: int
    depth: int
    below: float
    passing: int = 0
    inside: bool = False
    """Whether it goes through a repetition that is drawn once."""


def in_order(diagram: Diagram) -> tuple[Box, ...]:
    """The boxes in execution order: inputs first, outputs last."""
    rank = {Role.INPUT: 0, Role.OUTPUT: 2}
    return tuple(sorted(diagram.boxes, key=lambda box: rank.get(box.role, 1)))


def find_cuts(diagram: Diagram, bottoms: dict[str, float]) -> list[Cut]:
    """Where a diagram can be cut: between two boxes connected by an arrow.

    `bottoms` is the lower end of each box.
    """
    boxes = in_order(diagram)
    place = {box.id: i for i, box in enumerate(boxes)}
    pairs = {(place[arrow.start], place[arrow.end]) for arrow in diagram.arrows}
    reach = [max((end for start, end in pairs if start == i), default=-1) for i in range(len(boxes))]
    cuts, lowest = [], 0.0
    passing: set[int] = set()
    for i, box in enumerate(boxes[:-1]):
        lowest = max(lowest, bottoms.get(box.id, 0.0))
        passing = {start for start in passing if reach[start] > i}
        if (i, i + 1) in pairs and box.role is not Role.INPUT and len(passing) <= _PASSING:
            times = _shared(diagram, box, boxes[i + 1])
            inside = any(each > 1 for each in times)
            cuts.append(Cut(after=i, depth=len(times), below=lowest, passing=len(passing), inside=inside))
        passing.add(i)
    return cuts


def _shared(diagram: Diagram, one: Box, other: Box) -> list[int]:
    """The frames that contain both boxes: the number of repetitions of each."""
    return [
        cluster.times
        for cluster in diagram.clusters
        if one.cluster[: len(cluster.path)] == other.cluster[: len(cluster.path)] == cluster.path
    ]


def choose_cuts(cuts: list[Cut], height: float, columns: int) -> list[Cut]:
    """One cut less than columns, so that the tallest is as short as possible; between frames if possible.

    Cuts that other tensors cross, or that go through a repetition, are used only if the diagram would otherwise remain
    much taller.
    """
    clean = _balanced([cut for cut in cuts if not cut.passing and not cut.inside], height, columns)
    if columns < 2 or _tallest(clean, height) <= _UNEVEN * height / columns:
        return clean
    return _balanced(cuts, height, columns)


def _balanced(cuts: list[Cut], height: float, columns: int) -> list[Cut]:
    limit = height / columns
    while columns > 1 and cuts:
        chosen = _fill(cuts, height, limit)
        if chosen is not None and len(chosen) < columns:
            return chosen
        limit *= 1.03
    return []


def _tallest(cuts: list[Cut], height: float) -> float:
    """The height of the tallest column."""
    return max(end - start for start, end in pairwise([0.0, *(cut.below for cut in cuts), height]))


def _fill(cuts: list[Cut], height: float, limit: float) -> list[Cut] | None:
    """Columns of at most this height, filled in order; None if a part is taller."""
    chosen: list[Cut] = []
    top = 0.0
    while height - top > limit:
        within = [cut for cut in cuts if top < cut.below <= top + limit]
        if not within:
            return None
        # The last part of a column may end where fewer frames are cut.
        late = [cut for cut in within if cut.below > top + _OPEN * limit] or within[-1:]
        best = min(late, key=lambda cut: (cut.passing + cut.depth, -cut.below))
        chosen.append(best)
        top = best.below
    return chosen


def how_many(width: float, height: float) -> int:
    """The number of columns whose total size is closest to the proportions of a page."""
    if height <= PAGE:
        return 1
    return max(2, round(sqrt(height / _RATIO / (width + _GUTTER))))


def split(diagram: Diagram, cuts: list[Cut]) -> list[Diagram]:
    """The columns as separate diagrams, with a box at the head and the foot of each where the tensor continues."""
    boxes = in_order(diagram)
    ends = [*(cut.after + 1 for cut in cuts), len(boxes)]
    starts = [0, *ends[:-1]]
    column = {box.id: sum(i >= end for end in ends) for i, box in enumerate(boxes)}
    # The last box of each column leads to the next column; other connections get letters.
    last = {boxes[end - 1].id for end in ends}
    lettered = [a for a in diagram.arrows if _is_lettered(a, column, last)]
    starting = {arrow.start for arrow in lettered}
    letters = dict(zip((box.id for box in boxes if box.id in starting), _letters(), strict=False))
    parts = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        part = _column(diagram, boxes[start:end], column, number)
        ports, arrows = _ports(
            [a for a in lettered if number in (column[a.start], column[a.end])], column, letters, number
        )
        clusters = tuple(_continued(each, boxes[:start]) for each in diagram.clusters if _holds(each, boxes[start:end]))
        parts.append(part.replace(boxes=(*part.boxes, *ports), arrows=(*part.arrows, *arrows), clusters=clusters))
    return parts


def _is_lettered(arrow: Arrow, column: dict[str, int], last: set[str]) -> bool:
    steps = column[arrow.end] - column[arrow.start]
    return steps > 1 or (steps == 1 and arrow.start not in last)


def _letters() -> Iterator[str]:
    """A, B, … Z, A1, B1, …"""
    for turn in count():
        yield from (letter + (str(turn) if turn else "") for letter in ascii_uppercase)


def _column(diagram: Diagram, boxes: tuple[Box, ...], column: dict[str, int], number: int) -> Diagram:
    """A column with the ports of the line that leads through it; without letters."""
    inside, arrows = list(boxes), [a for a in diagram.arrows if column[a.start] == column[a.end] == number]
    if number:
        before = [box.id for box in in_order(diagram) if column[box.id] == number - 1][-1]
        inside.insert(0, Box(id=HEAD, role=Role.PORT, rows=()))
        coming = [a for a in diagram.arrows if a.start == before and column[a.end] == number]
        arrows = [*(arrow.replace(start=HEAD, shape=None) for arrow in coming), *arrows]
    leaving = [a for a in diagram.arrows if a.start == boxes[-1].id and column[a.end] == number + 1]
    if leaving:
        shape = next((arrow.shape for arrow in leaving if arrow.shape), None)
        inside.append(Box(id=FOOT, role=Role.PORT, rows=()))
        arrows.append(Arrow(start=boxes[-1].id, end=FOOT, shape=shape, flow=Flow.MAIN))
    return diagram.replace(boxes=tuple(inside), arrows=tuple(arrows))


def _ports(
    arrows: list[Arrow], column: dict[str, int], letters: dict[str, str], number: int
) -> tuple[list[Box], list[Arrow]]:
    """The letters of a column: below each box whose output continues elsewhere, and above each box that reads it."""
    boxes: dict[str, Box] = {}
    found: dict[tuple[str, str], Arrow] = {}
    for arrow in arrows:
        if number not in (column[arrow.start], column[arrow.end]):
            continue
        letter = letters[arrow.start]
        row = BoxRow(words=letter, style="", hover=f"continues at {letter}")
        if column[arrow.start] == number:
            port = f"to{letter}"
            boxes[port] = Box(id=port, role=Role.OUTPUT, rows=(row,))
            found[arrow.start, port] = arrow.replace(end=port, flow=Flow.SKIP)
        else:
            port = f"from{letter}_{arrow.end}"
            boxes[port] = Box(id=port, role=Role.INPUT, rows=(row.replace(hover=f"continued from {letter}"),))
            found[port, arrow.end] = arrow.replace(start=port, shape=None, flow=Flow.SKIP)
    return list(boxes.values()), list(found.values())


def _holds(cluster: Cluster, boxes: tuple[Box, ...]) -> bool:
    return any(box.cluster[: len(cluster.path)] == cluster.path for box in boxes)


def _continued(cluster: Cluster, before: tuple[Box, ...]) -> Cluster:
    """A frame, marked if it started in a previous column."""
    if not _holds(cluster, before):
        return cluster
    return cluster.replace(title=f"{cluster.title} (continued)".strip())


def join(
    drawings: list[Drawing], places: list[dict[str, Rectangle]], heading: Drawing | None, style: DiagramStyle
) -> Drawing:
    """The columns side by side, under a heading; `places` are the positions of the boxes of each."""
    parts: list[ShapeGroup] = []
    left = 0.0
    previous_foot: Point | None = None
    for drawing, boxes in zip(drawings, places, strict=True):
        if previous_foot is not None:
            head = boxes[HEAD].middle[0] + left, boxes[HEAD].middle[1]
            gutter = left - _GUTTER / 2
            parts.append(ShapeGroup(shapes=(_lead(previous_foot, head, gutter, style),)))
        parts += [part.replace(shapes=tuple(moved(s, (left, 0)) for s in part.shapes)) for part in drawing.parts]
        previous_foot = (boxes[FOOT].middle[0] + left, boxes[FOOT].middle[1]) if FOOT in boxes else None
        left += drawing.width + _GUTTER
    if heading is not None:
        middle = (left - _GUTTER - heading.width) / 2
        step = middle, -heading.height - 2 * _MARGIN
        parts += [part.replace(shapes=tuple(moved(s, step) for s in part.shapes)) for part in heading.parts]
    first = drawings[0]
    return framed(parts, _MARGIN, first.background, first.title, first.description)


def _lead(foot: Point, head: Point, gutter: float, style: DiagramStyle) -> Polyline:
    """The line from the foot of a column through the gutter to the head of the next."""
    low, high = foot[1] + _MARGIN, head[1] - _MARGIN
    points = foot, (foot[0], low), (gutter, low), (gutter, high), (head[0], high), head
    return Polyline(points=points, color=style.theme.line)
