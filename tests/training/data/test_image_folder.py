"""Folders of images."""

import errno
import os
import struct
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from archdsl.training.data import decoded_cache, image_folder
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.decoding import decode
from archdsl.training.data.image_folder import FolderSource
from archdsl.training.data.images import Request
from archdsl.training.data.registry import find_source
from archdsl.training.errors.data_errors import BadImages
from archdsl.training.errors.disk_errors import DiskFull
from archdsl.training.loop.stream_settings import stream_settings
from archdsl.training.recipe.recipe import Recipe

SHAPE = ImageShape(3, 8, 10)


def paint(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (10, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for i in range(20):
        paint(tmp_path / "pets" / "cat" / f"{i}.png", (250, i, 0))
        paint(tmp_path / "pets" / "dog" / "more" / f"{i}.jpg", (0, i, 250), size=(33, 21))
    (tmp_path / "pets" / "cat" / "notes.txt").write_text("no image")
    (tmp_path / "pets" / ".hidden").mkdir()
    (tmp_path / "pets" / "empty").mkdir()
    return tmp_path / "pets"


def test_folder_without_splits_is_divided(pets: Path, tmp_path: Path) -> None:
    source = find_source(str(pets))
    assert source.spec.classes == ("cat", "dog")
    assert source.spec.name == "pets"
    assert source.spec.shape is None
    splits = source.load(Request(SHAPE, tmp_path / "cache"))
    assert splits.test is not None
    assert splits.validation is not None
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [32, 4, 4]
    assert np.bincount(splits.test.labels).tolist() == [2, 2]
    assert splits.train.images.shape == (32, *SHAPE)
    for part in (splits.train, splits.validation, splits.test):
        assert part.files is not None
        assert all(np.array_equal(decode(pets / f, SHAPE), i) for f, i in zip(part.files, part.images, strict=True))
    for image, label in zip(splits.train.images, splits.train.labels, strict=True):
        assert abs(int(image[0].mean()) - (250 if label == 0 else 0)) <= 3
        assert abs(int(image[2].mean()) - (0 if label == 0 else 250)) <= 3


def test_adding_files_keeps_the_split_of_existing_files(pets: Path) -> None:
    before = {item.path for item in FolderSource(pets).parts().test}
    for i in range(20, 30):
        paint(pets / "cat" / f"{i}.png", (250, i, 0))
    after = FolderSource(pets).parts()
    kept = before & {item.path for item in after.test}
    assert len(after.test) == 3 + 2
    assert len(before - kept) <= 1  # a new file may replace one


@pytest.mark.parametrize("validation", ["val", "validation", "valid"])
def test_folders_for_each_split(tmp_path: Path, validation: str) -> None:
    for split, count in (("train", 10), (validation, 4), ("test", 3)):
        for i in range(count):
            for name in ("a", "b", "c"):
                paint(tmp_path / "set" / split / name / f"{i}.png", (i, i, i))
    splits = FolderSource(tmp_path / "set").load(Request(SHAPE, tmp_path / "cache"))
    assert splits.validation is not None
    assert splits.test is not None
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [30, 12, 9]


def test_validation_images_are_held_out_without_a_validation_folder(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for i in range(10):
            for name in ("a", "b"):
                paint(tmp_path / "set" / split / name / f"{i}.png", (i, i, i))
    splits = FolderSource(tmp_path / "set").load(Request(SHAPE, tmp_path / "cache"))
    assert splits.validation is not None
    assert splits.test is not None
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [18, 2, 20]


def test_decoded_images_are_cached_until_a_file_changes(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[Path] = []

    def counting(path: Path, shape: ImageShape) -> object:
        decoded.append(path)
        return decode(path, shape)

    monkeypatch.setattr("archdsl.training.data.image_folder.decode", counting)
    request = Request(SHAPE, tmp_path / "cache")
    first = FolderSource(pets).load(request)
    assert len(decoded) == 40
    second = FolderSource(pets).load(request)
    assert len(decoded) == 40
    assert np.array_equal(first.train.images, second.train.images)
    paint(pets / "cat" / "0.png", (1, 2, 3), size=(50, 50))
    FolderSource(pets).load(request)
    assert len(decoded) > 40
    for path in (tmp_path / "cache").rglob("*.npy"):
        path.write_bytes(path.read_bytes()[:100])
    assert len(FolderSource(pets).load(request).train) == 32


def test_large_sets_are_memory_mapped(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = FolderSource(pets).load(Request(SHAPE, tmp_path / "plain"))
    for module in (image_folder, decoded_cache):
        monkeypatch.setattr(module, "MAPPED", 300)  # more than one image, fewer than any split
    decoded, mapped = (FolderSource(pets).load(Request(SHAPE, tmp_path / "mapped")) for _ in range(2))
    for found in (decoded, mapped):
        for mine, theirs in (
            (found.train, plain.train),
            (found.validation, plain.validation),
            (found.test, plain.test),
        ):
            assert mine is not None
            assert theirs is not None
            assert isinstance(mine.images, np.memmap)
            assert np.array_equal(mine.images, theirs.images)
            assert np.array_equal(mine.labels, theirs.labels)
    before = [path.read_bytes() for path in sorted((tmp_path / "mapped").rglob("*.npy"))]
    torch.from_numpy(mapped.train.images).zero_()
    assert [path.read_bytes() for path in sorted((tmp_path / "mapped").rglob("*.npy"))] == before


def test_insufficient_disk_space_is_reported_before_decoding(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(decoded_cache, "MAPPED", 300)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DiskFull, match=r"the decoded images take 0\.0 GB; set ARCHDSL_CACHE"):
        FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))
    assert not list((tmp_path / "cache").rglob("*.*"))
    monkeypatch.setattr(decoded_cache, "MAPPED", 1 << 30)
    monkeypatch.setattr(decoded_cache, "write_atomically", full)  # no room to cache a small one: it is in memory
    assert len(FolderSource(pets).load(Request(SHAPE, tmp_path / "cache")).train) == 32


def test_images_are_decoded_in_parallel(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = threading.Barrier(2, timeout=20)
    met = threading.Event()

    def together(path: Path, shape: ImageShape) -> object:
        if not met.is_set():
            meeting.wait()  # such a split occurs rarely
            met.set()
        return decode(path, shape)

    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(image_folder, "decode", together)
    assert len(FolderSource(pets).load(Request(SHAPE, tmp_path / "cache")).train) == 32


def test_corrupt_image_files_are_named(pets: Path, tmp_path: Path) -> None:
    for i in range(5):
        (pets / "cat" / f"broken{i}.png").write_bytes(b"\x89PNG\r\n\x1a\n but then")
    with pytest.raises(BadImages, match=r"cannot read cat/broken\d\.png \(.*\), .* and \d more"):
        FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))


def test_folder_without_images_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(BadImages, match="no subfolder with images"):
        _ = FolderSource(tmp_path).spec
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / ".hidden.txt").touch()
    with pytest.raises(BadImages, match=r"no subfolder with images$"):
        _ = FolderSource(tmp_path).spec
    (tmp_path / "cat" / "1.heic").touch()
    with pytest.raises(BadImages, match=r"cat/1.heic is in none of the formats"):
        _ = FolderSource(tmp_path).spec


@pytest.mark.parametrize("loading", ["cache", "stream"])
def test_class_without_images_is_named(pets: Path, tmp_path: Path, loading: str) -> None:
    settings = stream_settings(Recipe.model_validate({"data": {"loading": loading}}))
    splits = FolderSource(pets).load(Request(SHAPE, tmp_path / "cache", stream=settings))
    assert splits.notes[-1] == "empty: no images, so it is not a class"


def test_dangling_symlink_is_reported(pets: Path, tmp_path: Path) -> None:
    (pets / "cat" / "gone.png").symlink_to(tmp_path / "unmounted" / "1.png")
    with pytest.raises(BadImages, match=r"gone\.png: a link to a file that does not exist"):
        FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))


