"""Draw volumes: faces, kernel windows, names, skips, a legend."""

from collections.abc import Callable, Iterator
from itertools import groupby
from math import cos, pi, sin

from ...graph.figure_settings import TRANSPARENT
from ...shapes.symbolic import concrete
from .drawing import Drawing, Point, Polygon, Polyline, Shape, ShapeGroup, TextLabel, bounds, framed
from .engine import CannotDraw
from .figure import Arrow, Box, Diagram, Flow
from .figure_options import SYMBOLS, DiagramStyle
from .font_metrics import width_of
from .labels import shape_words
from .legend import legend_rows
from .rails import Rail, rails
from .theme import Theme, mixed
from .volume_rows import VolumeRow, split_rows, stacked
from .volumes import DEPTH_OFFSET, Rectangle, Volume, groups, volumes

MARGIN = 7.2
SMALL, PLAIN = 8.0, 9.0


def draw_volumes(diagram: Diagram, style: DiagramStyle, geometry: float = 1.0, rows: int = 1) -> Drawing:
    """The tensors of a diagram along its longest path, from left to right, and above them the parallel paths.

    `geometry` scales the boxes without their text; `rows` is the number of rows. Raises CannotDraw if a branch splits
    or merges, if several boxes are repeated together, or if there are fewer places for a new row.
    """
    if repeated := [cluster.times for cluster in diagram.clusters if cluster.times > 1]:
        raise CannotDraw(
            f"several layers are repeated together {max(repeated)} times, which the view `volumes` cannot show: "
            "use the view `blocks` or `stages`"
        )
    found = volumes(diagram, style.theme, geometry)
    split = split_rows(found, rails(diagram, [volume.box for volume in found]), rows)
    parts = stacked([_row(row, style.theme) for row in split], split, style.theme)
    parts = _heading(diagram, found, parts, style.replace(legend=style.legend is not False))
    return framed(parts, MARGIN, style.theme.background, diagram.title, diagram.description)


def _row(row: VolumeRow, theme: Theme) -> list[ShapeGroup]:
    """A row of volumes around the axis y = 0, with its labels and rails."""
    found, parts = list(row.volumes), []
    for index, volume in enumerate(found):
        if index:
            arrow = Arrow(start=found[index - 1].box.id, end=volume.box.id)
            parts.append(ShapeGroup(shapes=_connection(found[index - 1], volume, theme), of=arrow))
        parts.append(_solid(volume, theme))
    taken = [strip for volume in found for strip in volume.outline()]
    parts += _shapes(found, taken, theme)
    ends = {found[index].box.id for rail in row.rails for index in (rail.start, rail.end) if index is not None}
    named, names = _names(found, ends, taken, theme)
    parts += names
    top = min(top for _, top, _, _ in taken)
    return parts + _rails(row, [named[volume.box.id] for volume in found], top, theme)


def _solid(volume: Volume, theme: Theme) -> ShapeGroup:
    """The visible faces: the front and the top of each slice, the right side of the last."""
    hover = "\n".join(row.hover for row in volume.box.rows)
    if volume.round:
        return ShapeGroup(shapes=_circle(volume, theme), hover=hover, of=volume.box)
    shapes, left, chief = [], volume.left, volume.slices[0][1]
    offset = (volume.depth * DEPTH_OFFSET[0], volume.depth * DEPTH_OFFSET[1])
    height = volume.height / 2
    for index, (size, color) in enumerate(volume.slices):
        right, line = left + size, mixed(color, theme.ink, 0.45)
        a, b, c, d = (
            _front(volume, x, y) for x, y in ((left, -height), (right, -height), (right, height), (left, height))
        )
        shapes.append(Polygon(points=(a, b, c, d), fill=color, line=line))
        top = (a, _plus(a, offset), _plus(b, offset), b)
        shapes.append(Polygon(points=top, fill=mixed(color, "#ffffff", 0.3), line=line))
        if index == len(volume.slices) - 1:
            side = (b, _plus(b, offset), _plus(c, offset), c)
            shapes.append(Polygon(points=side, fill=mixed(chief, "#000000", 0.14), line=mixed(chief, theme.ink, 0.45)))
        left = right
    return ShapeGroup(shapes=tuple(shapes), hover=hover, of=volume.box)


def _front(volume: Volume, x: float, y: float) -> Point:
    """A point of the front face, which is shifted to the left of the center."""
    return x - volume.overhang, y - volume.depth * DEPTH_OFFSET[1] / 2


def _plus(point: Point, step: Point) -> Point:
    return point[0] + step[0], point[1] + step[1]


def _circle(volume: Volume, theme: Theme) -> tuple[Polygon | TextLabel, ...]:
    middle, radius = volume.left + volume.thickness / 2, volume.thickness / 2
    angles = [2 * pi * step / 32 for step in range(32)]
    points = tuple((middle + radius * cos(angle), radius * sin(angle)) for angle in angles)
    sign = SYMBOLS[volume.box.rows[0].words]
    return (
        Polygon(points=points, fill=theme.end, line=theme.line),
        TextLabel(at=(middle, 4.2), text=sign, color=theme.ink, size=12),
    )


