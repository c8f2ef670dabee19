"""Folders of images: one subfolder per class, directly or in `train`, `val` (or `validation`, `valid`) and `test`."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors.data_errors import BadImages
from .class_folders import notes_of_empty_folders, split_folders
from .dataset_spec import DataSpec
from .decode_many import decode_files
from .decoded_cache import MAPPED, Flags, Note, cached_array
from .decoding import EXTENSIONS, decode, decode_whole
from .image_files import cache_path, file_key, is_present, is_text, printable, refuse_unreadable, test_files
from .images import DataSource, ImageSet, Labels, Pixels, Request, Splits, divide, hold_out
from .stream.encoded import EncodedImages, NameList


@dataclass(frozen=True)
class ImageFile:
    """The path of an image and its class."""

    path: Path
    label: int


@dataclass(frozen=True)
class FolderSplits:
    """The files of each split; a split without a folder is empty."""

    train: tuple[ImageFile, ...]
    validation: tuple[ImageFile, ...]
    test: tuple[ImageFile, ...]


class FolderSource(DataSource):
    """Images in folders named after their classes, in alphabetical order.

    Without folders for the splits, a tenth of each class becomes the test set, selected by the digest of the file name:
    always the same files, and adding files moves few of the others between the splits.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def spec(self) -> DataSpec:
        names = sorted({name for root in self._roots.values() for name in _class_folders(root)})
        if odd := [name for name in names if not is_text(name)]:
            raise BadImages(self.folder, f"the folder {printable(odd[0])} has a name that is not UTF-8", "rename it")
        if not names:
            raise self._no_classes()
        return DataSpec(self.folder.resolve().name, tuple(names), None, streams=True)

    def _no_classes(self) -> BadImages:
        """The error for a folder without subfolders of images."""
        for path in sorted(self.folder.glob("*/**/*")):
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(self.folder).parts):
                name = printable(path.relative_to(self.folder).as_posix())
                why = f"no subfolder with images: {name} is in none of the formats that are read"
                formats = " ".join(sorted(EXTENSIONS))
                return BadImages(self.folder, why, f"convert the images, for instance to PNG; formats: {formats}")
        help_text = "put the images of each class into a separate subfolder: cat/ dog/ …"
        return BadImages(self.folder, "no subfolder with images", help_text)

    @property
    def origin(self) -> str:
        return str(self.folder.resolve())

    @cached_property
    def _roots(self) -> dict[str, Path]:
        """The folders that contain class folders: by split, or the folder itself under the empty name."""
        return split_folders(self.folder)

    def parts(self) -> FolderSplits:
        """The files of each split."""
        items = {name: self._items(root) for name, root in self._roots.items()}
        if "" in items:
            train, test = _divide(items[""])
            return FolderSplits(train, (), test)
        return FolderSplits(items["train"], items.get("validation", ()), items.get("test", ()))

    def load(self, request: Request) -> Splits:
        if request.image.channels not in (1, 3):
            why = f"the network takes {request.image.channels} channels; images have 1 (grayscale) or 3 (color)"
            raise BadImages(self.folder, why, f"`input 3x{request.image.height}x{request.image.width}`")
        notes = notes_of_empty_folders(self.folder, self.spec.classes, "images")
        if (split := self._streamed(request)) is not None:
            return replace(split, notes=(*split.notes, *notes))
        parts = self.parts()
        if not parts.train:
            raise self._no_images()
        alone = not parts.validation and len(parts.train) * prod(request.shape) <= MAPPED
        if not parts.validation and not alone:  # split before reading: selecting from a mapped file copies
            learn, validate = divide(len(parts.train), request.split)
            parts = FolderSplits(_take(parts.train, learn), _take(parts.train, validate), parts.test)
        reading = _Reading(self.folder, request, [])
        test, train, validation = (
            reading.read(items) if items else None for items in (parts.test, parts.train, parts.validation)
        )
        refuse_unreadable(self.folder, reading.bad)
        if train is None:
            raise self._no_images()
        if alone:
            train, validation = hold_out(train, request.split)
        return Splits(train, validation, test, notes)

    def _no_images(self) -> BadImages:
        return BadImages(self.folder, "no training images", "put images into the subfolders of the classes")

    def _streamed(self, request: Request) -> Splits | None:
        """The images as streams, if they are to be decoded in every epoch."""
        settings = request.stream
        if settings is None:
            return None
        from .stream.split_streams import stream_splits

        listed = {name: self._listed(root) for name, root in self._roots.items()}
        if "" in listed:
            names, labels, test = listed[""]
            listed = {
                "train": (names.take(np.flatnonzero(~test)), labels[~test], test),
                "test": (names.take(np.flatnonzero(test)), labels[test], test),
            }
        if not len(listed["train"][0]):
            raise self._no_images()
        parts = {
            name: (EncodedImages(os.fspath(self.folder.resolve()), names), labels)
            for name, (names, labels, _) in listed.items()
        }
        return stream_splits(parts, request, settings)

    def _listed(self, root: Path) -> tuple[NameList, Labels, Flags]:
        """The files below a split's folder, in the order of `_items`: names, classes, and whether each is a test image
        of a folder without splits.
        """
        numbers = {name: label for label, name in enumerate(self.spec.classes)}
        names: list[str] = []
        labels: list[NDArray[np.int64]] = []
        tests: list[Flags] = []
        for name in _class_folders(root):  # class by class: a million paths take a gigabyte
            paths = list(_images(root / name))
            chosen = test_files(paths)
            names += [path.relative_to(self.folder).as_posix() for path in paths]
            labels.append(np.full(len(paths), numbers[name], np.int64))
            tests.append(np.array([path in chosen for path in paths], np.bool_))
        none = np.zeros(0, np.int64)
        return NameList.of(names), np.concatenate([none, *labels]), np.concatenate([none.astype(np.bool_), *tests])

    def _items(self, root: Path) -> tuple[ImageFile, ...]:
        labels = {name: label for label, name in enumerate(self.spec.classes)}
        return tuple(ImageFile(path, labels[name]) for name in _class_folders(root) for path in _images(root / name))