def test_two_channel_images_are_refused(pets: Path, tmp_path: Path) -> None:
    with pytest.raises(BadImages, match="the network takes 2 channels"):
        FolderSource(pets).load(Request(ImageShape(2, 8, 8), tmp_path))


def test_hidden_files_of_macos_are_ignored(pets: Path, tmp_path: Path) -> None:
    plain = FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))
    for name in ("cat/._1.png", "dog/.more/1.png", "__MACOSX/cat/._1.png"):
        (pets / name).parent.mkdir(parents=True, exist_ok=True)
        (pets / name).write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    source = FolderSource(pets)
    assert source.spec.classes == ("cat", "dog")
    assert source.load(Request(SHAPE, tmp_path / "cache")).train.files == plain.train.files


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_file_names_that_are_not_utf_8(pets: Path, tmp_path: Path) -> None:
    (pets / "cat" / "0.png").rename(pets / "cat" / os.fsdecode(b"\xff.png"))
    splits = FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))
    files = [file for part in (splits.train, splits.validation, splits.test) if part for file in part.files or ()]
    assert "cat/\ufffd.png" in files
    (pets / "cat" / os.fsdecode(b"\xff.png")).write_bytes(b"")
    with pytest.raises(BadImages, match="cannot read cat/\ufffd\\.png"):
        FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))
    (pets / "cat").rename(pets / os.fsdecode(b"c\xe4t"))
    with pytest.raises(BadImages, match="the folder c\ufffdt has a name that is not UTF-8"):
        _ = FolderSource(pets).spec