def _connection(before: Volume, after: Volume, theme: Theme) -> tuple[Shape, ...]:
    """The connection of two boxes: a kernel window that narrows to a point, or else an arrow; none if they touch."""
    if before.is_close_to(after):
        return ()
    end = (after.left - after.overhang, 0.0)
    kernel = after.box.rows[0].kernel
    shape = before.box.shape
    if before.round or shape is None or len(kernel) != 2 or max(kernel) < 2 or len(shape.spatial_size) != 2:
        start = (before.right, 0.0)
        return (Polyline(points=(start, end), color=theme.line, arrow=True),)
    window = _window(before, (kernel[0] / concrete(shape.spatial_size[0]), kernel[1] / concrete(shape.spatial_size[1])))
    lines = tuple(Polyline(points=(corner, end), color=theme.line, width=0.5) for corner in window)
    return (Polygon(points=window, fill=theme.end, line=theme.line, width=0.5), *lines)


def _window(volume: Volume, part: tuple[float, float]) -> tuple[Point, ...]:
    """A window in the middle of the right face, with these fractions of its height and depth."""
    height, depth = (max(0.08, min(1.0, each)) / 2 for each in part)
    x, y = volume.right, 0.0
    corners = ((-depth, -height), (depth, -height), (depth, height), (-depth, height))
    offset = (volume.depth * DEPTH_OFFSET[0], volume.depth * DEPTH_OFFSET[1])
    return tuple((x + u * offset[0], y + u * offset[1] + v * volume.height) for u, v in corners)


def _shapes(found: list[Volume], taken: list[Rectangle], theme: Theme) -> list[ShapeGroup]:
    """The labels below the boxes: the shape of each, or the channels of each and the spatial size of the group."""
    words = []
    for group in groups(found):
        if group[0].round:
            continue
        middle = (group[0].left + group[-1].right) / 2 - group[0].overhang
        shapes = [volume.box.shape for volume in group if volume.box.shape is not None]
        low = group[0].rise + PLAIN
        if len(set(shapes)) == 1:
            words.append(_free(middle, low, shape_words(shapes[0]), PLAIN, taken, 1, theme))
            continue
        for run in _runs(group, lambda volume: str(volume.box.shape and volume.box.shape.channels)):
            at = (run[0].left + run[-1].right) / 2 - run[0].overhang
            shape = run[0].box.shape
            words.append(_free(at, low, str(shape.channels if shape else ""), SMALL, taken, 1, theme))
        size = shape_words(shapes[0].with_channels(1)).removeprefix("1×")
        words.append(_free(middle, low + PLAIN, size, PLAIN, taken, 1, theme))
    return [ShapeGroup(shapes=(each,)) for each in words]


def _names(
    found: list[Volume], ends: set[str], taken: list[Rectangle], theme: Theme
) -> tuple[dict[str, TextLabel], list[ShapeGroup]]:
    """The labels above the boxes: the layers. Also by box, so that skips can start and end there."""
    by_box: dict[str, TextLabel] = {}
    runs = [run for group in groups(found) for run in _runs(group, lambda volume: volume.name)]
    # Labels at the ends of skips come first, and keep the space above them free.
    for run in sorted(runs, key=lambda run: not ends & {volume.box.id for volume in run}):
        times = sum(volume.box.times for volume in run)
        text = run[0].name + (f" ×{times}" if times > 1 else "")
        middle, top = (run[0].left + run[-1].right) / 2 + run[0].overhang, -run[0].rise - 4
        if run[0].round:
            words = TextLabel(at=(middle, top), text="", color=theme.note, size=SMALL)
        else:
            words = _free(middle, top, text, SMALL, taken, -1, theme)
        if ends & {volume.box.id for volume in run}:
            half = width_of(words.text, SMALL) / 2
            taken.append((words.at[0] - half, words.at[1] - 5 * SMALL, words.at[0] + half, words.at[1]))
        by_box |= {volume.box.id: words for volume in run}
    return by_box, [ShapeGroup(shapes=(by_box[run[0].box.id],)) for run in runs if not run[0].round]


def _runs(group: list[Volume], key: Callable[[Volume], str]) -> list[list[Volume]]:
    """The boxes of a group in runs with the same label."""
    return [list(run) for _, run in groupby(group, key)]


def _free(
    x: float, y: float, text: str, size: float, taken: list[Rectangle], direction: int, theme: Theme
) -> TextLabel:
    """A text at a position, or at the nearest free one away from the axis; the space is added to `taken`."""
    half = width_of(text, size) / 2 + 1.5
    for right, away in _STEPS:
        at = x + right, y + direction * away
        place = (at[0] - half, at[1] - size * 0.8, at[0] + half, at[1] + size * 0.2)
        if not any(_overlap(place, other) for other in taken):
            break
    else:
        at, place = (x, y), (x, y, x, y)
    taken.append(place)
    return TextLabel(at=at, text=text, color=theme.note, size=size)


