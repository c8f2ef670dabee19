"""What the readers of boxes share: checking the objects of image files and scaling them to the network's input."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..errors.data_errors import BadImages
from .box_arrays import MOST_BOXES, PADDING, ignored_code, packed, placed
from .decoding import size_of, whole_placement
from .image_files import VALIDATION, printable, refuse_unreadable, test_files
from .image_folder import read_images
from .images import ImageSet, Request, Splits, divide

_ROUNDING = 1.0
"""Pixels by which an annotation may exceed its image: coordinates are rounded, and begin at 0 or 1."""
SPLITS = {"train": "train", "test": "test", **dict.fromkeys(VALIDATION, "validation")}
"""The splits by the names of their folders and lists."""


class FileBox(NamedTuple):
    """An object in a file of annotations: its class number, left, top, right, bottom, and its position in words.

    A `difficult` object and a `crowd` are not learned, and are ignored in the evaluation.
    """

    number: int
    bounds: tuple[float, float, float, float]
    where: str
    difficult: bool = False
    crowd: bool = False

    @property
    def code(self) -> float:
        """The class of its row."""
        ignored = self.difficult or self.crowd
        return ignored_code(self.number, crowd=self.crowd) if ignored else self.number


Bad = Callable[[str], BadImages]


@dataclass(frozen=True)
class BoxedImage:
    """An image with its objects. `relative` means that coordinates are fractions of the image's width and height."""

    path: Path
    boxes: Sequence[FileBox]
    bad: Bad
    relative: bool = False
    size: tuple[int, int] | None = None
    """Width and height as the annotations state them."""

    def rows(self, shape: tuple[int, int]) -> list[tuple[float, ...]]:
        """Class, left, top, right, bottom of each object, in pixels of the upright image. Raises BadImages."""
        width, height = shape
        if self.size is not None and self.size != shape and self.size != (height, width):
            stated, found = ("×".join(map(str, each)) for each in (self.size, shape))
            raise self.bad(f"{printable(self.path.name)} is {stated} in the annotations, but the file is {found}")
        if len(self.boxes) > MOST_BOXES:
            raise self.bad(
                f"{printable(self.path.name)} has {len(self.boxes):,} objects, more than the limit of {MOST_BOXES:,}"
            )
        factors = (width, height) * 2 if self.relative else (1, 1, 1, 1)
        return [self._row(box, factors, (width, height)) for box in self.boxes]

    def _row(self, box: FileBox, factors: Sequence[float], size: tuple[int, int]) -> tuple[float, ...]:
        left, top, right, bottom = coordinates = [
            coordinate * factor for coordinate, factor in zip(box.bounds, factors, strict=True)
        ]
        shown = ", ".join(f"{coordinate:.6g}" for coordinate in box.bounds)
        if not (left < right and top < bottom):
            raise self.bad(f"{box.where} has no area: {shown}")
        inside = [
            min(max(coordinate, 0.0), float(limit)) for coordinate, limit in zip(coordinates, size * 2, strict=True)
        ]
        if any(abs(coordinate - near) > _ROUNDING for coordinate, near in zip(coordinates, inside, strict=True)):
            width, height = size
            raise self.bad(f"{box.where} is outside of its image of {width}×{height} pixels: {shown}")
        if not (inside[0] < inside[2] and inside[1] < inside[3]):
            raise self.bad(f"{box.where} has no area inside of its image: {shown}")
        return (box.code, *inside)


def read_boxed(folder: Path, parts: Mapping[str, Sequence[BoxedImage]], request: Request) -> Splits:
    """The images of the splits below a folder with the boxes of their objects. Raises BadImages.

    Without validation images, some of the training images are held out, as elsewhere.
    """
    if request.image.channels not in (1, 3):
        why = f"the network takes {request.image.channels} channels; images have 1 (grayscale) or 3 (color)"
        raise BadImages(folder, why, f"`input 3x{request.image.height}x{request.image.width}`")
    found = {name: list(images) for name, images in parts.items() if images}
    if not found.get("train"):
        raise BadImages(folder, "no training images", "add images to the split `train`")
    if "validation" not in found:
        learn, validate = divide(len(found["train"]), request.split)
        found["validation"] = [found["train"][index] for index in validate]
        found["train"] = [found["train"][index] for index in learn]
    bad: list[str] = []
    made = {name: _read(folder, images, request, bad) for name, images in found.items() if images}
    refuse_unreadable(folder, bad)
    train = made["train"]
    assert train is not None
    return Splits(train, made.get("validation"), made.get("test"))


def _read(folder: Path, images: Sequence[BoxedImage], request: Request, bad: list[str]) -> ImageSet | None:
    """The images with their boxes at the network's size; None if any are unreadable; those are added to `bad`."""
    rows = []
    for each in images:
        try:
            size = size_of(each.path)
        except OSError as error:
            bad.append(f"{printable(each.path.relative_to(folder).as_posix())} ({error.strerror or error})")
            continue
        boxes = packed([each.rows(size)])
        rows.append(placed(boxes, whole_placement(size, request.image), *request.image[1:])[0].tolist())
    if bad:
        return None
    paths = [each.path for each in images]
    pixels = read_images(folder, paths, request, bad, whole=True)
    if pixels is None:
        return None
    files = tuple(printable(path.relative_to(folder).as_posix()) for path in paths)
    return ImageSet(pixels, packed([[row for row in boxes if row[0] != PADDING] for boxes in rows]), files)


def with_test(images: Sequence[BoxedImage]) -> dict[str, list[BoxedImage]]:
    """Images without splits: a tenth becomes the test set, selected by the digest of the file name."""
    test = test_files(each.path for each in images)
    return {
        "train": [each for each in images if each.path not in test],
        "test": [each for each in images if each.path in test],
    }
