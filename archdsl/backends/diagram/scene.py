"""Draw volumes: faces, kernel windows, names, skips, a legend."""

from collections.abc import Callable
from itertools import groupby
from math import cos, pi, sin

from ...shapes.symbolic import concrete
from .box_shapes import rounded
from .drawing import Drawing, Point, Polygon, Polyline, Shape, ShapeGroup, TextLabel, bounds, framed
from .figure import Arrow, Box, Diagram, Role
from .figure_options import SYMBOLS, DiagramStyle
from .font_metrics import width_of
from .labels import shape_words
from .legend import legend_rows
from .sheets import sheet_part, sheet_shapes, sheet_target, sheet_volumes, sheet_window
from .side_path_scene import draw_side_paths
from .side_paths import SidePath, side_paths
from .theme import Theme, mixed
from .volume_rows import VolumeRow, split_rows, stacked
from .volumes import DEPTH_OFFSET, FRAME, Rectangle, Volume, groups, overlap, volumes

MARGIN = 7.2
SMALL, PLAIN = 8.0, 9.0


def draw_volumes(diagram: Diagram, style: DiagramStyle, geometry: float = 1.0, rows: int = 1) -> Drawing:
    """The tensors of a diagram along its longest path, from left to right, and above them the parallel paths.

    `geometry` scales the boxes without their text; `rows` is the number of rows. Raises CannotDraw if there are too few
    places to start a new row, or if a repetition is not one contiguous piece of the longest path.
    """
    found = (sheet_volumes if style.sheets else volumes)(diagram, style.theme, geometry)
    split = split_rows(found, side_paths(diagram, [volume.box for volume in found]), rows)
    parts = stacked([_row(row, style.theme) for row in split], split, style.theme)
    parts = _heading(diagram, found, parts, style.replace(legend=style.legend is not False))
    return framed(parts, MARGIN, style.theme.background, diagram.title, diagram.description)


def _row(row: VolumeRow, theme: Theme) -> list[ShapeGroup]:
    """A row of volumes around the axis y = 0, with its labels and side paths."""
    found, parts = list(row.volumes), []
    for index, volume in enumerate(found):
        if index:
            arrow = Arrow(start=found[index - 1].box.id, end=volume.box.id)
            parts.append(ShapeGroup(shapes=_connection(found[index - 1], volume, theme), of=arrow))
        parts.append(_solid(volume, theme))
        if volume.receptive_field:
            parts.append(_field(volume, theme))
    taken = [strip for volume in found for strip in volume.outline()]
    parts += _shapes(found, taken, theme)
    ends = {found[index].box.id for path in row.side_paths for index in (path.start, path.end) if index is not None}
    named, names = _names(found, ends, taken, theme)
    parts += names
    top = min(top for _, top, _, _ in taken)
    labels = [named[volume.box.id] for volume in found]
    drawn = draw_side_paths(row.side_paths, found, labels, top, theme)
    lines = [group for _, _, groups in drawn for group in groups if not isinstance(group.of, Box)]
    words = [group for _, _, groups in drawn for group in groups if isinstance(group.of, Box)]
    return [*_frames(row, drawn, theme), *parts, *lines, *words]


def _solid(volume: Volume, theme: Theme) -> ShapeGroup:
    """The visible faces: the front and the top of each slice, the right side of the last."""
    hover = "\n".join(row.hover for row in volume.box.rows)
    if volume.round:
        return ShapeGroup(shapes=_circle(volume, theme), hover=hover, of=volume.box)
    if volume.sheets:
        return ShapeGroup(shapes=sheet_shapes(volume, theme), hover=hover, of=volume.box)
    shapes, left, main_color = [], volume.left, volume.slices[0][1]
    offset = (volume.depth * DEPTH_OFFSET[0], volume.depth * DEPTH_OFFSET[1])
    height = volume.height / 2
    for index, (size, color) in enumerate(volume.slices):
        right, line = left + size, mixed(color, theme.text, 0.45)
        a, b, c, d = (
            _front(volume, x, y) for x, y in ((left, -height), (right, -height), (right, height), (left, height))
        )
        shapes.append(Polygon(points=(a, b, c, d), fill=color, line=line))
        top = (a, _plus(a, offset), _plus(b, offset), b)
        shapes.append(Polygon(points=top, fill=mixed(color, "#ffffff", 0.3), line=line))
        if index == len(volume.slices) - 1:
            side = (b, _plus(b, offset), _plus(c, offset), c)
            shapes.append(
                Polygon(points=side, fill=mixed(main_color, "#000000", 0.14), line=mixed(main_color, theme.text, 0.45))
            )
        left = right
    return ShapeGroup(shapes=tuple(shapes), hover=hover, of=volume.box)


