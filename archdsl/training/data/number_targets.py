"""Numbers to predict that may be meant as classes."""

import numpy as np
from numpy.typing import NDArray

_MOST_CLASSES = 20
_LEAST_SAMPLES = 5
"""Samples per value, on average."""

CLASSES_AS_TEXT = "write them as text, such as `c1`"
"""The suggestion for a table, in which a column of text has classes."""


def notes_of_numbers(name: str, values: NDArray[np.floating], suggestion: str) -> tuple[str, ...]:
    """A note that numbers to predict, N or N×1, are few different integers, which could be classes."""
    if values.size != len(values) or not (values == np.rint(values)).all():
        return ()
    count = len(np.unique(values))
    if not 1 < count <= min(_MOST_CLASSES, len(values) // _LEAST_SAMPLES):
        return ()
    return (f"`{name}` has {count} different integers, predicted as numbers (regression); for classes, {suggestion}",)
