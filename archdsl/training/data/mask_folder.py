"""Folders of images with masks: `images/` and `masks/`, directly or in `train`, `val` (or `validation`, `valid`) and
`test`; `classes.txt` names the classes.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from ...text.counts import counted
from ..errors.data_errors import BadImages
from ..safe_files import read_bytes
from .dataset_spec import IGNORED, DataSpec
from .decoding import EXTENSIONS
from .image_files import VALIDATION, printable, test_files
from .images import DataSource, Request, Splits
from .masked_images import FileMask, read_masked
from .stored_files import stored_file

IMAGES, MASKS, CLASSES = "images", "masks", "classes.txt"


def has_masks(folder: Path) -> bool:
    """Whether a folder has images with masks."""
    return any((root / IMAGES).is_dir() and (root / MASKS).is_dir() for root in (folder, folder / "train"))


class MaskFolderSource(DataSource):
    """Images with masks of the same name: PNG files with one channel, whose values are the numbers of the classes.

    Line N of classes.txt, counted from 0, is the name of class N; pixels of value 255 have no class. Without folders
    for the splits, a tenth of the images becomes the test set, selected by the digest of the file name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def spec(self) -> DataSpec:
        path = self.folder / CLASSES
        try:
            lines = read_bytes(path).decode("utf-8").split("\n")
        except OSError as error:
            raise BadImages(self.folder, f"{CLASSES}: {error.strerror or error}", _CLASSES_HELP) from error
        except UnicodeDecodeError as error:
            raise BadImages(self.folder, f"{CLASSES} is not UTF-8 text", _CLASSES_HELP) from error
        names = tuple(line.strip() for line in lines if line.strip())
        if not 2 <= len(names) <= IGNORED:
            raise BadImages(
                self.folder, f"{CLASSES} has {counted(len(names), 'name')}, not 2 to {IGNORED}", _CLASSES_HELP
            )
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise BadImages(self.folder, f"{CLASSES} lists `{twice}` twice", "give each class its own name")
        return DataSpec(self.folder.resolve().name, names, None, targets="mask")

    @property
    def origin(self) -> str:
        return str(self.folder.resolve())

    def load(self, request: Request) -> Splits:
        parts = self._parts()
        if not parts["train"]:
            raise BadImages(self.folder, "no training images", f"put images into {IMAGES}/ and masks into {MASKS}/")
        return read_masked(self.folder, parts, len(self.spec.classes), request)

    def _parts(self) -> dict[str, list[FileMask]]:
        """The pairs of each split that has a folder."""
        if (self.folder / IMAGES).is_dir():
            pairs = list(_pairs(self.folder, self.folder))
            test = test_files(pair.image.path for pair in pairs)
            return {
                "train": [pair for pair in pairs if pair.image.path not in test],
                "test": [pair for pair in pairs if pair.image.path in test],
            }
        named = {"train": "train", "test": "test", **dict.fromkeys(VALIDATION, "validation")}
        found = {split: self.folder / name for name, split in named.items() if (self.folder / name / IMAGES).is_dir()}
        return {split: list(_pairs(self.folder, root)) for split, root in found.items()}


_CLASSES_HELP = f"write the names of the classes into {CLASSES}, one per line: class 0, the background, first"


def _pairs(folder: Path, root: Path) -> Iterator[FileMask]:
    """The images below `root`, a part of the folder, with their masks. Raises BadImages if a mask is missing."""
    masks = {path.relative_to(root / MASKS).with_suffix(""): path for path in sorted((root / MASKS).rglob("*.png"))}
    for image in sorted((root / IMAGES).rglob("*")):
        inside = image.relative_to(root / IMAGES)
        if image.suffix.lower() not in EXTENSIONS or any(part.startswith(".") for part in inside.parts):
            continue
        mask = masks.get(inside.with_suffix(""))
        if mask is None:
            name = printable(f"{MASKS}/{inside.with_suffix('.png').as_posix()}")
            raise BadImages(root, f"{printable(inside.as_posix())} has no mask", f"its mask would be {name}")
        yield FileMask(stored_file(folder, image), stored_file(folder, mask))
