"""Data sets: how they are wanted, and their images in memory."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors.data_errors import NothingToLearnFrom
from .dataset_spec import DataSpec, ImageShape

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class ImageSet:
    """Images, uint8 of N×C×H×W, and their classes, int64 of N.

    `files` are their paths in the data set's folder, where each has a file of its own.
    """

    images: Pixels
    labels: Labels
    files: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        assert self.images.dtype == np.uint8
        assert self.images.ndim == 4
        assert self.images.flags.writeable  # torch shares memory with nothing else
        assert self.labels.shape == self.images.shape[:1]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> "ImageSet":
        """The images with these indices, in this order."""
        files = tuple(self.files[index] for index in indices.tolist()) if self.files else None
        return ImageSet(self.images[indices], self.labels[indices], files)


def join(sets: Sequence[ImageSet]) -> ImageSet:
    """The images of several sets, one after the other; a single one is not copied."""
    if len(sets) == 1:
        return sets[0]
    files = [each.files for each in sets if each.files]
    return ImageSet(
        np.concatenate([each.images for each in sets]),
        np.concatenate([each.labels for each in sets]),
        tuple(file for part in files for file in part) if len(files) == len(sets) else None,
    )


@dataclass(frozen=True)
class Splits:
    """A data set in memory. What a set does not have is None; `notes` are lines worth telling the user."""

    train: ImageSet
    validation: ImageSet | None
    test: ImageSet | None
    notes: tuple[str, ...] = ()


Tell = Callable[[str], None]


class Download:
    """What is told while a file is fetched, or pictures are decoded. This one is silent."""

    def start(self, name: str, total: int | None) -> None:
        """A file of `total` bytes, if that is known, begins; also told when another address is tried."""

    def start_decoding(self, name: str, images: int) -> None:
        """So many pictures of a data set are about to be decoded."""

    def advance(self, size: int) -> None:
        """So many more bytes are here, or pictures."""

    def finish(self) -> None:
        """The file is here, or was given up; the pictures are decoded, or were left."""


@dataclass(frozen=True)
class Request:
    """How a data set is wanted.

    `shape` is the network's input; `cache` is where downloads and decoded images are kept; `data_dir`, where given, is
    the only place to read from; `split` is the part of the training images to learn from where the set has no
    validation images of its own, the rest validates.
    """

    shape: ImageShape
    cache: Path
    data_dir: Path | None = None
    split: float = 0.9
    download: Download = field(default_factory=Download)


class Source(ABC):
    """A data set: its facts, and how to read it."""

    @property
    @abstractmethod
    def spec(self) -> DataSpec:
        """The facts; reads no image, fetches nothing.

        Raises BadImages for a folder that is no data set.
        """

    @property
    def origin(self) -> str:
        """What names it again later: the data set's name, or a folder's whole path."""
        return self.spec.name

    @property
    def reads_data_dir(self) -> bool:
        """Whether `data_dir` of a request says where its files are."""
        return False

    @abstractmethod
    def load(self, request: Request) -> Splits:
        """Read it, from `data_dir` or from the cache, fetching what is not there.

        Raises DataMissing, DataCorrupt, DownloadFailed, DiskFull, BadImages.
        """


def hold_out(images: ImageSet, split: float) -> tuple[ImageSet, ImageSet | None]:
    """Divide into images to learn from and images to validate on, always the same way.

    The order is a fixed permutation, independent of a run's seed, so that runs compare. `split` 1 holds out none.
    Raises NothingToLearnFrom.
    """
    learn, validate = divide(len(images), split)
    return (images.take(learn), images.take(validate)) if len(validate) else (images, None)


def divide(count: int, split: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The indices of `hold_out`'s two parts of so many images, each in rising order. Raises NothingToLearnFrom."""
    order = np.random.default_rng(0).permutation(count)
    learn = round(count * split)
    if learn == 0:
        raise NothingToLearnFrom(split, count)
    return np.sort(order[:learn]), np.sort(order[learn:])
