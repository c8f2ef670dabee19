"""The MAT files of SVHN."""

from pathlib import Path

import numpy as np

from ...text.counts import counted
from ..errors.data_errors import DataCorrupt
from .dataset_files import RemoteFile, obtain
from .dataset_spec import DataSpec
from .images import DataSource, ImageSet, Request, Splits, hold_out
from .mat import read_mat

_LARGEST = 1 << 30
_SIDE = 32


def svhn_file(name: str, sha256: str) -> RemoteFile:
    """A file at the data set's original address."""
    # its server offers only plain http; the digest is checked
    return RemoteFile(name, sha256, (f"http://ufldl.stanford.edu/housenumbers/{name}",))


class SvhnSource(DataSource):
    """Two MAT files: `X` of 32×32×3×N bytes, `y` of N classes, where 10 means the digit 0."""

    def __init__(self, facts: DataSpec, train: RemoteFile, test: RemoteFile) -> None:
        self._facts, self._files = facts, (train, test)

    @property
    def spec(self) -> DataSpec:
        return self._facts

    @property
    def remote_files(self) -> tuple[RemoteFile, ...]:
        """The published files."""
        return self._files

    def load(self, request: Request) -> Splits:
        found = [obtain(file, "svhn", request, ("SVHN", "svhn")) for file in self._files]
        learn, test = (_read(file.path) for file in found)
        train, validation = hold_out(learn, request.split)
        counts = f"{counted(len(learn), 'training image')}, {counted(len(test), 'test image')}"
        note = f"svhn: not the published files ({counts})"
        return Splits(train, validation, test, () if all(file.official for file in found) else (note,))


def _read(path: Path) -> ImageSet:
    arrays = read_mat(path, ("X", "y"), _LARGEST)
    images, labels = arrays["X"], arrays["y"].ravel()
    if images.shape[:3] != (_SIDE, _SIDE, 3) or images.ndim != 4 or images.dtype != np.uint8:
        raise DataCorrupt(path, f"`X` is {'×'.join(map(str, images.shape))} of {images.dtype}, not bytes of 32×32×3×N")
    if len(labels) != images.shape[3]:
        raise DataCorrupt(path, f"{counted(len(labels), 'label')} for {counted(images.shape[3], 'image')}")
    if len(labels) == 0 or not np.isin(labels, np.arange(1, 11)).all():  # they may be floats
        raise DataCorrupt(path, "no labels, or labels outside 1..10")
    return ImageSet(np.ascontiguousarray(images.transpose(3, 2, 0, 1)), labels.astype(np.int64) % 10)
