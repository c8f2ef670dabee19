"""Decoded images are not decoded again: after an unreadable file, after Ctrl-C, after a kill."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archdsl.training.data import decoded_cache, image_folder
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.decoding import decode
from archdsl.training.data.image_folder import FolderSource
from archdsl.training.data.images import Download, Request
from archdsl.training.errors.data_errors import BadImages, DecodingStopped

SHAPE = ImageShape(1, 8, 8)


class Counted(Download):
    """Counts the progress calls."""

    def __init__(self) -> None:
        self.announced = self.seen = self.finished = 0

    def start_decoding(self, name: str, images: int) -> None:
        self.announced += images

    def advance(self, size: int) -> None:
        self.seen += size

    def finish(self) -> None:
        self.finished += 1


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        for index in range(40):
            path = tmp_path / "pets" / name / f"{index}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (16, 16)).astype(np.uint8)).save(path)
    return tmp_path / "pets"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are decoded."""
    paths: list[Path] = []

    def noted(path: Path, shape: ImageShape) -> object:
        paths.append(path)
        return decode(path, shape)

    monkeypatch.setattr(image_folder, "decode", noted)
    return paths


@pytest.mark.parametrize("mapped", [False, True])
def test_corrupt_files_are_named_and_decoded_images_are_kept(
    pets: Path, tmp_path: Path, decoded: list[Path], monkeypatch: pytest.MonkeyPatch, mapped: bool
) -> None:
    if mapped:
        monkeypatch.setattr(decoded_cache, "MAPPED", 300)
        monkeypatch.setattr(image_folder, "MAPPED", 300)
    bad = [pets / "cat" / "3.jpg", *(pets / "dog" / f"{n}.jpg" for n in (1, 2, 3, 17, 30))]
    whole = [path.read_bytes() for path in bad]
    for path in bad:
        path.write_bytes(path.read_bytes()[:200])
    progress = Counted()
    request = Request(SHAPE, tmp_path / "cache", download=progress)
    with pytest.raises(BadImages) as caught:
        FolderSource(pets).load(request)
    message = "\n".join((caught.value.message(), *caught.value.details()))
    assert all(path.relative_to(pets).as_posix() in message for path in bad)
    assert len(decoded) == 80 == progress.announced == progress.seen
    decoded.clear()
    for path, content in zip(bad[:3], whole[:3], strict=True):
        path.write_bytes(content)
    for path in bad[3:]:
        path.unlink()
    splits = FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))
    assert len(decoded) <= 12  # the unreadable ones, and the few that a removal moved between splits
    plain = FolderSource(pets).load(Request(SHAPE, tmp_path / "elsewhere"))
    assert np.array_equal(splits.train.images, plain.train.images)
    assert splits.test is not None
    assert plain.test is not None
    assert np.array_equal(splits.test.images, plain.test.images)


def test_ctrl_c_keeps_decoded_images(
    pets: Path, tmp_path: Path, decoded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Counted):
        def advance(self, size: int) -> None:
            super().advance(size)
            if self.seen == 30:
                raise KeyboardInterrupt

    stopped = Stopped()
    with pytest.raises(DecodingStopped, match="images, which are kept") as caught:
        FolderSource(pets).load(Request(SHAPE, tmp_path / "cache", download=stopped))
    assert caught.value.exit_status == 130
    assert stopped.finished
    before = len(set(decoded))
    decoded.clear()
    splits = FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))
    assert before + len(decoded) == 80
    assert np.array_equal(splits.train.images, FolderSource(pets).load(Request(SHAPE, tmp_path / "other")).train.images)


def test_interrupted_decoding_ends_in_one_line(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text("input 1x8x8\nflatten; fc 2\n")
    program = f"""
        import time
        from archdsl.training.data import image_folder
        from archdsl.training.data.decoding import decode
        from archdsl.cli import main
        def slow(path, shape):
            print("decodes", flush=True)
            time.sleep(0.1)
            return decode(path, shape)
        image_folder.decode = slow
        main(["train", "net.arch", "--data", {str(pets)!r}, "--epochs", "1"])
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "ARCHDSL_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    _, output = child.communicate(timeout=60)
    assert child.returncode == 130, output
    assert "images, which are kept" in output
    assert "Aborted" not in output
    assert "Traceback" not in output
    assert list((tmp_path / "cache/folders").glob("*.partial.rows"))


def test_replaced_file_is_decoded_again(pets: Path, tmp_path: Path, decoded: list[Path]) -> None:
    bad = pets / "cat" / "3.jpg"
    bad.write_bytes(b"no picture")
    with pytest.raises(BadImages):
        FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))
    bad.unlink()
    Image.new("L", (8, 8), 77).save(pets / "cat" / "4.jpg")
    decoded.clear()
    splits = FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))
    assert pets / "cat" / "4.jpg" in decoded
    every = [part for part in (splits.train, splits.validation, splits.test) if part]
    found = {file: image for part in every for file, image in zip(part.files or (), part.images, strict=True)}
    assert abs(int(found["cat/4.jpg"].mean()) - 77) <= 1


def test_concurrent_processes_decode_the_same_images(tmp_path: Path) -> None:
    """The later one finds the array there, or writes its own: both get the right one."""
    path, shape, keys = tmp_path / "a-b.npy", (4, 1, 2, 2), [f"{n:032d}" for n in range(4)]

    def slow(images: np.ndarray, done: np.ndarray, note: object) -> None:
        other = decoded_cache.cached_array(path, shape, keys, fill)
        assert other is not None
        fill(images, done, note)

    def fill(images: np.ndarray, done: np.ndarray, note: object) -> None:
        images[:] = np.arange(4, dtype=np.uint8)[:, None, None, None]
        done[:] = True

    made = decoded_cache.cached_array(path, shape, keys, slow)
    assert made is not None
    assert made[:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    again = decoded_cache.cached_array(path, shape, keys, fill)
    assert again is not None
    assert np.array_equal(again, made)


def test_eps_is_rejected_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "check_call", started)
    monkeypatch.setattr(subprocess, "Popen", started)
    (tmp_path / "x.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n%%EOF\n")
    with pytest.raises(OSError, match="cannot identify image file"):
        decode(tmp_path / "x.png", SHAPE)


def test_no_image_is_decoded_beyond_the_size_limit(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "x.png")
    with pytest.raises(OSError, match="1x100000x100000"):
        decode(tmp_path / "x.png", ImageShape(1, 100_000, 100_000))


@pytest.mark.parametrize("kept", [0, 30, -30])
def test_corrupt_list_of_decoded_images_is_ignored(pets: Path, tmp_path: Path, kept: int) -> None:
    (pets / "cat" / "3.jpg").write_bytes(b"no image")
    with pytest.raises(BadImages):
        FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))
    for path in (tmp_path / "cache" / "folders").glob("*.partial.rows"):
        path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BadImages, match=r"cat/3\.jpg"):
        FolderSource(pets).load(Request(SHAPE, tmp_path / "cache"))
