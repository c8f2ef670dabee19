"""Texts as data sets: the bytes of a text, cut into sequences; the target of each byte is the next one."""

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ..errors.data_errors import BadText
from ..safe_files import read_bytes
from .dataset_spec import DataSpec
from .images import DataSource, ImageSet, Request, Splits

BYTES = 256
"""The size of the vocabulary of bytes."""
TEXTS = (".txt", ".md")
"""The extensions of text files."""
TEST_PART = 0.1
"""The fraction of a text that is the test set, at its end."""
_LARGEST = 1 << 30


class TextSource(DataSource):
    """The bytes of a file: the last tenth is the test set, and the end of the rest is the validation set."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def spec(self) -> DataSpec:
        return DataSpec(self._path.resolve().stem, (), None, targets="next", inputs="ids", vocabulary=BYTES)

    @property
    def origin(self) -> str:
        return str(self._path.resolve())

    def load(self, request: Request) -> Splits:
        try:
            if self._path.stat().st_size > _LARGEST:
                why = f"more than {_LARGEST:,} bytes, the limit for a text that is held in memory"
                raise BadText(self._path, why, "split the file")
            content = read_bytes(self._path, _LARGEST)
        except OSError as error:
            raise BadText(self._path, error.strerror or str(error), "give a text file") from error
        return text_splits(content, request, self._path)


def text_splits(content: bytes, request: Request, path: Path) -> Splits:
    """The splits of a text: consecutive parts that do not overlap. Raises BadText."""
    length = request.shape[0]
    test = len(content) - round(len(content) * TEST_PART)
    learn = round(test * request.split)
    bounds = {"training": (0, learn), "validation": (learn, test), "test": (test, len(content))}
    parts = {
        name: sequences(np.frombuffer(content[low:high], np.uint8), length) for name, (low, high) in bounds.items()
    }
    if not len(parts["training"]) or not len(parts["test"]):
        needed = round((length + 1) / TEST_PART) + 1
        why = f"{counted(len(content), 'byte')}, too few for sequences of {length}"
        raise BadText(path, why, f"give a file of at least {counted(needed, 'byte')}, or a shorter input")
    validation = parts["validation"] if len(parts["validation"]) else None
    return Splits(parts["training"], validation, parts["test"])


def sequences(ids: NDArray[np.integer], length: int) -> ImageSet:
    """Consecutive sequences that do not overlap, with the IDs that follow; an incomplete one at the end is left out."""
    count = max(0, (len(ids) - 1) // length)
    inputs, following = (ids[start : start + count * length].reshape(count, length).copy() for start in (0, 1))
    return ImageSet(inputs, following)


def as_text(ids: NDArray[np.integer]) -> str:
    """Bytes as text; those that are not UTF-8 are replaced."""
    return bytes(ids.astype(np.uint8).tolist()).decode("utf-8", "replace")