def _front(volume: Volume, x: float, y: float) -> Point:
    """A point of the front face, which is shifted to the left of the center."""
    return x - volume.overhang, y - volume.depth * DEPTH_OFFSET[1] / 2


def _plus(point: Point, step: Point) -> Point:
    return point[0] + step[0], point[1] + step[1]


def _circle(volume: Volume, theme: Theme) -> tuple[Polygon | TextLabel, ...]:
    """The round node of a merge with a sign, or the point at which a tensor enters a repetition."""
    middle, radius = volume.left + volume.thickness / 2, volume.thickness / 2
    angles = [2 * pi * step / 32 for step in range(32)]
    points = tuple((middle + radius * cos(angle), radius * sin(angle)) for angle in angles)
    if volume.box.role is Role.ENTRY:
        return (Polygon(points=points, fill=theme.line, line=theme.line),)
    sign = SYMBOLS[volume.box.rows[0].words]
    return (
        Polygon(points=points, fill=theme.end, line=theme.line),
        TextLabel(at=(middle, 4.2), text=sign, color=theme.text, size=12),
    )


def _connection(before: Volume, after: Volume, theme: Theme) -> tuple[Shape, ...]:
    """The connection of two boxes: a kernel window that narrows to a point, or else an arrow; none if they touch."""
    if before.receptive_field and after.receptive_field:
        ends = zip(_field_corners(before), _field_corners(after, at_start=True), strict=True)
        return tuple(Polyline(points=pair, color=theme.line, width=0.5) for pair in ends)
    window = () if before.receptive_field else _window(before, after)
    if before.is_close_to(after):
        if not window:
            return ()
        end = _front(after, after.left, 0.0)
    else:
        end = sheet_target(after) if after.sheets and window else (after.left - after.overhang, 0.0)
    if not window:
        return (Polyline(points=((before.right, 0.0), end), color=theme.line, arrow=True),)
    lines = tuple(Polyline(points=(corner, end), color=theme.line, width=0.5) for corner in window)
    return (Polygon(points=window, fill=theme.end, line=theme.line, width=0.5), *lines)


def _field(volume: Volume, theme: Theme) -> ShapeGroup:
    """The part of a tensor that a position of a layer sees; the position itself is solid."""
    fill = theme.text if volume.is_end else theme.end
    return ShapeGroup(shapes=(Polygon(points=_field_corners(volume), fill=fill, line=theme.text, width=0.8),))


def _field_corners(volume: Volume, *, at_start: bool = False) -> tuple[Point, ...]:
    """The corners of the part that the position sees, on the right face or on the left one."""
    if volume.sheets:
        return sheet_part(volume, volume.receptive_field, first=at_start)
    rows, columns = (
        (volume.receptive_field[0], (0.0, 1.0)) if len(volume.receptive_field) == 1 else volume.receptive_field[-2:]
    )
    offset = (volume.depth * DEPTH_OFFSET[0], volume.depth * DEPTH_OFFSET[1])
    x = volume.left if at_start else volume.right
    corners = ((columns[0], rows[0]), (columns[1], rows[0]), (columns[1], rows[1]), (columns[0], rows[1]))
    return tuple((x + (u - 0.5) * offset[0], (u - 0.5) * offset[1] + (v - 0.5) * volume.height) for u, v in corners)


def _window(before: Volume, after: Volume) -> tuple[Point, ...]:
    """The window of the kernel of a layer on the right face of its input; empty if it has no kernel.

    It is in the middle, or at the edge that is visible if the next box has the same size.
    """
    kernel, shape = after.box.rows[0].kernel if after.box.rows else (), before.box.shape
    if before.round or shape is None or not kernel or max(kernel) < 2 or len(kernel) != len(shape.spatial_size):
        return ()
    parts = [size / concrete(side) for size, side in zip(kernel, shape.spatial_size, strict=True)]
    # The face of a signal has its length as its height; that of a 3-D feature map shows its last two dimensions.
    part = (parts[0], 1.0) if len(parts) == 1 else (parts[-2], parts[-1])
    if before.sheets:
        return sheet_window(before, part)
    return _patch(before, part, at_edge=before.is_close_to(after))


