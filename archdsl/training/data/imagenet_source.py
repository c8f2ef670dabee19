"""ILSVRC2012 (Russakovsky et al., 2015), ImageNet's 1,000 classes: its archives or folders, as they were published."""

import os
import re
from array import array
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...text.counts import counted
from ..errors.data_errors import BadImages
from .dataset_spec import DataSpec
from .decoding import EXTENSIONS
from .image_files import printable, refuse_unreadable
from .imagenet_devkit import ARCHIVE, Devkit, has_devkit, read_devkit
from .images import DataSource, ImageSet, Labels, Request, Splits, hold_out
from .stored_files import StoredFile, stored_file, tar_files
from .stored_images import read_stored
from .stream.encoded import EncodedImages, NameList, ShardPlaces
from .tar_index import indexed

TRAIN_ARCHIVE, VALIDATION_ARCHIVE = "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar"
_WORDNET = re.compile(r"n\d{8}")
_VALIDATION_IMAGE = re.compile(r"ILSVRC2012_val_(\d{8})\.JPEG")
_LAYOUT = f"give a folder with train/nXXXXXXXX/ and val/, or with {TRAIN_ARCHIVE} and {VALIDATION_ARCHIVE}"


class LabeledFile(NamedTuple):
    """An image and its class."""

    file: StoredFile
    label: int


def is_imagenet(folder: Path) -> bool:
    """Whether a folder has the training archive, or has class folders and files that only ILSVRC2012 has."""
    if (folder / TRAIN_ARCHIVE).is_file():
        return True
    if not (folder / "train").is_dir() or not any(_WORDNET.fullmatch(name) for name in os.listdir(folder / "train")):
        return False
    flat = (folder / "val").is_dir() and any(map(_VALIDATION_IMAGE.fullmatch, os.listdir(folder / "val")))
    return flat or has_devkit(folder) or (folder / VALIDATION_ARCHIVE).is_file()


