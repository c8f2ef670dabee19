"""Masks of COCO's objects: polygons and run lengths, as pixels.

The pixels are those that COCO's own tools compute. Source: the comments in COCO's maskApi: a mask is a list of run
lengths in column-major order, which start with a run of zeros; a polygon's outline is drawn on a grid that is five
times finer, and a pixel is inside if its center has an odd number of crossings above it.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from .dataset_spec import IGNORED
from .images import Masks

MOST_PIXELS = 1 << 26
"""Largest number of pixels of a mask."""
_FINER = 5
_MOST_POINTS = 1 << 20
_MAX_COORDINATE = 1 << 20
"""Largest coordinate of a point."""
_LONGEST = 1 << 24
"""Largest length of an outline on the finer grid, which is followed from point to point."""


def class_mask(
    objects: Sequence[tuple[int, Mapping[str, Any]]], height: int, width: int, ignored: int = IGNORED
) -> Masks:
    """The class of each pixel: 0 outside of all objects; `objects` are pairs of a class and an annotation.

    Pixels of crowds without another object, and pixels where objects of different classes overlap, have no class.
    Raises ValueError for a segmentation that is invalid.
    """
    _refuse_size(height, width)
    made, crowds = np.zeros((height, width), np.uint8), np.zeros((height, width), np.bool_)
    for number, annotation in objects:
        inside = object_mask(annotation.get("segmentation"), height, width)
        if annotation.get("iscrowd"):
            crowds |= inside
        else:
            made[inside] = np.where((made[inside] == 0) | (made[inside] == number), number, ignored)
    made[crowds & (made == 0)] = ignored
    return made


def _refuse_size(height: int, width: int) -> None:
    """Raise ValueError before a mask of this size is allocated, if it is too large or empty."""
    if height <= 0 or width <= 0 or height * width > MOST_PIXELS:
        raise ValueError(f"an image of {width}×{height} pixels")


def object_mask(segmentation: object, height: int, width: int) -> NDArray[np.bool_]:
    """The pixels of an object, bool of H×W, from its polygons or its run lengths. Raises ValueError."""
    _refuse_size(height, width)
    if isinstance(segmentation, list):
        found = np.zeros((height, width), np.bool_)
        for polygon in segmentation:
            found |= polygon_mask(_points(polygon), height, width)
        return found
    if not isinstance(segmentation, Mapping):
        raise ValueError("neither polygons nor run lengths")
    if segmentation.get("size") != [height, width]:
        raise ValueError(f"its `size` is {_short(segmentation.get('size'))}, but the image has [{height}, {width}]")
    counts = segmentation.get("counts")
    return runs_mask(_unpacked(counts) if isinstance(counts, str) else counts, height, width)


def runs_mask(counts: object, height: int, width: int) -> NDArray[np.bool_]:
    """The pixels of alternating runs of zeros and ones, in column-major order: bool of H×W. Raises ValueError."""
    if not isinstance(counts, list) or len(counts) > height * width + 2:
        raise ValueError("its `counts` are not a list of run lengths")
    if not all(isinstance(each, int) and not isinstance(each, bool) and 0 <= each <= MOST_PIXELS for each in counts):
        raise ValueError("its `counts` are not a list of run lengths")
    if sum(counts) != height * width:
        raise ValueError(f"its run lengths have {counted(sum(counts), 'pixel')}, but the image has {height * width:,}")
    values = np.arange(len(counts)) % 2 == 1
    return np.ascontiguousarray(values.repeat(counts).reshape(width, height).T)


def _unpacked(text: str) -> list[int]:
    """Run lengths from COCO's text: each is groups of five bits, as characters from `0` on, with a sixth bit if more
    groups follow; after the second run, values are differences from the run before the previous one. Raises ValueError.
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            raise ValueError("its `counts` are not a string of run lengths")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    if shift:
        raise ValueError("its `counts` are truncated")
    return counts


def _points(polygon: object) -> NDArray[np.float64]:
    """The corners of a polygon, N×2. Raises ValueError."""
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2 or len(polygon) > _MOST_POINTS:
        raise ValueError("a polygon is not a list of three or more points x, y")
    for value in polygon:
        if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
            raise ValueError(f"a polygon has the coordinate {_short(value)}")
        if abs(value) > _MAX_COORDINATE:
            raise ValueError(f"a polygon has the coordinate {value:g}")
    return np.array(polygon, np.float64).reshape(-1, 2)


def polygon_mask(points: NDArray[np.float64], height: int, width: int) -> NDArray[np.bool_]:
    """The pixels of a polygon with these corners, N×2 of x and y: bool of H×W. Raises ValueError."""
    finer = (points * _FINER + 0.5).astype(np.int64)  # rounded towards zero, as in C
    if np.abs(finer - np.roll(finer, -1, 0)).max(1).sum() > _LONGEST:
        raise ValueError(f"a polygon has a perimeter of more than {_LONGEST // _FINER:,} pixels")
    lines = [_line(start, end) for start, end in zip(finer, np.roll(finer, -1, 0), strict=True)]
    x, y = np.concatenate(lines, 1)
    across = np.flatnonzero(np.diff(x))  # steps from one column of the finer grid to the next
    column = (np.where(x[across + 1] < x[across], x[across + 1], x[across + 1] - 1) + 0.5) / _FINER - 0.5
    row = np.ceil(np.clip((np.minimum(y[across], y[across + 1]) + 0.5) / _FINER - 0.5, 0, height))
    centers = (column == np.floor(column)) & (column >= 0) & (column <= width - 1)
    at = (column[centers] * height + row[centers]).astype(np.int64)
    odd = np.zeros(height * width + 1, np.bool_)
    np.logical_xor.at(odd, at, True)
    return np.ascontiguousarray(np.logical_xor.accumulate(odd[:-1]).reshape(width, height).T)


def _line(start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
    """The points of a line on the grid, 2×N from start to end: one for each step along its longer axis."""
    along = 0 if abs(end[0] - start[0]) >= abs(end[1] - start[1]) else 1
    low, high = (end, start) if start[along] > end[along] else (start, end)
    steps = np.arange(high[along] - low[along] + 1)
    slope = (high[1 - along] - low[1 - along]) / (high[along] - low[along]) if len(steps) > 1 else 0.0
    found = np.empty((2, len(steps)), np.int64)
    found[along] = low[along] + steps
    found[1 - along] = (low[1 - along] + slope * steps + 0.5).astype(np.int64)
    return found[:, ::-1] if low is end else found


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
