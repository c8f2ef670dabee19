"""Folders of COCO: `annotations/captions_train2017.json` or `instances_train2017.json`, images in `train2017/`."""

from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors.data_errors import BadImages
from .captions import SPECIAL, encoded, vocabulary_of, words_of
from .coco_file import CocoFile, read_coco
from .coco_masks import category_of, coco_masked
from .dataset_spec import IGNORED, DataSpec
from .image_files import VALIDATION, printable, refuse_unreadable
from .image_folder import read_images
from .images import DataSource, ImageSet, Request, Splits, TargetArray, hold_out
from .masked_images import read_masked

ANNOTATIONS = "annotations"
KINDS = {"captions": "captions", "objects": "instances", "masks": "instances", "boxes": "instances"}
"""What is to be learned, as written after the colon of a data set's name, and the prefix of its annotation files."""
_MANY, _LEAST = 20_000, 5
"""With `_MANY` captions or more, the vocabulary leaves out words that occur fewer than `_LEAST` times."""


class CocoName(NamedTuple):
    """A COCO folder, and what is to be learned."""

    folder: Path
    kind: str


def parse_coco_name(name: str) -> CocoName | None:
    """Parse `coco`, or `coco:` and one of the kinds; None for a folder without such annotations."""
    for kind, beginning in KINDS.items():
        folder = Path(name.removesuffix(f":{kind}")).expanduser()
        if (name.endswith(f":{kind}") or ":" not in folder.name) and _files(folder, beginning):
            return CocoName(folder, kind)
    return None


def _files(folder: Path, beginning: str) -> dict[str, Path]:
    """The annotation files by the name of their folder of images: `train2017`."""
    found = sorted((folder / ANNOTATIONS).glob(f"{beginning}_*.json"))
    return {path.stem.removeprefix(f"{beginning}_"): path for path in found}


def annotation_parts(folder: Path, beginning: str) -> dict[str, CocoFile]:
    """The annotation files whose names begin with `beginning`, by split. Raises BadImages."""
    named = {"train": "train", "test": "test", **dict.fromkeys(VALIDATION, "validation")}
    found: dict[str, CocoFile] = {}
    for images, path in _files(folder, beginning).items():
        split = named.get(images.rstrip("0123456789"))
        if split is None or split in found:
            why = f"{path.name} belongs to no split, or to the split of another file"
            raise BadImages(folder, why, f"name the files {beginning}_train.json, {beginning}_val.json, …")
        found[split] = read_coco(path, folder / images)
    if "train" not in found:
        raise BadImages(folder, "no annotations of training images", f"add {beginning}_train2017.json")
    if "test" not in found and "validation" in found:
        found["test"] = found.pop("validation")
    return found


class CocoSource(DataSource):
    """The captions of images, the sets of the classes of their objects, or the masks of the objects.

    The images of `val2017` are the test set, because those of `test2017` have no annotations; a tenth of the training
    images is the validation set, as elsewhere. A folder `test` next to `train` and `val` has its own annotations.
    """

    def __init__(self, name: CocoName) -> None:
        self.folder, self._kind = name

    @cached_property
    def _parts(self) -> dict[str, CocoFile]:
        """The annotations by split. Raises BadImages."""
        return annotation_parts(self.folder, KINDS[self._kind])

    @cached_property
    def _captions(self) -> dict[str, list[list[str]]]:
        """The captions of the images that have captions, by split."""
        return {
            split: [_texts(file, rows) for rows in _annotated(file).values()] for split, file in self._parts.items()
        }

    @cached_property
    def spec(self) -> DataSpec:
        name = self.folder.resolve().name
        if self._kind == "captions":
            texts = [text for captions in self._captions["train"] for text in captions]
            words = vocabulary_of(texts, _LEAST if len(texts) >= _MANY else 1)
            if len(words) == len(SPECIAL):
                why = f"{self._parts['train'].path.name} has no annotated images"
                raise BadImages(self.folder, why, "add annotations with the `caption` of an `image_id`")
            return DataSpec(name, words, None, targets="caption", vocabulary=len(words))
        classes = tuple(name for _, name in sorted(self._parts["train"].categories.items()))
        if len(classes) < 2:
            raise BadImages(self.folder, f"{len(classes)} categories", "give annotations with 2 or more categories")
        if self._kind == "masks":
            if len(classes) >= IGNORED:
                why = f"{len(classes)} categories, but masks have at most {IGNORED - 1}"
                raise BadImages(self.folder, why, "give annotations with fewer categories")
            return DataSpec(name, ("background", *classes), None, targets="mask")
        return DataSpec(name, classes, None, targets="classes")

    @property
    def origin(self) -> str:
        return f"{self.folder.resolve()}:{self._kind}"

    def load(self, request: Request) -> Splits:
        if request.image.channels not in (1, 3):
            why = f"the network takes {request.image.channels} channels; images have 1 (grayscale) or 3 (color)"
            raise BadImages(self.folder, why, f"`input 3x{request.image.height}x{request.image.width}`")
        if self._kind == "masks":
            parts = {split: coco_masked(self.folder, file, self.spec.classes) for split, file in self._parts.items()}
            return read_masked(self.folder, parts, len(self.spec.classes), request, "objects")
        bad: list[str] = []
        made: dict[str, ImageSet] = {}
        for split, file in self._parts.items():
            chosen = _annotated(file) if self._kind == "captions" else file.annotations
            if not chosen:
                raise BadImages(self.folder, f"{file.path.name} has no annotated images", "give other annotations")
            paths = [file.images[number] for number in chosen]
            images = read_images(self.folder, paths, request, bad)
            if images is not None:
                files = tuple(printable(path.relative_to(self.folder).as_posix()) for path in paths)
                made[split] = ImageSet(images, self._targets(split, file), files)
        refuse_unreadable(self.folder, bad)
        train, validation = made["train"], made.get("validation")
        if validation is None:
            train, validation = hold_out(train, request.split)
        return Splits(train, validation, made.get("test"))

    def _targets(self, split: str, file: CocoFile) -> TargetArray:
        if self._kind == "captions":
            return encoded(self._captions[split], self.spec.classes)
        numbers = {name: number for number, name in enumerate(self.spec.classes)}
        sets = np.zeros((len(file.images), len(numbers)), np.uint8)
        for row, objects in enumerate(file.annotations.values()):
            for each in objects:
                sets[row, numbers[category_of(file, each, numbers)]] = 1
        return sets


def _annotated(file: CocoFile) -> dict[int, list[dict[str, Any]]]:
    """The annotations of the images that have annotations."""
    return {number: rows for number, rows in file.annotations.items() if rows}


def _texts(file: CocoFile, rows: list[dict[str, Any]]) -> list[str]:
    for row in rows:
        if not isinstance(row.get("caption"), str) or not words_of(row["caption"]):
            raise file.bad(f"annotation {row['id']} has no caption with words")
    return [row["caption"] for row in rows]
