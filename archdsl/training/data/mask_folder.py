"""Folders of images with masks: `images/` and `masks/`, directly or in `train`, `val` (or `validation`, `valid`) and
`test`; `classes.txt` names the classes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors.data_errors import BadImages
from ..safe_files import read_bytes
from .dataset_spec import IGNORED, DataSpec
from .decode_many import decode_files
from .decoded_cache import Flags, Note, kept
from .decoding import EXTENSIONS, decode, decode_mask
from .image_files import VALIDATION, cache_path, file_key, printable, refuse_unreadable, test_files
from .images import DataSource, ImageSet, Pixels, Request, Splits, divide

IMAGES, MASKS, CLASSES = "images", "masks", "classes.txt"


@dataclass(frozen=True)
class _Pair:
    """An image and its mask."""

    image: Path
    mask: Path


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
            raise BadImages(self.folder, f"{CLASSES} has {len(names)} names, not 2 to {IGNORED}", _CLASSES_HELP)
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise BadImages(self.folder, f"{CLASSES} lists `{twice}` twice", "give each class its own name")
        return DataSpec(self.folder.resolve().name, names, None, targets="mask")

    @property
    def origin(self) -> str:
        return str(self.folder.resolve())

    def load(self, request: Request) -> Splits:
        if request.image.channels not in (1, 3):
            why = f"the network takes {request.image.channels} channels; images have 1 (grayscale) or 3 (color)"
            raise BadImages(self.folder, why, f"`input 3x{request.image.height}x{request.image.width}`")
        parts = self._parts()
        if "validation" not in parts and parts["train"]:
            learn, validate = divide(len(parts["train"]), request.split)
            parts["validation"] = [parts["train"][index] for index in validate]
            parts["train"] = [parts["train"][index] for index in learn]
        if not parts["train"]:
            raise BadImages(self.folder, "no training images", f"put images into {IMAGES}/ and masks into {MASKS}/")
        reading = _Reading(self.folder, request, len(self.spec.classes), [])
        train, validation, test = (
            reading.read(pairs) if (pairs := parts.get(name)) else None for name in ("train", "validation", "test")
        )
        refuse_unreadable(self.folder, reading.bad)
        assert train is not None
        return Splits(train, validation, test)

    def _parts(self) -> dict[str, list[_Pair]]:
        """The pairs of each split that has a folder."""
        if (self.folder / IMAGES).is_dir():
            pairs = list(_pairs(self.folder))
            test = test_files(pair.image for pair in pairs)
            return {
                "train": [pair for pair in pairs if pair.image not in test],
                "test": [pair for pair in pairs if pair.image in test],
            }
        named = {"train": "train", "test": "test", **dict.fromkeys(VALIDATION, "validation")}
        found = {split: self.folder / name for name, split in named.items() if (self.folder / name / IMAGES).is_dir()}
        return {split: list(_pairs(root)) for split, root in found.items()}


_CLASSES_HELP = f"write the names of the classes into {CLASSES}, one per line: class 0, the background, first"


def _pairs(root: Path) -> Iterator[_Pair]:
    """The images below a folder, by name, with their masks. Raises BadImages if a mask is missing."""
    masks = {path.relative_to(root / MASKS).with_suffix(""): path for path in sorted((root / MASKS).rglob("*.png"))}
    for image in sorted((root / IMAGES).rglob("*")):
        inside = image.relative_to(root / IMAGES)
        if image.suffix.lower() not in EXTENSIONS or any(part.startswith(".") for part in inside.parts):
            continue
        mask = masks.get(inside.with_suffix(""))
        if mask is None:
            name = printable(f"{MASKS}/{inside.with_suffix('.png').as_posix()}")
            raise BadImages(root, f"{printable(inside.as_posix())} has no mask", f"its mask would be {name}")
        yield _Pair(image, mask)


@dataclass
class _Reading:
    """Decodes images with masks, split by split; unreadable ones are collected over all splits."""

    folder: Path
    request: Request
    classes: int
    bad: list[str]

    def read(self, pairs: list[_Pair]) -> ImageSet | None:
        """The images with their masks; None if one is unreadable, in which case it is in `bad`."""
        keys = [file_key(self.folder, pair.image, pair.mask) for pair in pairs]
        shape, classes = self.request.image, self.classes
        images = self._kept("", shape, keys, pairs, lambda pair: decode(pair.image, shape))
        masks = self._kept(
            f"masks {classes}", shape[1:], keys, pairs, lambda pair: decode_mask(pair.image, pair.mask, shape, classes)
        )
        if images is None or masks is None:
            return None
        files = tuple(printable(pair.image.relative_to(self.folder).as_posix()) for pair in pairs)
        return ImageSet(images, masks, files)

    def _kept(
        self,
        what: str,
        shape: tuple[int, ...],
        keys: list[str],
        pairs: list[_Pair],
        decoded: Callable[[_Pair], Pixels],
    ) -> Pixels | None:
        """The decoded images, or masks, at this shape, from the cache if they are there."""
        path = cache_path(self.request.cache, self.folder, f"{self.request.image} {what}", keys)
        return kept(path, (len(pairs), *shape), keys, lambda *of: self._decode(pairs, decoded, *of))

    def _decode(
        self, pairs: list[_Pair], decoded: Callable[[_Pair], Pixels], into: Pixels, done: Flags, note: Note
    ) -> None:
        files = [pair.image for pair in pairs]
        progress = self.request.download
        self.bad += decode_files(self.folder, files, lambda i: decoded(pairs[i]), into, done, note, progress)