def _patch(volume: Volume, part: tuple[float, float], *, at_edge: bool) -> tuple[Point, ...]:
    """A part of the right face with these fractions of its height and depth, in the middle or at its front edge."""
    height, depth = (max(0.08, min(1.0, each)) / 2 for each in part)
    middle = depth - 0.48 if at_edge else 0.0
    corners = ((-depth, -height), (depth, -height), (depth, height), (-depth, height))
    offset = (volume.depth * DEPTH_OFFSET[0], volume.depth * DEPTH_OFFSET[1])
    return tuple(
        (volume.right + (middle + u) * offset[0], (middle + u) * offset[1] + v * volume.height) for u, v in corners
    )


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
        if any(shape.rank > 1 for shape in shapes):
            size = shape_words(shapes[0].with_channels(1)).removeprefix("1×")
            words.append(_free(middle, low + PLAIN, size, PLAIN, taken, 1, theme))
    return [ShapeGroup(shapes=(each,)) for each in words]


def _names(
    found: list[Volume], ends: set[str], taken: list[Rectangle], theme: Theme
) -> tuple[dict[str, TextLabel], list[ShapeGroup]]:
    """The labels above the boxes: the layers. The first result is by box, so that skips can start and end there.

    Boxes with the same layer share a label.
    """
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
            half, middles = width_of(words.text, SMALL) / 2, [volume.top_middle for volume in run]
            left, right = min(words.at[0] - half, *middles), max(words.at[0] + half, *middles)
            taken.append((left, words.at[1] - 5 * SMALL, right, words.at[1]))
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
    reach = half + _SIDEWAYS
    near = [other for other in taken if x - reach < other[2] and other[0] < x + reach]
    for right, away in _STEPS:
        at = x + right, y + direction * away
        place = (at[0] - half, at[1] - size * 0.8, at[0] + half, at[1] + size * 0.2)
        if not any(overlap(place, other) for other in near):
            break
    else:
        at, place = (x, y), (x, y, x, y)
    taken.append(place)
    return TextLabel(at=at, text=text, color=theme.note, size=size)


_SIDEWAYS = 40
_STEPS = sorted(
    ((float(right), float(away)) for right in range(-_SIDEWAYS, _SIDEWAYS + 1, 10) for away in range(0, 240, 2)),
    key=lambda step: (abs(step[0]) + step[1], step[1]),
)
"""Steps sideways and away from the axis, nearest first."""


def _frames(row: VolumeRow, drawn: list[tuple[SidePath, float, list[ShapeGroup]]], theme: Theme) -> list[ShapeGroup]:
    """The frames of repetitions, around their boxes and the skips between these, outer ones first."""
    found = []
    clusters = dict.fromkeys(frame for volume in row.volumes for frame in volume.frames)
    for depth, cluster in enumerate(sorted(clusters, key=lambda each: len(each.path))):
        inside = [index for index, volume in enumerate(row.volumes) if cluster in volume.frames]
        boxes = [row.volumes[index] for index in inside]
        own = [top for path, top, _ in drawn if path.start in inside and path.end in inside]
        pad = FRAME - 3.0 * depth
        left, right = boxes[0].left - boxes[0].overhang - pad, boxes[-1].right + boxes[-1].overhang + pad
        high = min([-max(each.rise for each in boxes) - 2 * SMALL - 8, *(top - 4 for top in own)])
        low = max(each.rise for each in boxes) + 2 * PLAIN + 10 - 3 * depth
        fill = theme.cluster[depth % len(theme.cluster)]
        box = rounded((left, high - SMALL - 6), (right, low), 6, fill, theme.cluster_line)
        text = f"×{cluster.times}"
        at = right - 4 - width_of(text, PLAIN) / 2, high - 2
        label = TextLabel(at=at, text=text, color=theme.text, size=PLAIN, bold=True)
        found.append(ShapeGroup(shapes=(box, label), hover=cluster.hover, of=cluster))
    return found


def _heading(diagram: Diagram, found: list[Volume], parts: list[ShapeGroup], style: DiagramStyle) -> list[ShapeGroup]:
    """The caption above and the legend below."""
    left, top, right, bottom = bounds(parts)
    middle, theme = (left + right) / 2, style.theme
    if words := style.heading_of(diagram):
        caption = TextLabel(at=(middle, top - 12), text=words, color=theme.note, size=11)
        parts = [*parts, ShapeGroup(shapes=(caption,))]
    shown = diagram.replace(boxes=tuple(volume.colored for volume in found))
    return [*parts, *legend_rows(style.legend_of(shown), (left, right), bottom, SMALL, theme)]
