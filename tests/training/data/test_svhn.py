"""SVHN, and MAT files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from archdsl.training.data.dataset_files import RemoteFile
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.images import Request
from archdsl.training.data.mat import read_mat
from archdsl.training.data.sets import svhn as svhn_set
from archdsl.training.data.svhn_files import SvhnSource
from archdsl.training.errors.data_errors import DataCorrupt, DataMissing
from tests.training.archives import digest, serving
from tests.training.data.mat_files import TYPES, element, mat, matrix, packed

SHAPE = ImageShape(3, 32, 32)


def numbers(count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images N×3×32×32, and labels 1..10."""
    rng = np.random.default_rng(count)
    images = rng.integers(0, 256, (count, 3, 32, 32)).astype(np.uint8)
    return images, (np.arange(count) % 10 + 1).astype(np.uint8)


def svhn(count: int) -> bytes:
    images, labels = numbers(count)
    return mat(packed(matrix("X", images.transpose(2, 3, 1, 0))), packed(matrix("y", labels[:, None])))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(3, 4), (2, 1), (5, 1, 7)])
def test_mat_arrays_round_trip(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    content = mat(matrix("other", array + 1), packed(matrix("a_long_name", array)), matrix("y", array))
    (tmp_path / "m.mat").write_bytes(content)
    found = read_mat(tmp_path / "m.mat", ("a_long_name", "y"), 1000)
    assert np.array_equal(found["a_long_name"], array)
    assert np.array_equal(found["y"], array)
    assert set(found) == {"a_long_name", "y"}


def test_svhn_is_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "SVHN").mkdir()
    (tmp_path / "SVHN" / "train_32x32.mat").write_bytes(svhn(20))
    (tmp_path / "SVHN" / "test_32x32.mat").write_bytes(svhn(11))
    splits = svhn_set.load(Request(SHAPE, tmp_path / "cache", data_dir=tmp_path, split=1.0))
    images, labels = numbers(20)
    assert np.array_equal(splits.train.images, images)
    assert splits.train.labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0] * 2
    assert labels[9] == 10
    assert splits.test is not None
    assert len(splits.test) == 11
    assert splits.notes == ("svhn: not the published files (20 training images, 11 test images)",)


def test_svhn_is_downloaded(tmp_path: Path) -> None:
    train, test = svhn(20), svhn(10)
    with serving({"/a.mat": train, "/b.mat": test}) as server:
        files = (RemoteFile(f"{n}.mat", digest(c), (f"{server.base}/{n}.mat",)) for n, c in (("a", train), ("b", test)))
        splits = SvhnSource(svhn_set.SPEC, *files).load(Request(SHAPE, tmp_path))
    assert splits.validation is not None
    assert (len(splits.train), len(splits.validation), splits.notes) == (18, 2, ())


def test_missing_svhn_files_are_reported(tmp_path: Path) -> None:
    with pytest.raises(DataMissing):
        svhn_set.load(Request(SHAPE, tmp_path, data_dir=tmp_path))


_X, _Y = numbers(4)
_IMAGES, _LABELS = matrix("X", _X.transpose(2, 3, 1, 0)), matrix("y", _Y[:, None])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: b"\x80\x04cos\nsystem\n", "not a little-endian MAT file of version 5"),
        (lambda: mat(_IMAGES, _LABELS)[:-3], "exceeds the file"),
        (lambda: mat(packed(_IMAGES)[:-9], _LABELS), "corrupt MAT file"),
        (lambda: mat(_IMAGES), "it has no array y"),
        (lambda: mat(_LABELS, matrix("X", _X)), "`X` is 4×3×32×32"),
        (lambda: mat(_IMAGES, matrix("y", _Y[:3, None])), "3 labels for 4 images"),
        (lambda: mat(_IMAGES, matrix("y", _Y[:, None] + 8)), "labels outside 1..10"),
        (lambda: mat(_IMAGES, matrix("y", np.array([[1.0], [np.nan], [2], [3]]))), "labels outside 1..10"),
        (lambda: mat(_IMAGES, matrix("y", np.array([[1.0], [1.5], [2], [3]]))), "labels outside 1..10"),
        (lambda: mat(matrix("X", _X, (2**31 - 1,) * 100_000), _LABELS), "`X` declares 100,000 dimensions"),
        (lambda: mat(matrix("X", _X, (32, 32, 3, 5)), _LABELS), "declares 15,360 values, but has 12,288"),
        (lambda: mat(packed(matrix("X", np.zeros(1 << 20, np.uint8))), _LABELS), "larger than"),
        (lambda: mat(element(14, element(6, bytes(8)))), "it has no array X, y"),
    ],
    ids=[
        "pickle",
        "cut",
        "cut zlib",
        "one array",
        "shape",
        "count",
        "labels",
        "nan",
        "halves",
        "dimensions",
        "sizes",
        "bomb",
        "no name",
    ],
)
def test_corrupt_svhn_files_are_refused(
    tmp_path: Path, content: Callable[[], bytes], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archdsl.training.data.svhn_files._LARGEST", 1 << 19)
    (tmp_path / "train_32x32.mat").write_bytes(content())
    (tmp_path / "test_32x32.mat").write_bytes(svhn(2))
    with pytest.raises(DataCorrupt) as caught:
        svhn_set.load(Request(SHAPE, tmp_path / "cache", data_dir=tmp_path))
    assert why in caught.value.why