# --- decoding ---------------------------------------------------------------------------------------------------------


def test_center_crop(tmp_path: Path) -> None:
    source_image = Image.new("RGB", (30, 10), (255, 0, 0))
    source_image.paste((0, 0, 255), (10, 0, 20, 10))
    source_image.save(tmp_path / "p.png")
    assert np.all(decode(tmp_path / "p.png", ImageShape(3, 10, 10)) == np.array([0, 0, 255]).reshape(3, 1, 1))


def test_grayscale_conversion(tmp_path: Path) -> None:
    paint(tmp_path / "p.png", (100, 100, 100))
    gray = decode(tmp_path / "p.png", ImageShape(1, 8, 10))
    assert gray.shape == (1, 8, 10)
    assert np.all(gray == 100)


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    source_image = Image.new("RGB", (20, 10), (0, 0, 0))
    source_image.paste((255, 255, 255), (0, 0, 10, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise to display it upright
    source_image.save(tmp_path / "p.jpg", exif=exif, quality=95)
    seen = decode(tmp_path / "p.jpg", ImageShape(1, 20, 10))
    assert seen[0, :8].mean() > 240
    assert seen[0, 12:].mean() < 15


def test_transparency_becomes_black_and_palettes_are_converted(tmp_path: Path) -> None:
    source_image = Image.new("RGBA", (4, 4), (255, 255, 255, 0))
    source_image.putpixel((1, 1), (10, 20, 30, 255))
    source_image.save(tmp_path / "p.png")
    seen = decode(tmp_path / "p.png", ImageShape(3, 4, 4))
    assert seen[:, 1, 1].tolist() == [10, 20, 30]
    assert seen.sum() == 60
    source_image.convert("RGB").quantize(2).save(tmp_path / "p.gif")
    assert decode(tmp_path / "p.gif", ImageShape(3, 4, 4)).shape == (3, 4, 4)


def test_sixteen_bit_images_are_scaled_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 0x8080, np.uint16)).save(tmp_path / "p.png")
    assert np.all(decode(tmp_path / "p.png", ImageShape(1, 4, 4)) == 0x80)
    Image.frombytes("I;16B", (4, 4), b"\x80\x80" * 16).save(tmp_path / "p.tiff")  # the other byte order
    assert np.all(decode(tmp_path / "p.tiff", ImageShape(1, 4, 4)) == 0x80)


def test_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    paint(tmp_path / "p.png", (1, 1, 1), size=(11, 11))
    with pytest.raises(OSError, match="too many pixels to decode safely"):
        decode(tmp_path / "p.png", SHAPE)


def test_decompression_bomb_is_refused_in_parallel_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    paint(tmp_path / "p.png", (1, 1, 1), size=(11, 11))

    def refused(_: int) -> bool:
        try:
            decode(tmp_path / "p.png", SHAPE)
        except OSError:
            return True
        return False

    with warnings.catch_warnings(), ThreadPoolExecutor(8) as pool:
        warnings.simplefilter("ignore")  # the tests' own filters would turn it into an error
        assert all(pool.map(refused, range(400)))


def test_corrupt_exif_orientation_is_reported(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (20, 10)).save(tmp_path / "p.png", exif=exif)

    def broken(_: object) -> None:
        raise struct.error("required argument is not an integer")  # Pillow does this for rare damaged JPEGs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("PIL.ImageOps.exif_transpose", broken)
        with pytest.raises(OSError, match="not an integer"):
            decode(tmp_path / "p.png", SHAPE)


def test_nan_and_infinite_pixels_are_replaced(tmp_path: Path) -> None:
    Image.fromarray(np.array([[np.nan, 1], [0.5, np.inf]], np.float32)).save(tmp_path / "p.tiff")
    assert decode(tmp_path / "p.tiff", ImageShape(1, 2, 2)).flatten()[0] == 0
