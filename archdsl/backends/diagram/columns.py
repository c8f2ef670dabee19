"""A picture that is taller than a page, set in columns like a long text.

It is cut where one tensor flows on, the parts are laid out by themselves, and a line leads from the foot of each column
to the head of the next.
"""

from math import sqrt

from ...record import Record
from .dot import write_dot, write_heading
from .drawing import Drawing, Line, Part, Point, framed, moved
from .engine import draw
from .layout import Rectangle, best_arrangement, first_drawn
from .picture import FOOT, HEAD, Arrow, Box, Cluster, Flow, Picture, Role
from .style import Style
from .xdot import read_drawing, read_places

PAGE = 760
"""How tall a picture may be, in points, before it is set in columns: as tall as the text of a page."""
_RATIO = sqrt(2)
"""Height to width of the pages that most of the world prints on."""
_TALLEST, _ROW = 60, 24
"""More than a box with its arrow takes, in points, and than each of its rows."""
_OPEN = 0.6
_GUTTER = 44
_MARGIN = 8


def may_need(picture: Picture, style: Style) -> bool:
    """Whether a picture may be too tall for one column: whether it could be, with each box below the one before."""
    if style.columns is not None or style.direction != "TB":
        return style.direction == "TB" and style.columns != 1
    return sum(_TALLEST + _ROW * len(box.rows) for box in picture.boxes) > PAGE


def set_columns(picture: Picture, style: Style) -> Drawing | None:
    """The picture in columns; None where one is enough, or there is nowhere to cut. Raises CannotDraw."""
    _, layout = first_drawn(lambda arrangement: draw(write_dot(picture, style, arrangement), "json"))
    whole = read_drawing(layout, picture, style.theme.background)
    columns = how_many(whole.width, whole.height) if style.columns is None else style.columns
    bottoms = {name: place.bottom for name, place in read_places(layout).items()}
    cuts = choose_cuts(find_cuts(picture, bottoms), whole.height, columns)
    if not cuts:
        return None
    plain = style.replace(caption=False, legend=False)
    drawings, places = [], []
    for part in split(picture, cuts):
        layout = draw(write_dot(part, plain, best_arrangement(part, plain)), "json")
        drawings.append(read_drawing(layout, part, style.theme.background))
        places.append(read_places(layout))
    heading = write_heading(picture, style)
    above = read_drawing(draw(heading, "json"), picture, style.theme.background) if heading else None
    return join(drawings, places, above, style)


class Cut(Record):
    """A place to cut: after so many boxes, `depth` frames deep, so far below the top of the picture."""

    after: int
    depth: int
    below: float


def in_order(picture: Picture) -> tuple[Box, ...]:
    """The boxes as they run: inputs first, outputs last."""
    rank = {Role.INPUT: 0, Role.OUTPUT: 2}
    return tuple(sorted(picture.boxes, key=lambda box: rank.get(box.role, 1)))


def find_cuts(picture: Picture, bottoms: dict[str, float]) -> list[Cut]:
    """Where a picture can be cut: between two boxes of which only the first leads on to what comes after.

    `bottoms` says how far down each box reaches.
    """
    boxes = in_order(picture)
    place = {box.id: i for i, box in enumerate(boxes)}
    reach = [-1] * len(boxes)
    for arrow in picture.arrows:
        start = place[arrow.start]
        reach[start] = max(reach[start], place[arrow.end])
    cuts, farthest, lowest = [], -1, 0.0
    for i, box in enumerate(boxes[:-1]):
        lowest = max(lowest, bottoms.get(box.id, 0.0))
        if farthest <= i < reach[i] and box.role is not Role.INPUT:
            cuts.append(Cut(after=i, depth=_shared(picture, box, boxes[i + 1]), below=lowest))
        farthest = max(farthest, reach[i])
    return cuts


def _shared(picture: Picture, one: Box, other: Box) -> int:
    """In how many frames two boxes stand together."""
    paths = {cluster.path for cluster in picture.clusters}
    shared = 0
    for length in range(1, min(len(one.cluster), len(other.cluster)) + 1):
        if one.cluster[:length] != other.cluster[:length]:
            break
        shared += one.cluster[:length] in paths
    return shared


def choose_cuts(cuts: list[Cut], height: float, columns: int) -> list[Cut]:
    """Fewer cuts than columns, so that the tallest is as short as they allow; between frames if possible."""
    if columns < 2 or not cuts:
        return []
    limit = height / columns
    while True:
        chosen = _fill(cuts, height, limit)
        if chosen is not None and len(chosen) < columns:
            return chosen
        limit *= 1.03


