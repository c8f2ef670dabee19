"""Draw what is next to a row of volumes: skips, branches as small stacks with their labels, letters."""

from collections.abc import Iterator

from ...graph.figure_settings import TRANSPARENT
from ...record import Record
from ...shapes.shape import Shape as TensorShape
from ...shapes.symbolic import concrete
from .drawing import Point, Polygon, Polyline, Shape, ShapeGroup, TextLabel
from .figure import Arrow, Box, Flow, Role
from .font_metrics import width_of
from .side_paths import SidePath
from .theme import Theme, mixed
from .volumes import Volume, slice_colors

SMALL = 8.0
_ASIDE = 8.0
"""Points between the line of a side path with one end and its label."""
_SPACING = 8.0
"""Points between levels."""
_SLICE, _BETWEEN, _LOW, _HIGH = 4.0, 3.0, 6.0, 16.0
"""The thickness of a layer in a small stack, the gap between stacks, their smallest and largest height."""
_MOST = 16
"""The largest number of small stacks on the line of a branch; if there are more, none are drawn."""
_LETTER = 10.0
"""The width of a letter with its arrow."""
_RISE = 14.0
"""The height of letters above the label of a branch."""


class _Placed(Record):
    """A side path with the corners of its line, and the extent of what is on it."""

    path: SidePath
    points: tuple[Point, ...]
    middle: float
    """The middle of its label: beside the line of a side path with one end, so that others lead past it."""
    width: float
    left: float
    right: float


def draw_side_paths(
    side_paths: tuple[SidePath, ...], row: list[Volume], names: list[TextLabel], top: float, theme: Theme
) -> list[tuple[SidePath, float, list[ShapeGroup]]]:
    """Arrows over the boxes that they bypass, shorter ones lower: each with its highest point and its shapes.

    `names` are the labels of the boxes; arrows start and end above them.
    """
    levels: list[list[_Placed]] = []
    first: dict[tuple[str, int], SidePath] = {}
    found: list[tuple[SidePath, float, list[ShapeGroup]]] = []
    for path in side_paths:
        if path.end is not None and path.entries and not path.boxes:
            # Boxes with a common label share the letter, too.
            key = path.entries[0].letter, id(names[path.end])
            if first.setdefault(key, path) is not path:
                arrow = Arrow(start=path.entries[0].id, end=row[path.end].box.id, flow=Flow.BRANCH)
                found.append((path, top, [ShapeGroup(shapes=(), of=path.entries[0]), ShapeGroup(shapes=(), of=arrow)]))
                continue
        placed = _placed(path, row, names, theme)
        free = (level for level in levels if all(placed.right <= a.left or a.right <= placed.left for a in level))
        level = next(free, None)
        if level is None:
            levels.append(level := [])
        level.append(placed)
    longest = max((_length(volume.box.shape) for volume in row), default=1)
    height = top - 8
    for level in levels:
        rises = [_label_height(each.path, longest) for each in level]
        # The line of a branch is in the middle of its stacks.
        lift = max((_stack_height(box.shape, longest) / 2 for each in level for box in each.path.boxes), default=0.0)
        for each in level:
            shapes = list(_shapes(each, row, height - lift, longest, theme))
            found.append((each.path, height - lift - _label_height(each.path, longest), shapes))
        height -= lift + _SPACING + max(rises)
    return found


def _placed(path: SidePath, row: list[Volume], names: list[TextLabel], theme: Theme) -> _Placed:
    """Where a side path runs; an input comes from above, and an output leaves upward."""
    # Above the box itself: its label may stand for several boxes.
    start = () if path.start is None else ((row[path.start].top_middle + 2, names[path.start].at[1] - SMALL),)
    end = () if path.end is None else ((row[path.end].top_middle - 2, names[path.end].at[1] - SMALL),)
    near = row[min(path.near, len(row) - 1)]
    points = (*start, *end) or (((near.left + near.right) / 2, 0.0),)
    xs = [x for x, _ in points]
    width = _width(path, theme)
    middle = (min(xs) + max(xs)) / 2
    if len(points) == 1 and path.near_end is not None:
        middle += (_ASIDE + width / 2) * (1 if path.end is None else -1)
    left, right = min(*xs, middle - width / 2) - 3, max(*xs, middle + width / 2) + 3
    return _Placed(path=path, points=points, middle=middle, width=width, left=left, right=right)


def _width(path: SidePath, theme: Theme) -> float:
    stacks = sum(width + _BETWEEN for _, width, _ in _stacks(path, 1, theme))
    return max(width_of(path.label, SMALL), stacks, _LETTER * (len(path.entries) + len(path.exits)))


def _length(shape: TensorShape | None) -> int:
    """The longest spatial dimension; 1 for a vector."""
    return max((concrete(side) for side in shape.spatial_size), default=1) if shape is not None else 1


def _stack_height(shape: TensorShape | None, longest: int) -> float:
    part: float = min(1.0, _length(shape) / longest) ** 0.6
    return _LOW + (_HIGH - _LOW) * part


def _stacks(path: SidePath, longest: int, theme: Theme) -> list[tuple[list[str], float, float]]:
    """The colors of the layers of each box on a side path, with the width and the height of its small stack."""
    boxes = [box for box in path.boxes if box.role not in (Role.INPUT, Role.OUTPUT, Role.MERGE, Role.ENTRY)]
    if len(boxes) > _MOST:
        return []
    colors = [slice_colors(box, theme) for box in boxes]
    heights = [_stack_height(box.shape, longest) for box in boxes]
    return [(each, _SLICE * len(each), height) for each, height in zip(colors, heights, strict=True)]


