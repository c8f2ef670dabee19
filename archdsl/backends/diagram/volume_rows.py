"""Volumes in several rows: where a row ends, and what continues in the next."""

from collections.abc import Sequence
from itertools import combinations, pairwise

from ...record import Record
from .drawing import Polyline, ShapeGroup, bounds, moved
from .engine import CannotDraw
from .figure import Arrow, Role
from .side_paths import SidePath, letters, port
from .theme import Theme
from .volumes import Volume, groups, placed

_SPACING = 20.0
"""Points between rows."""
_CORNER_DISTANCE = 8.0
"""Points between a row and the line that leads to the next."""


class VolumeRow(Record):
    """A row of volumes, and the side paths beside it, with indices in this row."""

    volumes: tuple[Volume, ...]
    side_paths: tuple[SidePath, ...]


def split_rows(found: list[Volume], side_paths: Sequence[SidePath], rows: int) -> list[VolumeRow]:
    """Volumes in rows of about equal width; a side path to another row ends at a letter and continues there.

    Volumes of the same size stay together. Raises CannotDraw if there are too few groups of them.
    """
    starts = [0, *_breaks(found, rows)]
    ends = [*starts[1:], len(found)]
    row_of = {
        index: row for row, (start, end) in enumerate(zip(starts, ends, strict=True)) for index in range(start, end)
    }
    inside: list[list[SidePath]] = [[] for _ in starts]
    used = {box.letter for path in side_paths for box in (*path.entries, *path.exits)}
    free = (letter for letter in letters() if letter not in used)
    for path in side_paths:
        first, last = (None if index is None else row_of[index] for index in (path.start, path.end))
        local = [None if at is None else at - starts[row_of[at]] for at in (path.start, path.end)]
        if first is None or last is None or first == last:
            target = row_of[min(path.near, len(found) - 1)] if first is None and last is None else first
            target = last if target is None else target
            near = max(0, path.near - starts[target or 0])
            inside[target or 0].append(path.replace(start=local[0], end=local[1], near=near))
            continue
        letter = next(free)
        leaving = port(letter, 0, Role.OUTPUT, f"continues at {letter}")
        coming = port(letter, 1, Role.INPUT, f"continued from {letter}")
        inside[first].append(path.replace(start=local[0], end=None, exits=(*path.exits, leaving)))
        inside[last].append(SidePath(start=None, end=local[1], entries=(coming,)))
    return [
        VolumeRow(volumes=tuple(placed(found[start:end])), side_paths=tuple(inside[row]))
        for row, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _breaks(found: list[Volume], rows: int) -> tuple[int, ...]:
    """The indices at which rows after the first start, so that the widest row is as narrow as possible."""
    sizes = [len(group) for group in groups(found)]
    edges = [sum(sizes[:n]) for n in range(1, len(sizes))]
    edges = [edge for edge in edges if not set(found[edge - 1].frames) & set(found[edge].frames)]
    if len(edges) < rows - 1:
        raise CannotDraw(f"{len(sizes)} sizes of tensors do not fill {rows} rows")

    def widest(breaks: tuple[int, ...]) -> float:
        return max(_width(found[start:end]) for start, end in pairwise([0, *breaks, len(found)]))

    return min(combinations(edges, rows - 1), key=widest)


def _width(row: list[Volume]) -> float:
    return row[-1].right + row[-1].overhang - row[0].left + row[0].overhang


def stacked(drawn: list[list[ShapeGroup]], rows: list[VolumeRow], theme: Theme) -> list[ShapeGroup]:
    """Rows, one below the other, with lines that lead from the end of each to the start of the next."""
    edge = max(bounds(parts)[2] for parts in drawn) if len(drawn) > 1 else 0.0
    found = list(drawn[0])
    axis, below = 0.0, bounds(drawn[0])[3]
    for index in range(1, len(drawn)):
        before, after = rows[index - 1].volumes[-1], rows[index].volumes[0]
        left, top, _, bottom = bounds(drawn[index])
        gutter = below + _SPACING / 2
        next_axis = below + _SPACING - top
        start, end = (before.right, axis), (after.left - after.overhang, next_axis)
        turn, side = edge + _CORNER_DISTANCE, min(left, end[0]) - _CORNER_DISTANCE
        points = start, (turn, axis), (turn, gutter), (side, gutter), (side, next_axis), end
        line = Polyline(points=points, color=theme.line, arrow=True)
        found.append(ShapeGroup(shapes=(line,), of=Arrow(start=before.box.id, end=after.box.id)))
        found += [
            part.replace(shapes=tuple(moved(shape, (0.0, next_axis)) for shape in part.shapes)) for part in drawn[index]
        ]
        axis, below = next_axis, next_axis + bottom
    return found
