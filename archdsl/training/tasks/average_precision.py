"""Average precision of detection, as COCO's evaluation defines it: for all object sizes, with at most 100 objects per
image.

It is computed here, not by pycocotools: the numbers are the same, and many images are processed at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.box_arrays import ignored_classes

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""The IoUs from which an object counts as found; AP is the mean over them."""
_RECALLS = np.linspace(0, 1, 101)
_EPSILON = float(np.spacing(1))
_CHUNK = 256
"""Number of images that are matched at once."""


@dataclass(frozen=True)
class PrecisionTable:
    """`values` are the average precision of each class at each threshold, float64 of K×10, NaN without an object;
    `counts` are the numbers of objects of each class.
    """

    values: NDArray[np.float64]
    counts: tuple[int, ...]

    def mean(self, threshold: int | None = None) -> float:
        """The mean over the classes that have objects and over all thresholds, or at the one with this index; 0 without
        an object.
        """
        known = self.values[~np.isnan(self.values[:, 0])]
        chosen = known if threshold is None else known[:, threshold]
        return float(chosen.mean()) if chosen.size else 0.0


def average_precision(found: NDArray[np.float32], boxes: NDArray[np.float32], classes: int) -> PrecisionTable:
    """The average precision of each class, from the objects found in N images, N×M×6 of class, score and box, best
    first, and the true boxes N×B×5.

    Found objects in ignored regions count neither as correct nor as wrong, unless they match an object.
    """
    none = np.zeros((0, found.shape[1], len(THRESHOLDS)), np.bool_)
    parts = [(found[at : at + _CHUNK], boxes[at : at + _CHUNK]) for at in range(0, len(found), _CHUNK)]
    right = np.concatenate([none, *(_matches(*part) for part in parts)])
    wrong = ~right & ~np.concatenate([none, *(_ignored(*part) for part in parts)])
    counts = [int((boxes[:, :, 0] == number).sum()) for number in range(classes)]
    values = np.full((classes, len(THRESHOLDS)), np.nan)
    for number, count in enumerate(counts):
        if count:
            of_class = found[:, :, 0] == number
            order = np.argsort(-found[:, :, 1][of_class], kind="stable")
            values[number] = _interpolated(right[of_class][order], wrong[of_class][order], count)
    return PrecisionTable(values, tuple(counts))


def _matches(found: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which objects are correct at each threshold, bool of N×M×10: each in turn, the best first, takes the remaining
    true box of its class that it overlaps most.
    """
    overlap = _ious(found[:, :, 2:].astype(np.float64), boxes[:, :, 1:].astype(np.float64))
    same = (found[:, :, None, 0] == boxes[:, None, :, 0]) & (boxes[:, None, :, 0] >= 0)
    overlap = np.where(same, overlap, -1.0)[..., ::-1]  # among equal overlaps, the last one counts
    images, objects, true = overlap.shape
    right = np.zeros((images, objects, len(THRESHOLDS)), np.bool_)
    left = np.ones((images, len(THRESHOLDS), true), np.bool_)
    rows, columns = np.ogrid[:images, : len(THRESHOLDS)]
    for place in range(objects if true else 0):
        free = np.where(left, overlap[:, place, None], -1.0)  # N×10×B
        best = free.argmax(2)
        right[:, place] = free[rows, columns, best] >= THRESHOLDS
        left[rows, columns, best] &= ~right[:, place]
    return right


def _ignored(found: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which objects are in an ignored region of their class at each threshold, bool of N×M×10."""
    classes, crowds = ignored_classes(boxes[:, :, 0])
    if not (classes >= 0).any():
        return np.zeros((*found.shape[:2], len(THRESHOLDS)), np.bool_)
    pair = found[:, :, 2:].astype(np.float64), boxes[:, :, 1:].astype(np.float64)
    overlap = np.where(crowds[:, None], _ious(*pair, of_first=True), _ious(*pair))
    same = (found[:, :, None, 0] == classes[:, None]) & (classes[:, None] >= 0)
    return np.asarray(np.where(same, overlap, -1.0).max(2)[..., None] >= THRESHOLDS, np.bool_)


def _ious(one: NDArray[np.float64], other: NDArray[np.float64], of_first: bool = False) -> NDArray[np.float64]:
    """Intersection over union, or over the area of the first box, of all pairs of boxes, N×M×4 and N×B×4: N×M×B."""
    a, b = one[:, :, None], other[:, None]
    size = np.maximum(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0)
    both = size[..., 0] * size[..., 1]
    areas = [(each[..., 2] - each[..., 0]) * (each[..., 3] - each[..., 1]) for each in (a, b)]
    union = areas[0] + np.zeros_like(both) if of_first else areas[0] + areas[1] - both
    return np.asarray(np.divide(both, union, out=np.zeros_like(both), where=union > 0), np.float64)


def _interpolated(right: NDArray[np.bool_], wrong: NDArray[np.bool_], count: int) -> NDArray[np.float64]:
    """The mean, over 101 recall thresholds, of the largest precision at this recall or more: 10 values, from M×10."""
    hits, misses = np.cumsum(right, 0, dtype=np.float64), np.cumsum(wrong, 0, dtype=np.float64)
    recall, precision = hits / count, hits / (hits + misses + _EPSILON)
    precision = np.maximum.accumulate(precision[::-1], 0)[::-1]
    found = np.zeros(len(THRESHOLDS))
    for column in range(len(THRESHOLDS)):
        places = np.searchsorted(recall[:, column], _RECALLS, side="left")
        found[column] = precision[places[places < len(right)], column].sum() / len(_RECALLS)
    return found
