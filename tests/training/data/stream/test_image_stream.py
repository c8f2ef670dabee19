"""Streams of images: what they decode does not depend on the processes, nor on what was decoded before."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

import archdsl
from archdsl.training.data.image_folder import FolderSource
from archdsl.training.data.images import Request, join
from archdsl.training.data.stream import split_streams
from archdsl.training.errors.data_errors import DecoderEnded, UndecodableImage
from tests.training.data.stream.stream_helpers import ALL, SHAPE, image_folder, settings, streams, trained

BATCHES = [[3, 30, 1, 17, 8], [2, 2, 35], [9], list(range(20, 32))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("stream") / "animals")


def test_batches_do_not_depend_on_the_number_of_processes(folder: Path) -> None:
    made = []
    for workers in (0, 1, 2):
        splits = streams(folder, settings(workers, train_size=10))
        made.append([trained(splits.train, BATCHES, epoch) for epoch in (0, 1)])
        splits.close()
    for other in made[1:]:
        for one, two in zip(made[0], other, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    first, second = made[0]
    assert [batch.shape for batch in first] == [(len(batch), 10, 10, 3) for batch in BATCHES]
    assert not np.array_equal(first[0], second[0])  # another epoch
    assert np.array_equal(first[1][0], first[1][1])  # the same sample


def test_modules_in_the_current_folder_do_not_affect_processes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installed command does not search the current folder, so its processes must not either."""
    for name in ("pickle", "types", "archdsl"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('wrong module')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(Path(archdsl.__file__).parents[1]), *filter(None, sys.path)])
    splits = streams(folder, settings(1))
    assert len(trained(splits.train, BATCHES[:1], 0)) == 1
    splits.close()


def test_closed_iterator_releases_its_processes(folder: Path) -> None:
    splits = streams(folder, settings(1))
    stream = splits.train.stream
    assert stream is not None
    plan = [np.arange(36) for _ in range(30)]
    for _ in range(3):
        batches = stream.trained(plan, 0)
        next(batches)
        batches.close()
    expected = trained(streams(folder, settings(0)).train, BATCHES, 0)
    assert all(np.array_equal(a, b) for a, b in zip(trained(splits.train, BATCHES, 0), expected, strict=True))
    splits.close()
    assert np.array_equal(trained(splits.train, BATCHES[:1], 0)[0], expected[0])  # the processes start again
    splits.close()


def test_repeated_image_is_augmented_differently_each_time(folder: Path) -> None:
    splits = streams(folder, settings(0, repeats=3))
    (batch,) = trained(splits.train, [[6, 7, 8]], 0)  # the three samples of image 2
    assert len({image.tobytes() for image in batch}) == 3
    plain = streams(folder, settings(0, type(ALL)(), repeats=3))
    (batch,) = trained(plain.train, [[6, 7, 8]], 0)
    assert all(np.array_equal(image, plain.train.take(np.array([2])).images[0].transpose(1, 2, 0)) for image in batch)


@pytest.mark.parametrize("names", [("train", "val", "test"), ("train", "test"), ("train",), ("",)])
def test_streamed_images_match_cached_ones(names: tuple[str, ...], tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "animals", 20, names)
    cached = FolderSource(folder).load(Request(SHAPE, tmp_path / "cache"))
    stream = streams(folder, settings(0))
    for one, other in (
        (cached.train, stream.train),
        (cached.validation, stream.validation),
        (cached.test, stream.test),
    ):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert np.array_equal(one.labels, other.labels)
            assert one.files == tuple(other.file(index) for index in range(len(other)))
            assert np.array_equal(one.images, other.take(np.arange(len(other))).images)
            assert len(other.some(5)) == min(5, len(other))


def test_joined_streams_contain_all_splits(folder: Path) -> None:
    splits = streams(folder, settings(0))
    assert splits.validation is not None
    both = join([splits.train, splits.validation])
    expected = np.concatenate([part.take(np.arange(len(part))).images for part in (splits.train, splits.validation)])
    assert np.array_equal(both.take(np.arange(len(both))).images, expected)
    assert [both.file(0), both.file(36)] == ["train/ant/000.jpg", "val/ant/000.jpg"]


@pytest.mark.parametrize("workers", [0, 2])
def test_unreadable_image_is_named(workers: int, tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "animals")
    path = folder / "train" / "bee" / "004.jpg"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    splits = streams(folder, settings(workers))
    stream = splits.train.stream
    assert stream is not None
    batches = stream.trained([np.array([0, 1]), np.array([2, 16, 3]), np.array([5])], 0)
    assert len(next(batches)) == 2  # the batch before it is unaffected
    with pytest.raises(UndecodableImage, match=r"cannot read train/bee/004.jpg \(.*[Tt]runcated"):
        next(batches)
    path.write_bytes(content)
    assert len(trained(splits.train, [[16]], 0)) == 1
    splits.close()


def test_killed_worker_process_is_reported(folder: Path) -> None:
    splits = streams(folder, settings(1))
    stream = splits.train.stream
    assert stream is not None
    batches = stream.trained([np.arange(36) for _ in range(40)], 0)
    next(batches)
    (process,) = stream.pool.processes
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(DecoderEnded, match="killed by signal 9"):
        for _ in batches:
            pass
    splits.close()


def test_streaming_is_selected_by_data_set_size(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, automatic = FolderSource(folder), settings(0)
    automatic = type(automatic)(needed=False, workers=1)
    request = Request(SHAPE, folder.parent / "cache", stream=automatic)
    assert source.load(request).train.stream is None
    monkeypatch.setattr(split_streams, "MAPPED", 60 * 12 * 16 * 3 - 1)
    splits = source.load(request)
    assert splits.train.stream is not None
    assert splits.notes == (
        "images are decoded in every epoch, by 1 process: decoded, they would take 0.0 GB (`loading=cache` keeps them)",
    )
    monkeypatch.setattr(split_streams, "MAPPED", 60 * 12 * 16 * 3)
    assert source.load(request).train.stream is None
