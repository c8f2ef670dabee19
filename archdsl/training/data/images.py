"""Data sets: requests for them, and their samples in memory."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ..errors.data_errors import NothingToLearnFrom
from . import arrays
from .box_arrays import PADDING
from .dataset_spec import DataSpec, ImageShape, InputKind, InputShape
from .stream.image_stream import ImageStream, StreamSettings

Pixels = arrays.Pixels
Labels = arrays.Labels
Masks = arrays.Masks
Inputs = arrays.Inputs
TargetArray = arrays.TargetArray


@dataclass(frozen=True)
class ImageSet:
    """The samples of a split: their inputs, most often images, and their targets.

    `images` are uint8 of N×C×H×W; or numbers, float32 of N×…; or IDs, integers of N×T. `labels` are classes, int64 of
    N; sets of classes, uint8 of N×K with 1 for each class in the set; masks, uint8 of N×H×W with the class of each
    pixel, or 255 for none; numbers, float32 of N×K; IDs, integers of N×T; captions, int32 of N×R×L (see captions.py);
    or boxes, float32 of N×B×5 (see box_arrays.py). `files` are the paths of the images in the data set's folder, if
    each is a file.

    Images that are decoded in every epoch are in `stream`, and `images`, uint8 of 0×C×H×W, only gives their shape.
    """

    images: Inputs
    labels: TargetArray
    files: tuple[str, ...] | None = None
    stream: ImageStream | None = None

    def __post_init__(self) -> None:
        assert kind_of(self.images) is not None, f"{self.images.dtype} of {counted(self.images.ndim, 'dimension')}"
        assert self.images.flags.writeable  # torch uses the same memory, which must be writable
        assert len(self.labels) == (len(self.images) if self.stream is None else len(self.stream))

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> "ImageSet":
        """The images with these indices, in this order; those of a stream are decoded, without random changes."""
        files = tuple(self.file(index) or "" for index in indices.tolist()) if self.has_files else None
        pixels = self.images[indices] if self.stream is None else self.stream.pixels(indices)
        return ImageSet(pixels, self.labels[indices], files)

    def some(self, count: int) -> "ImageSet":
        """At most this many images of a stream, evenly spaced; all images of a set in memory."""
        if self.stream is None or len(self) <= count:
            return self if self.stream is None else self.take(np.arange(len(self)))
        return self.take(np.linspace(0, len(self) - 1, count).round().astype(np.int64))

    @property
    def has_files(self) -> bool:
        """Whether each image is a file, or a part of one."""
        return self.files is not None or self.stream is not None

    def file(self, index: int) -> str | None:
        """The path of an image's file in the data set's folder, if it has one."""
        if self.stream is not None:
            return self.stream.name(index)
        return self.files[index] if self.files is not None else None


def kind_of(inputs: Inputs) -> InputKind | None:
    """The kind of a sample's inputs, by their type and number of dimensions; None for unsupported ones."""
    if inputs.dtype == np.uint8 and inputs.ndim == 4:
        return "image"
    if inputs.dtype == np.float32 and inputs.ndim >= 2:
        return "numbers"
    return "ids" if inputs.dtype.kind in "iu" and inputs.ndim == 2 else None


def join(sets: Sequence[ImageSet]) -> ImageSet:
    """The images of several sets, concatenated; a single set is not copied."""
    if len(sets) == 1:
        return sets[0]
    labels = _concatenated([each.labels for each in sets])
    streams = [each.stream for each in sets if each.stream is not None]
    if len(streams) == len(sets):
        return ImageSet(sets[0].images, labels, stream=streams[0].joined(streams[1:]))
    files = [each.files for each in sets if each.files]
    return ImageSet(
        np.concatenate([each.images for each in sets]),
        labels,
        tuple(file for part in files for file in part) if len(files) == len(sets) else None,
    )


def _concatenated(labels: list[TargetArray]) -> TargetArray:
    """Targets one after the other; captions and boxes of splits with fewer or shorter ones are padded."""
    if len({part.shape[1:] for part in labels}) == 1:
        return np.concatenate(labels)
    sizes = tuple(max(each) for each in zip(*(part.shape[1:] for part in labels), strict=True))
    fill = PADDING if labels[0].dtype == np.float32 else 0
    wider = [
        np.pad(p, ((0, 0), *((0, m - s) for m, s in zip(sizes, p.shape[1:], strict=True))), constant_values=fill)
        for p in labels
    ]
    return np.concatenate(wider)


@dataclass(frozen=True)
class Splits:
    """A data set in memory. Splits that it does not have are None; `notes` are messages for the user."""

    train: ImageSet
    validation: ImageSet | None
    test: ImageSet | None
    notes: tuple[str, ...] = ()

    def close(self) -> None:
        """End the processes that decode images; they are started again if they are needed."""
        for part in (self.train, self.validation, self.test):
            if part is not None and part.stream is not None:
                part.stream.pool.close()


ShowProgress = Callable[[str], None]


class Download:
    """Progress of downloading and decoding. The base class is silent."""

    def start(self, name: str, total: int | None) -> None:
        """The download of a file of `total` bytes (if known) starts; called again for each URL that is tried."""

    def start_decoding(self, name: str, images: int) -> None:
        """This many images of a data set are about to be decoded."""

    def advance(self, size: int) -> None:
        """This many more bytes were downloaded, or images decoded."""

    def finish(self) -> None:
        """The download or the decoding has ended, whether it succeeded or not."""


@dataclass(frozen=True)
class Request:
    """A request for a data set.

    `shape` is the network's first input; `cache` is the folder of downloads and decoded images; `data_dir`, if given,
    is the only folder to read from; `split` is the fraction of the training images to train on if the data set has no
    validation images, and the rest is the validation set. `stream` is given if images may be decoded in every epoch.
    """

    shape: InputShape
    cache: Path
    data_dir: Path | None = None
    split: float = 0.9
    download: Download = field(default_factory=Download)
    stream: StreamSettings | None = None

    @property
    def image(self) -> ImageShape:
        """The network's input, which is an image."""
        return ImageShape(*self.shape)


class DataSource(ABC):
    """A data set: its facts, and how to read it."""

    @property
    @abstractmethod
    def spec(self) -> DataSpec:
        """The facts; reads no image. Only a data set of the Hub downloads a file.

        Raises BadImages, or another error of the data, for a path that is not a data set.
        """

    @property
    def origin(self) -> str:
        """The name by which it is found again later: the data set's name, or a folder's absolute path."""
        return self.spec.name

    @property
    def reads_data_dir(self) -> bool:
        """Whether it reads its files from a request's `data_dir`."""
        return False

    @abstractmethod
    def load(self, request: Request) -> Splits:
        """Read the data set from `data_dir` or from the cache, downloading it if necessary.

        Raises DataMissing, DataCorrupt, DownloadFailed, DiskFull, BadImages, or another error of the data.
        """


def hold_out(images: ImageSet, split: float) -> tuple[ImageSet, ImageSet | None]:
    """Split into training and validation images, always in the same way.

    The order is a fixed permutation, independent of a run's seed, so that runs can be compared. With `split` 1, nothing
    is held out. Raises NothingToLearnFrom.
    """
    learn, validate = divide(len(images), split)
    return (images.take(learn), images.take(validate)) if len(validate) else (images, None)


def divide(count: int, split: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The indices of `hold_out`'s two parts, each in ascending order. Raises NothingToLearnFrom."""
    order = np.random.default_rng(0).permutation(count)
    learn = round(count * split)
    if learn == 0:
        raise NothingToLearnFrom(split, count)
    return np.sort(order[:learn]), np.sort(order[learn:])