class ImageNetSource(DataSource):
    """The training images, and the 50,000 validation images as the validation set.

    The classes are in the order of their WordNet IDs; their names are in the development kit. Images of the validation
    set whose class has no training images are left out. Archives are read in place.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def devkit(self) -> Devkit | None:
        """The development kit, if it is in the folder. Raises BadImages or DataCorrupt."""
        return read_devkit(self.folder)

    @cached_property
    def wordnet(self) -> tuple[str, ...]:
        """The WordNet IDs of the classes. Raises BadImages or DataCorrupt."""
        if (self.folder / "train").is_dir():
            found = [entry.name for entry in os.scandir(self.folder / "train") if entry.is_dir()]
            found = [name for name in found if not name.startswith(".")]
        else:
            found = [file.name.removesuffix(".tar") for file in self._inner]
        if odd := sorted(name for name in found if not _WORDNET.fullmatch(name)):
            raise BadImages(self.folder, f"{printable(odd[0])} is not a WordNet ID, such as n01440764", _LAYOUT)
        if len(found) < 2 or len(set(found)) < len(found):
            why = f"{counted(len(set(found)), 'class')} in folders or archives, {len(found)} in all"
            raise BadImages(self.folder, why, _LAYOUT)
        return tuple(sorted(found))

    @cached_property
    def _inner(self) -> list[StoredFile]:
        """The archives of the classes in the training archive."""
        return list(tar_files(self.folder / TRAIN_ARCHIVE))

    @cached_property
    def spec(self) -> DataSpec:
        names = self.devkit.names if self.devkit is not None else {name: name for name in self.wordnet}
        if unknown := [name for name in self.wordnet if name not in names]:
            raise BadImages(self.folder, f"the class {unknown[0]} is not in the development kit", _LAYOUT)
        return DataSpec(self.folder.resolve().name, tuple(names[name] for name in self.wordnet), None, streams=True)

    @property
    def origin(self) -> str:
        return str(self.folder.resolve())

    def training_files(self, cache: Path) -> Iterator[LabeledFile]:
        """The training images, by class. Raises BadImages or DataCorrupt."""
        numbers = {name: number for number, name in enumerate(self.wordnet)}
        if (self.folder / "train").is_dir():
            for name, number in numbers.items():
                for path in _images(self.folder / "train" / name):
                    yield LabeledFile(stored_file(self.folder, path), number)
            return
        for file in indexed(self.folder / TRAIN_ARCHIVE, cache, self._members):
            yield LabeledFile(file, numbers[file.name.partition("/")[0]])

    def _members(self) -> Iterator[StoredFile]:
        """The images in the archives of the classes, as `n01440764/n01440764_10026.JPEG`."""
        for inner in sorted(self._inner, key=lambda file: file.name):
            for file in tar_files(self.folder / TRAIN_ARCHIVE, inner):
                yield file._replace(name=f"{inner.name.removesuffix('.tar')}/{file.name}")

    def validation_files(self, cache: Path) -> Iterator[LabeledFile]:
        """The validation images, by name or by class. Raises BadImages or DataCorrupt."""
        numbers = {name: number for number, name in enumerate(self.wordnet)}
        if (self.folder / "val").is_dir():
            names = [name for name in os.listdir(self.folder / "val") if not name.startswith(".")]
            if any(map(_VALIDATION_IMAGE.fullmatch, names)):
                paths = (self.folder / "val" / name for name in sorted(names))
                yield from self._with_truth(stored_file(self.folder, path) for path in paths)
                return
            for name in sorted(names):
                if name in numbers:
                    for path in _images(self.folder / "val" / name):
                        yield LabeledFile(stored_file(self.folder, path), numbers[name])
                elif not _WORDNET.fullmatch(name):
                    raise BadImages(self.folder, f"val/{printable(name)} is neither a class nor an image", _LAYOUT)
        elif (self.folder / VALIDATION_ARCHIVE).is_file():
            archive = self.folder / VALIDATION_ARCHIVE
            yield from self._with_truth(indexed(archive, cache, lambda: tar_files(archive)))

    def _with_truth(self, files: Iterator[StoredFile]) -> Iterator[LabeledFile]:
        """The validation images with the classes in the development kit."""
        if self.devkit is None:
            help_text = f"put {ARCHIVE} into the folder, or the images into folders named after their classes"
            raise BadImages(self.folder, "the classes of the validation images are in the development kit", help_text)
        numbers = {name: number for number, name in enumerate(self.wordnet)}
        for file in files:
            match = _VALIDATION_IMAGE.fullmatch(file.name.rpartition("/")[2])
            if match is None:
                continue
            if not 1 <= int(match[1]) <= len(self.devkit.truth):
                images = counted(len(self.devkit.truth), "image")
                why = f"{printable(file.name)} is not one of the {images} in the development kit"
                raise BadImages(self.folder, why, _LAYOUT)
            name = self.devkit.wordnet[self.devkit.truth[int(match[1]) - 1]]
            if name in numbers:
                yield LabeledFile(file, numbers[name])

    def load(self, request: Request) -> Splits:
        if (streams := self._streamed(request)) is not None:
            return streams
        bad: list[str] = []
        train = self._read(list(self.training_files(request.cache)), request, bad)
        validation = self._read(list(self.validation_files(request.cache)), request, bad)
        refuse_unreadable(self.folder, bad)
        if train is None:
            raise BadImages(self.folder, "no training images", _LAYOUT)
        if validation is None:
            train, validation = hold_out(train, request.split)
        return Splits(train, validation, None)

    def _streamed(self, request: Request) -> Splits | None:
        """The images as streams, if they are to be decoded in every epoch."""
        if request.stream is None:
            return None
        from .stream.split_streams import stream_splits

        found = {"train": self.training_files(request.cache), "validation": self.validation_files(request.cache)}
        parts = {split: self._encoded(files) for split, files in found.items()}
        if not len(parts["train"][1]):
            raise BadImages(self.folder, "no training images", _LAYOUT)
        return stream_splits(parts, request, request.stream)

    def _encoded(self, files: Iterator[LabeledFile]) -> tuple[EncodedImages, Labels]:
        """The images of a split, all in files or all in one archive, and their classes."""
        names: list[str] = []
        numbers, archive = array("q"), ""
        for file, label in files:
            names.append(file.name)
            numbers.extend((label, file.offset, file.size or 0))
            archive = file.path.name if file.size is not None else ""
        columns = np.array(numbers, np.int64).reshape(-1, 3)
        labels, offset, size = (np.ascontiguousarray(columns[:, column]) for column in range(3))
        places = ShardPlaces((archive,), np.zeros(len(names), np.int32), offset, size) if archive else None
        return EncodedImages(os.fspath(self.folder.resolve()), NameList.of(names), places), labels

    def _read(self, files: list[LabeledFile], request: Request, bad: list[str]) -> ImageSet | None:
        if not files:
            return None
        images = read_stored(self.folder, [each.file for each in files], request, bad)
        if images is None:
            return None
        labels = np.array([each.label for each in files], np.int64)
        return ImageSet(images, labels, tuple(printable(each.file.name) for each in files))


def _images(folder: Path) -> list[Path]:
    """The images in a folder, by name."""
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    return [folder / name for name in names if not name.startswith(".") and Path(name).suffix.lower() in EXTENSIONS]
