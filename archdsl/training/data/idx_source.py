"""Data sets in MNIST's format: four IDX files."""

from dataclasses import dataclass

import numpy as np

from ...text.counts import counted
from ..errors.data_errors import DataCorrupt
from .dataset_files import LocalFile, RemoteFile, obtain
from .dataset_spec import DataSpec
from .idx import read_idx
from .images import DataSource, ImageSet, Request, Splits, hold_out

FourFiles = tuple[RemoteFile, RemoteFile, RemoteFile, RemoteFile]

_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


@dataclass(frozen=True)
class IdxSource(DataSource):
    """Four IDX files: training images and labels, test images and labels."""

    facts: DataSpec
    files: FourFiles
    places: tuple[str, ...]

    @property
    def spec(self) -> DataSpec:
        return self.facts

    @property
    def remote_files(self) -> tuple[RemoteFile, ...]:
        """The published files."""
        return self.files

    def load(self, request: Request) -> Splits:
        found = [obtain(file, self.facts.name, request, self.places) for file in self.files]
        learn = self._pair(found[0], found[1])
        test = self._pair(found[2], found[3])
        train, validation = hold_out(learn, request.split)
        counts = f"{counted(len(learn), 'training image')}, {counted(len(test), 'test image')}"
        note = f"{self.facts.name}: not the published files ({counts})"
        unofficial = any(file.official is False for file in found)
        return Splits(train, validation, test, (note,) if unofficial else ())

    def _pair(self, images_file: LocalFile, labels_file: LocalFile) -> ImageSet:
        images = read_idx(images_file.path, dimensions=3)
        labels = read_idx(labels_file.path, dimensions=1)
        assert self.facts.shape is not None
        height, width = self.facts.shape[1:]
        if images.shape[1:] != (height, width):
            raise DataCorrupt(images_file.path, f"images of {images.shape[1]}×{images.shape[2]}, not {height}×{width}")
        if len(images) != len(labels):
            raise DataCorrupt(labels_file.path, f"{counted(len(labels), 'label')} for {counted(len(images), 'image')}")
        if len(labels) == 0 or labels.max() >= len(self.facts.classes):
            raise DataCorrupt(
                labels_file.path, f"no labels, or labels out of range for {counted(len(self.facts.classes), 'class')}"
            )
        return ImageSet(images[:, None], labels.astype(np.int64))


def remote_files(digests: tuple[str, ...], bases: tuple[str, ...]) -> FourFiles:
    """The four files at each of the base URLs."""
    made = [RemoteFile(n, d, tuple(f"{base}/{n}" for base in bases)) for n, d in zip(_NAMES, digests, strict=True)]
    return made[0], made[1], made[2], made[3]
