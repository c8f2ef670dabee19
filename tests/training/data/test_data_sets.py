"""The published data sets: their formats, their locations, the errors for unexpected files."""

import gzip
import os
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from archdsl.training.data.cifar_archive import CifarSource
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.idx import read_idx
from archdsl.training.data.idx_source import IdxSource
from archdsl.training.data.images import Request
from archdsl.training.data.registry import data_sets, find_source
from archdsl.training.data.resize import fit_images
from archdsl.training.data.sets import cifar10, cifar100, mnist
from archdsl.training.errors.data_errors import DataCorrupt, DataMissing, NothingToLearnFrom, UnknownData
from tests.training.archives import digest, idx, idx_images, records, serving, tar_gz

MNIST, CIFAR10, CIFAR100 = mnist.source(), cifar10.source(), cifar100.source()
GREY, COLOR = ImageShape(1, 28, 28), ImageShape(3, 32, 32)
SHARED = Path(os.environ.get("ARCHDSL_SHARED", Path(__file__).parents[4] / "shared")) / "data"


def four_files(learn: int = 20, test: int = 10) -> dict[str, bytes]:
    contents: list[NDArray[Any]] = [idx_images(learn), np.arange(learn) % 10, idx_images(test), np.arange(test) % 10]
    arrays = [content.astype(np.uint8) for content in contents]
    return {file.name: idx(array) for file, array in zip(MNIST.files, arrays, strict=True)}


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


# --- digits -----------------------------------------------------------------------------------------------------------


def test_digits_data_set_is_included_in_the_package(tmp_path: Path) -> None:
    splits = find_source("digits").load(Request(ImageShape(1, 8, 8), tmp_path))
    assert splits.validation is not None
    assert splits.test is not None
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [1293, 144, 360]
    assert splits.train.images.shape[1:] == (1, 8, 8)
    assert splits.train.images.min() == 0
    assert splits.train.images.max() == 255
    labels = np.concatenate([part.labels for part in (splits.train, splits.validation, splits.test)])
    assert np.bincount(labels).tolist() == [
        178,
        182,
        177,
        183,
        181,
        182,
        181,
        179,
        174,
        180,
    ]  # from UCI's description
    assert list(tmp_path.iterdir()) == []


def test_validation_split_is_deterministic(tmp_path: Path) -> None:
    request = Request(ImageShape(1, 8, 8), tmp_path)
    one, other = (find_source("digits").load(request).validation for _ in range(2))
    assert one is not None
    assert other is not None
    assert np.array_equal(one.images, other.images)
    whole = find_source("digits").load(replace(request, split=1.0))
    assert whole.validation is None
    assert len(whole.train) == 1437


def test_split_without_training_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingToLearnFrom, match=r"`split 0\.0001` leaves none of the 1,437 images for training"):
        find_source("digits").load(Request(ImageShape(1, 8, 8), tmp_path, split=0.0001))


# --- IDX --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["", "MNIST/raw", "mnist"])
@pytest.mark.parametrize("packed", [True, False])
def test_mnist_is_read_from_a_folder(tmp_path: Path, place: str, packed: bool) -> None:
    files = four_files()
    if not packed:
        files = {name.removesuffix(".gz"): gzip.decompress(content) for name, content in files.items()}
    put(tmp_path / place, files)
    splits = MNIST.load(Request(GREY, tmp_path / "cache", data_dir=tmp_path, split=1.0))
    assert np.array_equal(splits.train.images, idx_images(20)[:, None])
    assert splits.train.labels.tolist() == [i % 10 for i in range(20)]
    assert splits.test is not None
    assert len(splits.test) == 10
    note = "mnist: not the published files (20 training images, 10 test images)"
    assert splits.notes == ((note,) if packed else ())
    assert not (tmp_path / "cache").exists()


def test_mnist_is_downloaded(tmp_path: Path) -> None:
    files = four_files()
    with serving({f"/m/{name}": content for name, content in files.items()}) as server:
        remote = tuple(
            replace(file, sha256=digest(files[file.name]), urls=(f"{server.base}/m/{file.name}",))
            for file in MNIST.files
        )
        source = IdxSource(MNIST.facts, (remote[0], remote[1], remote[2], remote[3]), MNIST.places)
        splits = source.load(Request(GREY, tmp_path))
    assert len(splits.train) == 18
    assert splits.validation is not None
    assert len(splits.validation) == 2
    assert splits.notes == ()
    assert len(list((tmp_path / "data" / "mnist").iterdir())) == 4


