"""Folders of small images, and their streams."""

from pathlib import Path

import numpy as np
from PIL import Image

from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.image_folder import FolderSource
from archdsl.training.data.images import ImageSet, Request, Splits
from archdsl.training.data.stream.image_stream import StreamSettings
from archdsl.training.data.stream.transform import RandomChanges

SHAPE = ImageShape(3, 12, 16)
ALL = RandomChanges(crop=0.2, flip=True, magnitude=9, operations=2, erasing=0.5)


def random_image(seed: int, size: tuple[int, int] = (40, 30)) -> Image.Image:
    """A smooth random image, which JPEG changes little."""
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (4, 5, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)


def image_folder(folder: Path, each: int = 12, splits: tuple[str, ...] = ("train", "val", "test")) -> Path:
    """A folder with three classes, whose images differ in size."""
    for number, split in enumerate(splits):
        for label, name in enumerate(("ant", "bee", "cat")):
            (folder / split / name).mkdir(parents=True)
            for index in range(each if number == 0 else 4):
                size = (40 + index, 30 + 3 * label)
                made = random_image(1000 * number + 100 * label + index, size)
                made.save(folder / split / name / f"{index:03}.jpg", quality=92)
    return folder


def settings(workers: int, changes: RandomChanges = ALL, **others: int) -> StreamSettings:
    return StreamSettings(needed=True, workers=workers, changes=changes, seed=7, **others)


def streams(folder: Path, of: StreamSettings, shape: ImageShape = SHAPE) -> Splits:
    return FolderSource(folder).load(Request(shape, folder.parent / "cache", stream=of))


def trained(
    images: ImageSet, batches: list[list[int]], epoch: int
) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """Copies of the augmented batches."""
    assert images.stream is not None
    plan = [np.array(batch, np.int64) for batch in batches]
    return [pixels.copy() for pixels in images.stream.trained(plan, epoch)]