def _take(items: tuple[ImageFile, ...], indices: NDArray[np.int64]) -> tuple[ImageFile, ...]:
    return tuple(items[index] for index in indices)


def _class_folders(root: Path) -> list[str]:
    found = [entry for entry in sorted(root.iterdir()) if entry.is_dir() and not entry.name.startswith(".")]
    return [entry.name for entry in found if next(_images(entry), None)]


def _images(folder: Path) -> Iterator[Path]:
    """The images below a folder, without hidden files: macOS creates a `._cat.jpg` next to `cat.jpg`."""
    found = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in EXTENSIONS)
    shown = (path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    return (path for path in shown if is_present(path))


def _divide(items: tuple[ImageFile, ...]) -> tuple[tuple[ImageFile, ...], tuple[ImageFile, ...]]:
    """Training and test files: the test files are the tenth of each class with the smallest digests of their names."""
    test: set[Path] = set()
    for label in {item.label for item in items}:
        test |= test_files(item.path for item in items if item.label == label)
    return tuple(i for i in items if i.path not in test), tuple(i for i in items if i.path in test)


def read_images(
    folder: Path, paths: list[Path], request: Request, bad: list[str], whole: bool = False
) -> Pixels | None:
    """The images of these files below a folder, uint8 of N×C×H×W, from the cache if they are there.

    Those of another aspect ratio are cropped, or get black bars if `whole` is true.

    None if any are unreadable; those are added to `bad`.
    """

    def decoded(index: int) -> Pixels:
        return decode_whole(paths[index], request.image)[0] if whole else decode(paths[index], request.image)

    def decode_missing(images: Pixels, done: Flags, note: Note) -> None:
        bad.extend(decode_files(folder, paths, decoded, images, done, note, request.download))

    keys = [file_key(folder, path) for path in paths]
    path = cache_path(request.cache, folder, f"{request.image} whole" if whole else request.image, keys)
    return cached_array(path, (len(paths), *request.shape), keys, decode_missing)


@dataclass
class _Reading:
    """Decodes the files of a folder, split by split; unreadable ones are collected over all splits."""

    folder: Path
    request: Request
    bad: list[str]

    def read(self, items: tuple[ImageFile, ...]) -> ImageSet | None:
        """The images of these files; None if any are unreadable; those are added to `bad`."""
        paths = [item.path for item in items]
        images = read_images(self.folder, paths, self.request, self.bad)
        if images is None:
            return None
        labels = np.array([item.label for item in items], np.int64)
        return ImageSet(images, labels, tuple(printable(path.relative_to(self.folder).as_posix()) for path in paths))
