"""Streaming a folder of JPEGs, compared with Pillow alone: decoding and random resized crops by the same number of
processes.

The folder, 1,500 images of 500×375, is made in a temporary folder; crops have 176×176 pixels. Both read all images once
per round; the training process does nothing else. The targets are at least 0.95 of Pillow's images per second, and less
than 1 GB in all processes together, including 0.3 GB for torch. Exits with status 1 if one is missed.
"""

import math
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _harness import MIN_ROUNDS, compare, report
from PIL import Image

from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.image_folder import FolderSource
from archdsl.training.data.images import Request
from archdsl.training.data.stream.image_stream import ImageStream, StreamSettings
from archdsl.training.data.stream.transform import RandomChanges

IMAGES, CLASSES, SIZE, CROP, BATCH = 1500, 4, (500, 375), 176, 128
TARGET = 0.95
MOST_BYTES = 1_000_000_000
CHANGES = RandomChanges(crop=0.08, flip=True)


def make_folder(folder: Path) -> None:
    """Write JPEGs with about as much detail as photographs: 0.1 MB each at this size."""
    rng = np.random.default_rng(0)
    for number in range(IMAGES):
        path = folder / f"class{number % CLASSES}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
        grain = rng.normal(0, 12, (SIZE[1] // 2, SIZE[0] // 2)).repeat(2, 0).repeat(2, 1)
        noisy = np.asarray(coarse, np.float32)
        noisy[: grain.shape[0], : grain.shape[1]] += grain[:, :, None]
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path, quality=92)


def by_pillow(paths: list[str]) -> int:
    """Decode and crop images as a loop would: the box of a random resized crop, a reduced JPEG, and one resize."""
    rng = np.random.default_rng(os.getpid())
    into = np.empty((len(paths), CROP, CROP, 3), np.uint8)
    for place, path in enumerate(paths):
        with Image.open(path) as image:
            width, height = image.size
            left, top, right, bottom = _box(width, height, rng)
            needed = max(CROP / (right - left), CROP / (bottom - top))
            image.draft("RGB", (math.ceil(width * needed), math.ceil(height * needed)))
            plain = image.convert("RGB")
        across, down = plain.width / width, plain.height / height
        box = (left * across, top * down, right * across, bottom * down)
        made = plain.resize((CROP, CROP), Image.Resampling.BILINEAR, box=box)
        if rng.random() < 0.5:
            made = made.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        into[place] = np.asarray(made)
    return len(paths)


def _box(width: int, height: int, rng: np.random.Generator) -> tuple[float, float, float, float]:
    for _ in range(10):
        area, ratio = width * height * rng.uniform(0.08, 1), math.exp(rng.uniform(-math.log(4 / 3), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if w <= width and h <= height:
            left, top = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
            return left, top, left + w, top + h
    return 0, 0, width, height


class Memory(threading.Thread):
    """Measures the resident memory of this process and its children, ten times per second; `peak` is in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.ended = 0, threading.Event()

    def run(self) -> None:
        """Measure until `ended` is set."""
        while not self.ended.wait(0.1):
            self.peak = max(self.peak, sum(map(_resident, _processes(os.getpid()))))


def _processes(of: int) -> Iterator[int]:
    yield of
    for task in Path(f"/proc/{of}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _processes(int(child))


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def read_all(stream: ImageStream, epoch: int) -> None:
    """All images once, in random order."""
    order = np.random.default_rng(epoch).permutation(len(stream))
    seen = sum(len(batch) for batch in stream.trained(np.split(order, range(BATCH, len(order), BATCH)), epoch))
    assert seen == len(stream)


def main() -> int:
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "images"
        make_folder(folder)
        settings = StreamSettings(needed=True, workers=workers, changes=CHANGES)
        source = FolderSource(folder).load(
            Request(ImageShape(3, CROP, CROP), Path(made) / "cache", split=1.0, stream=settings)
        )
        stream = source.train.stream
        assert stream is not None
        paths = [str(folder / stream.name(index)) for index in range(len(stream))]
        epochs = iter(range(1000))
        import torch  # as in a training run: its memory counts

        memory = Memory()
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            parts = [paths[start : start + 16] for start in range(0, len(paths), 16)]
            timings = compare(
                {
                    "Pillow": lambda: sum(pool.imap_unordered(by_pillow, parts)),
                    "stream": lambda: read_all(stream, next(epochs)),
                },
                rounds=MIN_ROUNDS,
            )
        time.sleep(1)  # time for Pillow's processes to end
        memory.start()
        read_all(stream, next(epochs))
        memory.ended.set()
        memory.join()
        source.close()
    report("folder", timings)
    rate = 1 / timings[1].ratio
    speed = len(paths) / timings[1].median_ms * 1000
    missed = rate < TARGET or memory.peak > MOST_BYTES
    print(f"{workers} processes, {speed:,.0f} images/s, {rate:.3f} of Pillow's (target: at least {TARGET})")
    print(f"peak memory of all processes: {memory.peak / 1e6:,.0f} MB, torch {torch.__version__}")
    print("missed" if missed else "met")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
