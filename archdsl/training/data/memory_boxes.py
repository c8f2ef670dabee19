"""Boxes that a Python program provides: arrays of N×B×5, lists of arrays of B×5, or dictionaries of `boxes` and
`labels`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from .box_arrays import COLUMNS, MOST_BOXES, PADDING, Boxes, area, packed

_ROUNDING = 1.0
"""Pixels by which boxes may lie outside of their image."""


def box_rows(target: Any, name: str) -> NDArray[Any] | None:
    """A target in torchvision's format, a dictionary of `boxes` B×4 and `labels` B, as B×5; None for another target.

    Raises ValueError.
    """
    if not isinstance(target, Mapping) or not {"boxes", "labels"} <= set(target):
        return None
    boxes, labels = (np.asarray(_plain(target[key]), np.float64) for key in ("boxes", "labels"))
    boxes = boxes.reshape(-1, 4) if boxes.size == 0 else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4 or labels.shape != boxes.shape[:1]:
        found = ", ".join("×".join(map(str, each.shape)) for each in (boxes, labels))
        raise ValueError(f"{name}: `boxes` must be B×4 numbers and `labels` B numbers, not {found}")
    return np.concatenate([labels[:, None], boxes], 1)


def padded_rows(targets: Sequence[NDArray[Any]]) -> Boxes | None:
    """Targets of B×5 with different B as one array; None for others."""
    if all(each.size == 0 or (each.ndim == 2 and each.shape[1] == COLUMNS) for each in targets):
        return packed([each.tolist() if each.size else () for each in targets])
    return None


def listed_boxes(targets: Any, name: str) -> Boxes | None:
    """A list of the boxes of each sample as one array; None for other targets. Raises ValueError."""
    if not isinstance(targets, list | tuple) or not targets:
        return None
    rows = [box_rows(each, f"{name} {index}") for index, each in enumerate(targets)]
    if all(each is None for each in rows):
        if not all(hasattr(each, "shape") or (isinstance(each, list | tuple) and _is_rows(each)) for each in targets):
            return None
        found = [np.asarray(_plain(each), np.float64) for each in targets]
        return padded_rows(found) if len({each.shape for each in found}) > 1 or found[0].ndim == 2 else None
    if lacking := [index for index, each in enumerate(rows) if each is None]:
        raise ValueError(f"{name} {lacking[0]} is not a dictionary of `boxes` and `labels`, but others are")
    return padded_rows([each for each in rows if each is not None])


def box_targets(
    given: Mapping[str, NDArray[Any]], names: tuple[str, ...] | None, images: Mapping[str, NDArray[Any]]
) -> tuple[dict[str, NDArray[Any]], int]:
    """The boxes of each split as float32 of N×B×5, and the number of classes. Raises ValueError."""
    found: dict[str, NDArray[Any]] = {}
    for split, boxes in given.items():
        if boxes.ndim != 3 or boxes.shape[2] != COLUMNS or boxes.dtype.kind not in "iuf":
            dims = "×".join(map(str, boxes.shape))
            raise ValueError(f"`{split}`: boxes are an array of samples × boxes × {COLUMNS}, not {dims}")
        if boxes.shape[1] > MOST_BOXES:
            raise ValueError(
                f"`{split}`: {counted(boxes.shape[1], 'box')} per sample, more than the limit of {MOST_BOXES:,}"
            )
        found[split] = _checked(np.array(boxes, np.float32, order="C"), split, images[split].shape[-2:])
    most = max((int(boxes[..., 0].max()) for boxes in found.values() if boxes.size), default=-1) + 1
    count = len(names) if names else most
    if most < 1:
        raise ValueError("no sample has a box")
    if most > count:
        raise ValueError(f"a box has the class {most - 1}, but classes are numbered from 0 to {count - 1}")
    return {split: boxes if boxes.shape[1] else _empty(len(boxes)) for split, boxes in found.items()}, count


def _checked(boxes: Boxes, split: str, size: Sequence[int]) -> Boxes:
    """The boxes, clipped at the border of their images. Raises ValueError for impossible boxes."""
    labels, there = boxes[..., 0], boxes[..., 0] != PADDING
    limit = np.array([size[1], size[0]] * 2, np.float32)
    corners = boxes[..., 1:]
    inside = np.clip(corners, 0, limit)
    problems = (
        ("a number that is not finite", ~np.isfinite(boxes).all(-1)),
        ("a class that is neither a nonnegative integer nor −1 (no box)", (labels < 0) | (labels != np.rint(labels))),
        ("a box that is outside of the image", (np.abs(corners - inside) > _ROUNDING).any(-1)),
        ("a box without area: its columns are class, left, top, right, bottom", area(inside) <= 0),
    )
    for why, wrong in problems:
        if (wrong & there).any():
            sample, box = np.argwhere(wrong & there)[0]
            raise ValueError(f"`{split}`: sample {sample}, box {box} has {why}")
    made = np.where(there[..., None], np.concatenate([boxes[..., :1], inside], -1), PADDING)
    return np.ascontiguousarray(made, np.float32)


def _empty(count: int) -> Boxes:
    return np.full((count, 1, COLUMNS), PADDING, np.float32)


def _plain(value: Any) -> Any:
    """A tensor as an array; other values as they are."""
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _is_rows(value: Sequence[Any]) -> bool:
    """Whether a list is a list of boxes: empty, or lists of five numbers."""
    return all(isinstance(each, list | tuple) and len(each) == COLUMNS for each in value)
