"""Folders in YOLO's format: `images/` and `labels/`, with one text file of boxes for each image."""

import math
from functools import cached_property
from pathlib import Path

from ...text.counts import counted
from ..errors.data_errors import BadImages
from ..safe_files import read_bytes
from .box_files import SPLITS, BoxedImage, FileBox, read_boxed, with_test
from .dataset_spec import DataSpec
from .decoding import EXTENSIONS
from .image_files import printable
from .images import DataSource, Request, Splits
from .yolo_names import read_names

IMAGES, LABELS = "images", "labels"
_LARGEST = 4 << 20
_HELP = (
    "write one object per line: class x y width height, where x and y are its center, as fractions of the image's size"
)


def has_yolo_boxes(folder: Path) -> bool:
    """Whether a folder has images with text files of boxes."""
    return any((root / IMAGES).is_dir() and (root / LABELS).is_dir() for root in (folder, folder / "train"))


class YoloBoxSource(DataSource):
    """The boxes and classes of the objects in images; `data.yaml` or `classes.txt` names the classes.

    A line of `labels/…/1.txt` has the number of a class and the center, width and height of a box of the image
    `images/…/1.jpg`, as fractions of the image's size. An image without such a file has no objects. The splits are
    folders, `images/train` or `train/images`; the images of val are the test set if there are none for testing. Without
    splits, a tenth of the images is the test set.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def spec(self) -> DataSpec:
        return DataSpec(self.folder.resolve().name, read_names(self.folder), None, targets="boxes")

    @property
    def origin(self) -> str:
        return str(self.folder.resolve())

    @property
    def has_splits(self) -> bool:
        """Whether folders assign the images to splits."""
        return bool(self._roots())

    def _roots(self) -> dict[str, tuple[Path, Path]]:
        """The folders of the images and of the labels of each split that has images."""
        roots: dict[str, tuple[Path, Path]] = {}
        for name, split in SPLITS.items():
            for images, labels in ((f"{IMAGES}/{name}", f"{LABELS}/{name}"), (f"{name}/{IMAGES}", f"{name}/{LABELS}")):
                if (self.folder / images).is_dir():
                    roots.setdefault(split, (self.folder / images, self.folder / labels))
        return roots

    def load(self, request: Request) -> Splits:
        roots = self._roots()
        if not roots:
            return read_boxed(self.folder, with_test(self._images(self.folder / IMAGES, self.folder / LABELS)), request)
        if "test" not in roots and "validation" in roots:
            roots["test"] = roots.pop("validation")
        return read_boxed(self.folder, {split: self._images(*root) for split, root in roots.items()}, request)

    def _images(self, images: Path, labels: Path) -> list[BoxedImage]:
        """The images of a folder, with their objects. Raises BadImages for objects without an image."""
        texts = {path.relative_to(labels).with_suffix(""): path for path in sorted(labels.rglob("*.txt"))}
        texts = {name: path for name, path in texts.items() if path.name not in ("classes.txt", "labels.txt")}
        found = []
        for path in sorted(images.rglob("*")):
            inside = path.relative_to(images)
            if path.suffix.lower() not in EXTENSIONS or any(part.startswith(".") for part in inside.parts):
                continue
            text = texts.pop(inside.with_suffix(""), None)
            found.append(self._image(path, text))
        if texts:
            lost = next(iter(texts.values()))
            shown = printable(images.relative_to(self.folder).as_posix())
            raise BadImages(lost, f"there is no image for it in {shown}", "add the image, or remove this file")
        return found

    def _image(self, path: Path, text: Path | None) -> BoxedImage:
        def bad(why: str) -> BadImages:
            return BadImages(text or path, why, _HELP)

        if text is None:
            return BoxedImage(path, (), bad, relative=True)
        try:
            lines = read_bytes(text, _LARGEST).decode("utf-8").splitlines()
        except OSError as error:
            raise bad(error.strerror or str(error)) from error
        except UnicodeDecodeError as error:
            raise bad("not UTF-8 text") from error
        boxes = []
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    boxes.append(_box(line.split(), f"line {number}", len(self.spec.classes)))
                except ValueError as error:
                    raise bad(f"line {number}: {error}") from None
        return BoxedImage(path, boxes, bad, relative=True)


def _box(words: list[str], where: str, classes: int) -> FileBox:
    """The object of a line. Raises ValueError."""
    if len(words) != 5:
        more = " (outlines of objects are not supported)" if len(words) > 6 else ""
        raise ValueError(f"{counted(len(words), 'value')}, not 5{more}")
    if not words[0].isdecimal() or len(words[0]) > 9:
        raise ValueError(f"`{printable(words[0])[:20]}` is not the number of a class")
    if int(words[0]) >= classes:
        raise ValueError(f"the class {int(words[0])}, but classes are numbered from 0 to {classes - 1}")
    numbers = []
    for word in words[1:]:
        try:
            numbers.append(float(word))
        except ValueError:
            raise ValueError(f"`{printable(word)[:20]}` is not a number") from None
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("a number that is not finite")
    x, y, width, height = numbers
    if max(numbers) > 1.01:
        raise ValueError(f"{max(numbers):g} is not a fraction of the image's size")
    corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return FileBox(int(words[0]), corners, f"{where}: the box")
