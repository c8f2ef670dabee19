"""A block or stage in detail beside an overview of the network, as in the papers on ResNet and the Transformer."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from ...analysis.cost import Costs
from ...graph import Graph
from ...text.names import suggested
from .boxes import UNNAMED_SCOPES
from .build import ViewOptions, build_diagram, diagram_graph
from .drawing import Curve, Drawing, Point, ShapeGroup, TextLabel, bounds, framed, moved
from .engine import CannotDraw
from .figure import Arrow, Box, BoxRow, Cluster, Diagram, Role
from .figure_options import DiagramStyle
from .graphviz_layout import best_layout
from .view import View
from .xdot import read_drawing

Path = tuple[str, ...]
Area = tuple[float, float, float, float]
"""Left, top, right and bottom."""
Leaders = tuple[tuple[Point, ...], ...]
"""The two lines from a box to its detail."""
MARK = "_detail"
"""Suffix of the ids of the boxes of a detail."""
_APART, _PAD, _MARGIN, _CORNER = 34.0, 8.0, 7.2, 8.0
"""Points between overview and detail, between the detail and its frame, around the figure; the corners of the frame."""


class Detail:
    """A part of a network in detail: its diagram, and the box of the overview that contains it."""

    def __init__(self, graph: Graph, costs: Costs, view_options: ViewOptions) -> None:
        name = view_options.detail or ""
        whole = diagram_graph(graph)
        scopes = _scopes(whole, name)
        self.overview = build_diagram(graph, costs, view_options)
        layers = build_diagram(graph, costs, view_options.replace(view=View.LAYERS, expand=(), title=None, field=None))
        found = next(_closed(self.overview, whole, scopes), None)
        if found is None:
            shown = f"the view `{view_options.view}` already shows what is inside `{name}`"
            raise CannotDraw(shown + (", which is expanded" if view_options.expand else ""))
        self.owner, scope = found
        nodes = frozenset(node.id for node in whole.nodes if _inside(whole, node.id, scope))
        self.diagram = _part(layers, nodes)
        if len([box for box in self.diagram.boxes if box.rows and box.rows[0].nodes]) < 2:
            raise CannotDraw(f"`{name}` is a single box of layers, which the overview shows")
        self.title = _title(whole, scope)


def _scopes(graph: Graph, name: str) -> list[Path]:
    """The stages and blocks with a name, and the uses of a block. Raises CannotDraw."""
    whole = tuple(name.split("."))
    found = [path for path, kind in graph.scopes.items() if path[-len(whole) :] == whole or kind == name]
    found = [path for path in found if graph.scopes[path] != "branch"]
    if not found:
        known = {*graph.scopes.values(), *(path[-1] for path in graph.scopes)} - UNNAMED_SCOPES
        raise CannotDraw(f"there is no block or stage `{name}` to show in detail{suggested(name, known)}")
    return found


def _inside(graph: Graph, node: int, scope: Path) -> bool:
    return graph.nodes[node].path[: len(scope)] == scope


def _closed(overview: Diagram, graph: Graph, scopes: list[Path]) -> Iterator[tuple[Box, Path]]:
    """The scopes that are inside a single box of a view, in order, with the box."""
    owner = {node: box for box in overview.boxes for row in box.rows for node in row.nodes}
    for scope in scopes:
        inside = [node.id for node in graph.nodes if _inside(graph, node.id, scope)]
        boxes = {owner[node].id for node in inside if node in owner}
        if len(boxes) == 1 and owner[inside[0]].role is Role.GROUP:
            yield owner[inside[0]], scope


def _title(graph: Graph, scope: Path) -> str:
    """The name of what is shown: a block with its place, because its other uses may differ."""
    kind, name = graph.scopes[scope], ".".join(scope)
    return name if kind in UNNAMED_SCOPES else f"{kind} ({name})"


def _part(layers: Diagram, nodes: frozenset[int]) -> Diagram:
    """The boxes of a diagram that stand for some of the nodes, with a port for each tensor from or to others."""
    inside = {box.id: box for box in layers.boxes if any(nodes.intersection(row.nodes) for row in box.rows)}
    around = _common([box.cluster for box in inside.values()])
    inside |= {box.id: box for box in layers.boxes if box.role is Role.ENTRY and box.cluster[: len(around)] == around}
    ports: dict[str, Box] = {}
    arrows: list[Arrow] = []
    for arrow in layers.arrows:
        starts, ends = arrow.start in inside, arrow.end in inside
        if not (starts or ends):
            continue
        start, end = f"{arrow.start}{MARK}", f"{arrow.end}{MARK}"
        if not starts:
            start = f"in{arrow.source}{MARK}"
            ports[start] = _port(start, Role.INPUT, "in")
        if not ends:
            end = f"out{arrow.source}{MARK}"
            if end in ports:
                continue  # one arrow to the outside for each tensor
            ports[end] = _port(end, Role.OUTPUT, "out")
        arrows.append(arrow.replace(start=start, end=end))
    boxes = [
        box.replace(
            id=f"{box.id}{MARK}", cluster=("detail", *box.cluster), rows=tuple(_own(row, nodes) for row in box.rows)
        )
        for box in inside.values()
    ]
    frames = [_inner(frame) for frame in layers.clusters if _contains(frame, inside) and len(frame.path) > len(around)]
    order = [port for port in ports.values() if port.role is Role.INPUT], boxes, list(ports.values())
    everything = tuple(dict.fromkeys([*order[0], *order[1], *order[2]]))
    return layers.replace(boxes=everything, arrows=tuple(arrows), clusters=tuple(frames), note="", caption="", title="")


def _own(row: BoxRow, nodes: frozenset[int]) -> BoxRow:
    """A layer without its repetitions in other uses of the block."""
    own = [index for index, node in enumerate(row.nodes) if node in nodes]

    def some(numbers: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(numbers[index] for index in own) if len(numbers) == len(row.nodes) else numbers

    return row.replace(
        nodes=tuple(row.nodes[index] for index in own), parameters=some(row.parameters), macs=some(row.macs)
    )


def _inner(frame: Cluster) -> Cluster:
    return frame.replace(path=("detail", *frame.path))


def _contains(frame: Cluster, inside: dict[str, Box]) -> bool:
    return any(box.cluster[: len(frame.path)] == frame.path for box in inside.values())


def _common(paths: list[Path]) -> Path:
    """The common prefix of paths."""
    length = 0
    while all(len(path) > length for path in paths) and len({path[length] for path in paths}) == 1:
        length += 1
    return paths[0][:length]


def _port(name: str, role: Role, words: str) -> Box:
    return Box(id=name, role=role, rows=(BoxRow(words=words, style="", hover=words),))


def draw_detail(detail: Detail, style: DiagramStyle) -> Drawing:
    """The detail without its frame. Raises CannotDraw."""
    plain = style.replace(caption=False, legend=False, columns=1)
    _, layout = best_layout(detail.diagram, plain)
    made = read_drawing(layout, detail.diagram, style.theme.background)
    return framed(list(made.parts), 0, made.background, made.title, made.description)


def composed(overview: Drawing, inner: Drawing, detail: Detail, style: DiagramStyle, *, side_by_side: bool) -> Drawing:
    """An overview and a detail beside or below it in a frame, with lines from the box that contains it.

    The detail is to the right of the overview, or to the left if the lines cross fewer boxes so.
    """
    theme, size = style.theme, style.fonts.titles
    boxes = _boxes(overview)
    box = boxes[detail.owner.id]
    left, top, right, bottom = bounds(list(overview.parts))
    wide, high = inner.width + 2 * _PAD, inner.height + 2 * _PAD + size + 6
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    if side_by_side:
        y = _within(middle[1] - high / 2, top, bottom - high)
        sides = [
            (right + _APART, _leaders(box[2], right, right + _APART, (box[1], box[3]), (y, y + high))),
            (left - _APART - wide, _leaders(box[0], left, left - _APART, (box[1], box[3]), (y, y + high))),
        ]
        x, ends = min(
            ((each, lines) for bend in (False, True) for each, found in sides for lines in [found[bend]]),
            key=lambda each: _crossed(each[1], boxes),
        )
    else:
        x = _within(middle[0] - wide / 2, left, right - wide)
        y = bottom + _APART
        ends = ((box[0], box[3]), (x, y)), ((box[2], box[3]), (x + wide, y))
    frame = _frame((x, y), (x + wide, y + high), theme.line)
    title = TextLabel(at=(x + wide / 2, y + size + 3), text=detail.title, color=theme.note, size=size, bold=True)
    step = x + _PAD, y + _PAD + size + 6
    parts = [part.replace(shapes=tuple(moved(shape, step) for shape in part.shapes)) for part in inner.parts]
    lines = tuple(_dashed(line, theme.skip) for line in ends)
    # The lines are above the frames of stages and below boxes and labels.
    frames = [part for part in overview.parts if isinstance(part.of, Cluster)]
    others = [part for part in overview.parts if not isinstance(part.of, Cluster)]
    everything = [*frames, ShapeGroup(shapes=lines), *others, ShapeGroup(shapes=(frame, title)), *parts]
    return framed(everything, _MARGIN, overview.background, overview.title, overview.description)


def _boxes(drawing: Drawing) -> dict[str, Area]:
    """The left, top, right and bottom of each box, by its ID."""
    found: dict[str, list[ShapeGroup]] = {}
    for part in drawing.parts:
        if isinstance(part.of, Box):
            found.setdefault(part.of.id, []).append(part)
    return {name: bounds(parts) for name, parts in found.items()}


def _leaders(
    start: float, edge: float, end: float, heights: tuple[float, float], ends: tuple[float, float]
) -> tuple[Leaders, Leaders]:
    """The lines from the side of a box to the side of the detail, straight or bent at the edge of the overview."""
    pairs = list(zip(heights, ends, strict=True))
    straight = tuple(((start, y), (end, y_end)) for y, y_end in pairs)
    bent = tuple(((start, y), (edge, y), (end, y_end)) for y, y_end in pairs)
    return straight, bent


def _crossed(leaders: Leaders, boxes: Mapping[str, Area]) -> int:
    """How many boxes the lines cross, counted for each segment."""
    return sum(crosses(*segment, area) for line in leaders for segment in pairwise(line) for area in boxes.values())


def crosses(start: Point, end: Point, area: Area) -> bool:
    """Whether a line passes through the inside of a rectangle (Liang & Barsky, 1984)."""
    low, high = 0.0, 1.0
    for axis in (0, 1):
        before, step = start[axis], end[axis] - start[axis]
        least, greatest = area[axis], area[axis + 2]
        if step == 0:
            if not least < before < greatest:
                return False
            continue
        ends = sorted(((least - before) / step, (greatest - before) / step))
        low, high = max(low, ends[0]), min(high, ends[1])
    return low < high


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(value, high)) if high >= low else (low + high) / 2


def _dashed(line: tuple[Point, ...], color: str) -> Curve:
    points = line[:1] + tuple(point for start, end in pairwise(line) for point in (start, end, end))
    return Curve(points=points, line=color, width=0.6, dashed=True)


def _frame(low: Point, high: Point, color: str) -> Curve:
    """A dashed rectangle with rounded corners."""
    (left, top), (right, bottom), r = low, high, _CORNER
    points: list[Point] = [(left + r, top), (left + r, top), (right - r, top), (right - r, top)]
    points += [(right, top), (right, top), (right, top + r), (right, top + r), (right, bottom - r), (right, bottom - r)]
    points += [(right, bottom), (right, bottom), (right - r, bottom), (right - r, bottom), (left + r, bottom)]
    points += [(left + r, bottom), (left, bottom), (left, bottom), (left, bottom - r), (left, bottom - r)]
    points += [(left, top + r), (left, top + r), (left, top), (left, top), (left + r, top)]
    return Curve(points=tuple(points), line=color, width=0.8, dashed=True)
