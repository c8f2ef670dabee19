"""MNIST (LeCun, Cortes and Burges, 1998): handwritten digits, 28×28 grey, 60,000 to learn from and 10,000 to test."""

from dataclasses import dataclass

import numpy as np

from ..errors import DataCorrupt
from .dataset_files import LocalFile, RemoteFile, obtain
from .dataset_spec import SPECS, DataSpec
from .idx import read_idx
from .images import ImageSet, Request, Source, Splits, hold_out

FourFiles = tuple[RemoteFile, RemoteFile, RemoteFile, RemoteFile]

_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


@dataclass(frozen=True)
class IdxSource(Source):
    """Four IDX files: images and labels to learn from, images and labels to test with."""

    facts: DataSpec
    files: FourFiles
    places: tuple[str, ...]

    @property
    def spec(self) -> DataSpec:
        return self.facts

    def load(self, request: Request) -> Splits:
        found = [obtain(file, self.facts.name, request, self.places) for file in self.files]
        learn = self._pair(found[0], found[1])
        test = self._pair(found[2], found[3])
        train, validation = hold_out(learn, request.split)
        note = (
            f"{self.facts.name}: not the published files ({len(learn):,} images to learn from, {len(test):,} to test)"
        )
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
            raise DataCorrupt(labels_file.path, f"{len(labels):,} labels for {len(images):,} images")
        if len(labels) == 0 or labels.max() >= len(self.facts.classes):
            raise DataCorrupt(labels_file.path, f"labels beyond the {len(self.facts.classes)} classes, or none")
        return ImageSet(images[:, None], labels.astype(np.int64))


def remote_files(digests: tuple[str, ...], bases: tuple[str, ...]) -> FourFiles:
    """The four files under each of the addresses."""
    made = [RemoteFile(n, d, tuple(f"{base}/{n}" for base in bases)) for n, d in zip(_NAMES, digests, strict=True)]
    return made[0], made[1], made[2], made[3]


MNIST = IdxSource(
    facts=SPECS["mnist"],
    files=remote_files(
        (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist",
            "https://ossci-datasets.s3.amazonaws.com/mnist",
        ),
    ),
    places=("MNIST/raw", "mnist"),
)