def _fill(cuts: list[Cut], height: float, limit: float) -> list[Cut] | None:
    """Columns of at most this height, filled one after the other; None where something is taller."""
    chosen: list[Cut] = []
    top = 0.0
    while height - top > limit:
        within = [cut for cut in cuts if top < cut.below <= top + limit]
        if not within:
            return None
        # The last part of a column is open to where fewer frames are cut.
        late = [cut for cut in within if cut.below > top + _OPEN * limit] or within[-1:]
        best = min(late, key=lambda cut: (cut.depth, -cut.below))
        chosen.append(best)
        top = best.below
    return chosen


def how_many(width: float, height: float) -> int:
    """The number of columns with which a picture comes nearest to the form of a page."""
    if height <= PAGE:
        return 1
    return max(2, round(sqrt(height / _RATIO / (width + _GUTTER))))


def split(picture: Picture, cuts: list[Cut]) -> list[Picture]:
    """The columns as pictures of their own, with a box at the head and the foot of each where the tensor goes on."""
    boxes = in_order(picture)
    ends = [*(cut.after + 1 for cut in cuts), len(boxes)]
    starts = [0, *ends[:-1]]
    return [_column(picture, boxes, start, end) for start, end in zip(starts, ends, strict=True)]


def _column(picture: Picture, boxes: tuple[Box, ...], start: int, end: int) -> Picture:
    place = {box.id: i for i, box in enumerate(boxes)}
    inside = list(boxes[start:end])
    arrows: list[Arrow] = []
    for arrow in picture.arrows:
        source, target = place[arrow.start], place[arrow.end]
        if start <= source and target < end:
            arrows.append(arrow)
        elif source < start <= target < end:
            arrows.append(arrow.replace(start=HEAD, shape=None))
    leaving = [a for a in picture.arrows if start <= place[a.start] < end <= place[a.end]]
    if start:
        inside.insert(0, Box(id=HEAD, role=Role.PORT, rows=()))
    if end < len(boxes):
        shape = next((arrow.shape for arrow in leaving if arrow.shape), None)
        inside.append(Box(id=FOOT, role=Role.PORT, rows=()))
        arrows.append(Arrow(start=leaving[0].start, end=FOOT, shape=shape, flow=Flow.MAIN))
    clusters = tuple(_continued(picture, each, boxes[:start]) for each in picture.clusters if _holds(each, inside))
    return picture.replace(boxes=tuple(inside), arrows=tuple(arrows), clusters=clusters)


def _holds(cluster: Cluster, boxes: list[Box]) -> bool:
    return any(box.cluster[: len(cluster.path)] == cluster.path for box in boxes)


def _continued(picture: Picture, cluster: Cluster, before: tuple[Box, ...]) -> Cluster:
    """A frame, with the word for one that began in a column before."""
    if not _holds(cluster, list(before)):
        return cluster
    return cluster.replace(title=f"{cluster.title} (continued)".strip())


def join(drawings: list[Drawing], places: list[dict[str, Rectangle]], heading: Drawing | None, style: Style) -> Drawing:
    """The columns beside each other, under a heading; `places` are those of the boxes of each."""
    parts: list[Part] = []
    left = 0.0
    feet: Point | None = None
    for drawing, boxes in zip(drawings, places, strict=True):
        if feet is not None:
            head = boxes[HEAD].middle[0] + left, boxes[HEAD].middle[1]
            gutter = left - _GUTTER / 2
            parts.append(Part(shapes=(_lead(feet, head, gutter, style),)))
        parts += [part.replace(shapes=tuple(moved(s, (left, 0)) for s in part.shapes)) for part in drawing.parts]
        feet = (boxes[FOOT].middle[0] + left, boxes[FOOT].middle[1]) if FOOT in boxes else None
        left += drawing.width + _GUTTER
    if heading is not None:
        middle = (left - _GUTTER - heading.width) / 2
        step = middle, -heading.height - 2 * _MARGIN
        parts += [part.replace(shapes=tuple(moved(s, step) for s in part.shapes)) for part in heading.parts]
    first = drawings[0]
    return framed(parts, _MARGIN, first.background, first.title, first.description)


def _lead(foot: Point, head: Point, gutter: float, style: Style) -> Line:
    """The line from the foot of a column through the gutter to the head of the next."""
    low, high = foot[1] + _MARGIN, head[1] - _MARGIN
    points = foot, (foot[0], low), (gutter, low), (gutter, high), (head[0], high), head
    return Line(points=points, colour=style.theme.line)
