"""Boxes as plain values, and drawn into their images."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .presentation import FoundBox, color_of

MIN_SCORE = 0.4
"""The lowest score with which an object is reported."""
_PER_LINE = 128
"""Pixels of an image's shorter side for each pixel of a line's width."""


def found_boxes(rows: NDArray[np.float32], classes: Sequence[str]) -> tuple[FoundBox, ...]:
    """The objects of an image whose score is high enough, from rows M×6 of class, score and box."""
    return tuple(
        FoundBox(classes[int(number)], float(score), tuple(map(float, box)))
        for number, score, *box in rows.tolist()
        if number >= 0 and score >= MIN_SCORE
    )


def true_boxes(rows: NDArray[np.float32], classes: Sequence[str]) -> tuple[FoundBox, ...]:
    """The objects of an image, from rows B×5 of class and box."""
    return tuple(
        FoundBox(classes[int(number)], 1.0, tuple(map(float, box))) for number, *box in rows.tolist() if number >= 0
    )


def box_words(boxes: Sequence[FoundBox], scores: bool = True) -> str:
    """Boxes in words: `circle 98.2% (2, 6, 9, 22), triangle 91.0% (22, 29, 54, 61)`."""
    found = [
        f"{box.name}{f' {box.score:.1%}' if scores else ''} ({', '.join(f'{edge:.0f}' for edge in box.box)})"
        for box in boxes
    ]
    return ", ".join(found) or "no objects"


def drawn_boxes(image: NDArray[np.uint8], boxes: Sequence[FoundBox], classes: Sequence[str]) -> NDArray[np.uint8]:
    """A copy of an image, uint8 of C×H×W, as uint8 of 3×H×W, with the outlines of boxes in the colors of their
    classes; those of higher scores are in front.
    """
    made = np.repeat(image, 3, 0) if len(image) == 1 else image[:3].copy()
    height, width = made.shape[1:]
    line = max(1, min(height, width) // _PER_LINE)
    for box in reversed(boxes):
        color = np.array(color_of(classes.index(box.name) + 1), np.uint8)[:, None, None]
        left, top, right, bottom = (round(coordinate) for coordinate in box.box)
        left, right = max(0, min(left, width - 1)), max(1, min(right, width))
        top, bottom = max(0, min(top, height - 1)), max(1, min(bottom, height))
        made[:, top:bottom, left : left + line] = color
        made[:, top:bottom, max(left, right - line) : right] = color
        made[:, top : top + line, left:right] = color
        made[:, max(top, bottom - line) : bottom, left:right] = color
    return made