def _label_height(path: SidePath, longest: int) -> float:
    """How far the label and the letters reach above the line."""
    words = SMALL + 4 + max(_stack_height(box.shape, longest) for box in path.boxes) / 2 if path.boxes else 0.0
    return words + _RISE * bool(path.entries or path.exits)


def _shapes(placed: _Placed, row: list[Volume], height: float, longest: int, theme: Theme) -> Iterator[ShapeGroup]:
    path = placed.path
    yield from _lines(placed, row, height, theme)
    if path.boxes:
        yield _words(placed, height, longest, theme)
    yield from _letters(placed, row, height, longest, theme)


def _lines(placed: _Placed, row: list[Volume], height: float, theme: Theme) -> Iterator[ShapeGroup]:
    """The arrow of a skip; for a branch, the line to its label and the arrow from there."""
    path, middle = placed.path, placed.middle
    start, end = (None if index is None else row[index].box.id for index in (path.start, path.end))
    ends = list(placed.points)
    # With one end, the line leads to the edge of the label, else to its middle.
    aside = middle - placed.width / 2 - 1 if path.end is None else middle + placed.width / 2 + 1
    target_x = aside if len(ends) == 1 else middle
    first = ends[0] if start is not None else None
    last = ends[-1] if end is not None else None
    if first is not None and last is not None and start is not None and end is not None and not path.boxes:
        points = first, (first[0], height), (last[0], height), last
        line = Polyline(points=points, color=theme.skip, arrow=True)
        yield ShapeGroup(shapes=(line,), of=Arrow(start=start, end=end, flow=Flow.SKIP))
        return
    if first is not None and start is not None:
        target = path.box.id if path.boxes else path.exits[0].id
        line = Polyline(points=_corner(first, target_x, height), color=theme.skip, arrow=last is None)
        yield ShapeGroup(shapes=(line,), of=Arrow(start=start, end=target, flow=Flow.BRANCH))
    if last is not None and end is not None:
        source = path.box.id if path.boxes else path.entries[0].id
        line = Polyline(points=_corner(last, target_x, height)[::-1], color=theme.skip, arrow=True)
        yield ShapeGroup(shapes=(line,), of=Arrow(start=source, end=end, flow=Flow.BRANCH))


def _corner(end: Point, middle: float, height: float) -> tuple[Point, ...]:
    """The line from a box of the row up to a level and along it."""
    return (end, (end[0], height), (middle, height)) if abs(end[0] - middle) > 0.01 else (end, (end[0], height))


def _words(placed: _Placed, height: float, longest: int, theme: Theme) -> ShapeGroup:
    """The small stacks of a branch on its line, below its label, with a background that hides the lines behind."""
    path, middle = placed.path, placed.middle
    stacks = _stacks(path, longest, theme)
    shapes: list[Shape] = []
    tall = max((high for _, _, high in stacks), default=0.0)
    x = middle - (sum(width + _BETWEEN for _, width, _ in stacks) - _BETWEEN) / 2
    for colors, width, high in stacks:
        for index, color in enumerate(colors):
            left, right = x + index * _SLICE, x + (index + 1) * _SLICE
            low, top = height + high / 2, height - high / 2
            face = ((left, top), (right, top), (right, low), (left, low))
            shapes.append(Polygon(points=face, fill=color, line=mixed(color, theme.text, 0.45)))
        x += width + _BETWEEN
    half, low = width_of(path.label, SMALL) / 2 + 1, height - 2 - tall / 2
    corners = ((middle - half, low - SMALL), (middle + half, low - SMALL), (middle + half, low), (middle - half, low))
    label = TextLabel(at=(middle, low - 1.5), text=path.label, color=theme.note, size=SMALL)
    ground = Polygon(points=corners, fill=theme.background, line=theme.background)
    shapes = [*shapes, label] if theme.background == TRANSPARENT else [ground, *shapes, label]
    return ShapeGroup(shapes=tuple(shapes), hover=path.hover, of=path.box)


def _letters(placed: _Placed, row: list[Volume], height: float, longest: int, theme: Theme) -> Iterator[ShapeGroup]:
    """The letters above the label of a branch, with arrows to it and from it; or at the end of a line."""
    path = placed.path
    ports = [*((port, True) for port in path.entries), *((port, False) for port in path.exits)]
    if not path.boxes:
        yield from (_letter(port, (placed.middle, height - 2), theme) for port, _ in ports)
        return
    base = height - (_label_height(path, longest) - _RISE) - 1
    x = placed.middle - _LETTER * (len(ports) - 1) / 2
    for port, enters in ports:
        yield _letter(port, (x, base - 6), theme)
        ends = ((x, base - 5), (x, base + 1))
        line = Polyline(points=ends if enters else ends[::-1], color=theme.skip, arrow=True, tip=3)
        pair = (port.id, path.box.id) if enters else (path.box.id, port.id)
        yield ShapeGroup(shapes=(line,), of=Arrow(start=pair[0], end=pair[1], flow=Flow.BRANCH))
        x += _LETTER


def _letter(port: Box, at: Point, theme: Theme) -> ShapeGroup:
    label = TextLabel(at=at, text=port.rows[0].words, color=theme.note, size=SMALL, bold=True)
    return ShapeGroup(shapes=(label,), hover=port.rows[0].hover, of=port)