_STEPS = sorted(
    ((float(right), float(away)) for right in range(-40, 41, 10) for away in range(0, 240, 2)),
    key=lambda step: (abs(step[0]) + step[1], step[1]),
)
"""Steps sideways and away from the axis, nearest first."""


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _rails(row: VolumeRow, names: list[TextLabel], top: float, theme: Theme) -> list[ShapeGroup]:
    """Arrows over the boxes that they bypass, shorter ones lower, with the words of the layers on them.

    `names` are the labels of the boxes, where the arrows start and end.
    """
    levels: list[list[tuple[Rail, float, float]]] = []
    for rail in row.rails:
        left, right = _extent(rail, names)
        free = (level for level in levels if all(right <= a or b <= left for _, a, b in level))
        level = next(free, None)
        if level is None:
            levels.append(level := [])
        level.append((rail, left, right))
    height = top - 8
    lines: list[ShapeGroup] = []
    words: list[ShapeGroup] = []
    for level in levels:
        for rail, _, _ in level:
            points = _rail_points(rail, names, height)
            lines += _rail_lines(rail, points, [volume.box for volume in row.volumes], theme)
            if rail.label:
                words.append(_rail_label(rail, points, height, theme))
        height -= 8 + (SMALL + 4) * any(rail.label for rail, _, _ in level)
    return [*lines, *words]


def _extent(rail: Rail, names: list[TextLabel]) -> tuple[float, float]:
    """The left and right end of a rail with its label."""
    xs = [x for x, _ in _rail_points(rail, names, 0.0)]
    middle, half = (min(xs) + max(xs)) / 2, width_of(rail.label, SMALL) / 2 + 2
    return min(min(xs) - 1, middle - half), max(max(xs) + 1, middle + half)


def _rail_points(rail: Rail, names: list[TextLabel], height: float) -> tuple[Point, ...]:
    """The corners of a rail at this height; an input comes from above, an output goes there."""
    start = () if rail.start is None else ((names[rail.start].at[0] + 2, names[rail.start].at[1] - SMALL),)
    end = () if rail.end is None else ((names[rail.end].at[0] - 2, names[rail.end].at[1] - SMALL),)
    return (*start, *((x, height) for x, _ in (*start, *end)), *end)


def _rail_lines(rail: Rail, points: tuple[Point, ...], row: list[Box], theme: Theme) -> Iterator[ShapeGroup]:
    """The arrow of a skip; of a branch, the line to its label and the arrow from there."""
    start, end = ("" if index is None else row[index].id for index in (rail.start, rail.end))
    if not rail.boxes:
        line = Polyline(points=points, color=theme.skip, arrow=True)
        yield ShapeGroup(shapes=(line,), of=Arrow(start=start, end=end, flow=Flow.SKIP))
        return
    if start and end:
        (left, height), (right, _) = points[1:3]
        points = *points[:2], ((left + right) / 2, height), *points[2:]
    if start:
        line = Polyline(points=points[:3], color=theme.skip, arrow=not end)
        yield ShapeGroup(shapes=(line,), of=Arrow(start=start, end=rail.box.id, flow=Flow.BRANCH))
    if end:
        line = Polyline(points=points[-3:], color=theme.skip, arrow=True)
        yield ShapeGroup(shapes=(line,), of=Arrow(start=rail.box.id, end=end, flow=Flow.BRANCH))


def _rail_label(rail: Rail, points: tuple[Point, ...], height: float, theme: Theme) -> ShapeGroup:
    """The words of the layers on a rail, with a background that hides the lines behind them."""
    xs = [x for x, _ in points]
    middle, half = (min(xs) + max(xs)) / 2, width_of(rail.label, SMALL) / 2 + 1
    low, high = height - 2, height - 2 - SMALL
    corners = ((middle - half, high), (middle + half, high), (middle + half, low), (middle - half, low))
    ground = Polygon(points=corners, fill=theme.background, line=theme.background)
    label = TextLabel(at=(middle, low - 1.5), text=rail.label, color=theme.note, size=SMALL)
    shapes = (label,) if theme.background == TRANSPARENT else (ground, label)
    return ShapeGroup(shapes=shapes, hover=rail.hover, of=rail.box)


def _heading(diagram: Diagram, found: list[Volume], parts: list[ShapeGroup], style: DiagramStyle) -> list[ShapeGroup]:
    """The caption above and the legend below."""
    left, top, right, bottom = bounds(parts)
    middle, theme = (left + right) / 2, style.theme
    if words := style.heading_of(diagram):
        caption = TextLabel(at=(middle, top - 12), text=words, color=theme.note, size=11)
        parts = [*parts, ShapeGroup(shapes=(caption,))]
    shown = diagram.replace(boxes=tuple(volume.colored for volume in found))
    return [*parts, *legend_rows(style.legend_of(shown), (left, right), bottom, SMALL, theme)]