def test_missing_mnist_files_are_reported(tmp_path: Path) -> None:
    with pytest.raises(DataMissing) as caught:
        MNIST.load(Request(GREY, tmp_path / "cache", data_dir=tmp_path))
    assert caught.value.looked_for == ("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("train-images-idx3-ubyte.gz", b"no gzip", "corrupt gzip"),
        ("train-images-idx3-ubyte.gz", idx(idx_images(20))[:-30], "corrupt gzip"),
        ("train-images-idx3-ubyte.gz", gzip.compress(b"\0\0\x0d\x03" + bytes(12)), "not an IDX file of bytes"),
        ("train-images-idx3-ubyte.gz", gzip.compress(b"\0\0"), "not an IDX file of bytes"),
        ("train-images-idx3-ubyte.gz", idx(idx_images(20, side=27)), "images of 27×27, not 28×28"),
        ("train-labels-idx1-ubyte.gz", idx(np.zeros(19, np.uint8)), "19 labels for 20 images"),
        ("train-labels-idx1-ubyte.gz", idx(np.full(20, 10, np.uint8)), "labels out of range for 10 classes"),
        ("train-labels-idx1-ubyte.gz", gzip.compress(b"\0\0\x08\x01" + b"\0\xff\xff\xff" + b"12"), "but it has 2"),
        ("train-labels-idx1-ubyte.gz", gzip.compress(b"\0\0\x08\x01\0\0\0\x02" + bytes(9)), "but it has more"),
        ("train-images-idx3-ubyte.gz", gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12), "the limit is 1,073,741,824"),
    ],
    ids=["not gzip", "cut", "type", "short", "size", "fewer", "label", "announced", "more", "hostile"],
)
def test_corrupt_idx_files_are_refused(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    put(tmp_path, {**four_files(), name: content})
    with pytest.raises(DataCorrupt) as caught:
        MNIST.load(Request(GREY, tmp_path / "cache", data_dir=tmp_path))
    assert caught.value.path == tmp_path / name
    assert why in caught.value.why


# --- CIFAR ------------------------------------------------------------------------------------------------------------


def cifar_members(source: CifarSource) -> dict[str, bytes]:
    names = (*source.train, *source.test)
    counts = range(3, 3 + len(names))
    made = {n: records(c, len(source.spec.classes), source.label_bytes)[0] for n, c in zip(names, counts, strict=True)}
    return {f"{source.folder}/{name}": content for name, content in made.items()}


@pytest.mark.parametrize("source", [CIFAR10, CIFAR100], ids=lambda source: source.spec.name)
@pytest.mark.parametrize("place", ["archive", "unpacked", "inside"])
def test_cifar_is_read_from_a_folder(tmp_path: Path, source: CifarSource, place: str) -> None:
    members = cifar_members(source)
    if place == "archive":
        put(tmp_path, {source.archive.name: tar_gz({"README": b"", **members})})
    elif place == "unpacked":
        put(tmp_path, members)
    else:
        put(tmp_path, {name.split("/")[1]: content for name, content in members.items()})
    splits = source.load(Request(COLOR, tmp_path / "cache", data_dir=tmp_path, split=1.0))
    files = len(source.train)
    _, labels, images = records(3, len(source.spec.classes), source.label_bytes)
    assert np.array_equal(splits.train.images[:3], images)
    assert splits.train.labels[:3].tolist() == labels.tolist()
    assert len(splits.train) == sum(range(3, 3 + files))
    assert splits.test is not None
    assert len(splits.test) == 3 + files
    assert "not the published files" in splits.notes[0]


def test_cifar_is_downloaded(tmp_path: Path) -> None:
    archive = tar_gz(cifar_members(CIFAR10))
    with serving({"/c.tar.gz": archive}) as server:
        remote = replace(CIFAR10.archive, sha256=digest(archive), urls=(f"{server.base}/c.tar.gz",))
        splits = replace(CIFAR10, archive=remote).load(Request(COLOR, tmp_path, split=1.0))
    assert len(splits.train) == 3 + 4 + 5 + 6 + 7
    assert splits.notes == ()


def announcing(kind: bytes, size: int) -> bytes:
    """The header of an archive member of this size, in gzip."""
    member = tarfile.TarInfo("long")
    member.type, member.size = kind, size
    return gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(512))


