"""Boxes of objects as arrays: float32 of N×B×5 for N images, each row a class and left, top, right, bottom in pixels.

Coordinates are those of the pixels' edges: the box of the whole image is 0, 0, width, height. Padding rows have the
class −1. Regions that are ignored in the evaluation have classes below −1: see `ignored_code`.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PADDING = -1.0
"""The class of a row without an object."""
COLUMNS = 5
MOST_BOXES = 2_000
"""Largest number of boxes of one image."""
LEAST_VISIBLE = 0.1
"""Smallest fraction of a box's area that must be inside the image for the box to stay when the image is cropped."""
Boxes = NDArray[np.float32]


def ignored_code(number: int, *, crowd: bool) -> float:
    """The class of a row for a region in which objects of this class count neither as correct nor as wrong.

    In a crowd, an object is compared by the fraction of its own area that is inside, otherwise by IoU.
    """
    return PADDING - 1 - 2 * number - crowd


def ignored_classes(codes: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The class of each ignored region, −1 for other rows, and whether it is a crowd, from the classes of rows."""
    above = (PADDING - 1 - codes).astype(np.int64)
    return np.where(codes < PADDING, above // 2, -1), (codes < PADDING) & (above % 2 == 1)


class Placement(NamedTuple):
    """Where the pixels of an image are in another one: scaled by a factor in x and y, then moved.

    `width` and `height` are the size of the first image; infinite if it is unknown.
    """

    scale_x: float = 1.0
    scale_y: float = 1.0
    left: float = 0.0
    top: float = 0.0
    width: float = math.inf
    height: float = math.inf

    def then(self, other: "Placement") -> "Placement":
        """This placement, followed by another one."""
        return Placement(
            self.scale_x * other.scale_x,
            self.scale_y * other.scale_y,
            self.left * other.scale_x + other.left,
            self.top * other.scale_y + other.top,
            self.width,
            self.height,
        )

    def apply(self, boxes: NDArray[np.floating]) -> NDArray[np.float64]:
        """Boxes (left, top, right, bottom in the last dimension), moved to where this placement puts them."""
        scale = np.array([self.scale_x, self.scale_y] * 2)
        return np.asarray(boxes * scale + np.array([self.left, self.top] * 2), np.float64)

    def undo(self, boxes: NDArray[np.floating]) -> NDArray[np.float64]:
        """The inverse of `apply`."""
        scale = np.array([self.scale_x, self.scale_y] * 2)
        return np.asarray((boxes - np.array([self.left, self.top] * 2)) / scale, np.float64)

    def visible(self, boxes: NDArray[np.floating]) -> NDArray[np.float64]:
        """The parts of boxes of the second image that are in the first one; those outside get zero area."""
        return np.asarray(self.undo(boxes).clip(0, np.array([self.width, self.height] * 2)), np.float64)


def resized(old: Sequence[int], new: Sequence[int]) -> Placement:
    """The placement of an image that is scaled to a new height and width."""
    return Placement(new[1] / old[1], new[0] / old[0])


def padded(old: Sequence[int], new: Sequence[int]) -> Placement:
    """The placement of an image that `fit_images` pads or crops to a new height and width around its center."""
    return Placement(left=int((new[1] - old[1]) / 2), top=int((new[0] - old[0]) / 2))


def is_boxes(targets: NDArray[Any]) -> bool:
    """Whether targets are boxes."""
    return targets.ndim == 3 and targets.dtype == np.float32


def packed(rows: Sequence[Iterable[Sequence[float]]]) -> Boxes:
    """The boxes of N images, given as rows, as an array of N×B×5; B is the largest number of them, at least 1."""
    lists = [list(each) for each in rows]
    made = np.full((len(lists), max([1, *map(len, lists)]), COLUMNS), PADDING, np.float32)
    for boxes, wanted in zip(made, lists, strict=True):
        if wanted:
            boxes[: len(wanted)] = wanted
    return made


def placed(boxes: Boxes, placement: Placement, height: int, width: int) -> Boxes:
    """Boxes in an image of another size: clipped at its border; those with hardly any area inside are removed."""
    there = boxes[:, :, 0] != PADDING
    moved = placement.apply(boxes[:, :, 1:])
    inside = np.clip(moved, 0, np.array([width, height] * 2))
    stays = there & (area(inside) >= np.maximum(LEAST_VISIBLE * area(moved), 1e-9))
    made = np.where(stays[:, :, None], np.concatenate([boxes[:, :, :1], inside], 2), PADDING)
    return made.astype(np.float32)


def area(boxes: NDArray[np.floating]) -> NDArray[np.float64]:
    """The areas of boxes (left, top, right, bottom in the last dimension); 0 if they are reversed."""
    size = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    return np.asarray(size[..., 0] * size[..., 1], np.float64)


def bounds_of(inside: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """The smallest box around the true pixels of a mask: left, top, right, bottom; None if no pixel is true."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