def test_cifar_with_one_image_per_file(tmp_path: Path) -> None:
    members = {name: records(1, 10)[0] for name in cifar_members(CIFAR10)}
    put(tmp_path, {CIFAR10.archive.name: tar_gz(members)})
    splits = CIFAR10.load(Request(COLOR, tmp_path / "cache", data_dir=tmp_path))
    assert splits.test is not None
    assert np.array_equal(splits.test.images, records(1, 10)[2])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda members: tar_gz(members)[:-200], "corrupt archive"),
        (lambda members: b"no archive", "corrupt archive"),
        (lambda members: tar_gz(dict(list(members.items())[:-1])), "does not contain cifar-10-batches-bin/test_"),
        (lambda members: tar_gz({f"../{n}": c for n, c in members.items()}), "the archive does not contain"),
        (
            lambda members: tar_gz({}, dict.fromkeys(members, "/etc/passwd")),
            "the archive does not contain",
        ),
        (lambda members: announcing(tarfile.XHDTYPE, 1 << 62) + tar_gz(members), "declares 4,611,686,018,427,38"),
        (lambda members: announcing(tarfile.GNUTYPE_LONGNAME, -1024) + tar_gz(members), "declares -1,024 bytes"),
        (lambda members: tar_gz({n: c[:-1] for n, c in members.items()}), "not a multiple of the record size, 3,073"),
        (lambda members: tar_gz({n: b"\x0a" + c[1:] for n, c in members.items()}), "label 10 is out of range for 10"),
    ],
    ids=["cut", "not gzip", "lacks one", "other paths", "links", "huge head", "negative head", "cut member", "label"],
)  # fmt: skip
def test_corrupt_cifar_files_are_refused(tmp_path: Path, change: Callable[[dict[str, bytes]], bytes], why: str) -> None:
    put(tmp_path, {CIFAR10.archive.name: change(cifar_members(CIFAR10))})
    with pytest.raises(DataCorrupt) as caught:
        CIFAR10.load(Request(COLOR, tmp_path / "cache", data_dir=tmp_path))
    assert why in caught.value.why


def test_missing_cifar_files_are_reported(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="cifar10: none of its files are in"):
        CIFAR10.load(Request(COLOR, tmp_path / "cache", data_dir=tmp_path))


# --- real files -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    not (SHARED / "mnist").is_dir(), reason="no real MNIST: set ARCHDSL_SHARED to a folder with data/mnist"
)
def test_published_mnist_files_are_read(tmp_path: Path) -> None:
    splits = MNIST.load(Request(GREY, tmp_path, data_dir=SHARED, split=1.0))
    assert splits.test is not None
    assert len(splits.test) == 10_000
    assert splits.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]  # visible when they are displayed
    assert splits.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    t10k = [file for file in MNIST.files if file.name.startswith("t10k")]
    assert all(digest((SHARED / "mnist" / file.name).read_bytes()) == file.sha256 for file in t10k)


# --- names, sizes -----------------------------------------------------------------------------------------------------


def test_misspelled_data_set_name_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(UnknownData) as caught:
        find_source("fashion-mnis")
    assert caught.value.nearest == "fashion_mnist"


def test_class_names_match_the_number_of_classes() -> None:
    assert {name: len(set(spec.classes)) for name, spec in data_sets().items()} == {
        "digits": 10, "mnist": 10, "fashion_mnist": 10, "cifar10": 10, "cifar100": 100, "svhn": 10, "shapes": 4,
        "shape_sets": 3, "friedman": 1, "alice": 0, "shape_captions": 26, "shape_boxes": 3,
    }  # fmt: skip


def test_pad_and_crop_are_centered() -> None:
    image = np.arange(1, 10, dtype=np.uint8).reshape(1, 1, 3, 3)
    padded = fit_images(image, ImageShape(1, 6, 5), "pad")
    assert np.array_equal(padded[0, 0, 1:4, 1:4], image[0, 0])
    assert padded.sum() == image.sum()
    assert np.array_equal(fit_images(padded, ImageShape(1, 3, 3), "pad"), image)


def test_resize_preserves_mean_and_range() -> None:
    image = np.repeat(np.arange(0, 256, 8, dtype=np.uint8)[None, None, :, None], 32, axis=3)
    small = fit_images(image, ImageShape(1, 16, 16), "resize")
    assert small.shape == (1, 1, 16, 16)
    assert np.all(np.diff(small[0, 0, :, 0].astype(int)) > 0)
    assert abs(small.mean() - image.mean()) < 1


def test_read_idx_accepts_uncompressed_files(tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes(gzip.decompress(idx(np.arange(5, dtype=np.uint8))))
    assert read_idx(tmp_path / "labels", 1).tolist() == [0, 1, 2, 3, 4]
