"""Tar shards in webdataset's layout, whose images are read in place and decoded in every epoch."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...text import paths
from ...text.counts import counted
from ..errors.data_errors import BadImages
from .dataset_spec import DataSpec
from .image_files import test_files
from .images import DataSource, Labels, Request, Splits
from .shard_index import ShardIndex, shard_index
from .shard_names import Shards, split_of
from .stream.encoded import EncodedImages, NameList, ShardPlaces
from .stream.split_streams import stream_splits

_CLASSES = "classes.txt"
_LARGEST_TEXT = 1 << 20
_MOST_CLASSES = 1 << 16


class ShardSource(DataSource):
    """Images and classes in tar files. The first word of a shard's name is its split: `train-000.tar`, `val-000.tar`.

    If no shard has a split in its name, a tenth of each class becomes the test set, selected by file name, as in
    folders. Classes that are numbers get their names from `classes.txt` in the folder of the shards, if there is one.
    """

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self.folder = Path(os.path.commonpath([file.parent.resolve() for file in shards.files]))

    @property
    def origin(self) -> str:
        return self._shards.name

    @cached_property
    def spec(self) -> DataSpec:
        name = Path(self._shards.name).name
        return DataSpec(name.removesuffix(".tar"), self._classes, None, streams=True)

    @cached_property
    def _indices(self) -> tuple[ShardIndex, ...]:
        """The indices of all shards. Raises DataCorrupt or BadImages."""
        cache: Path | None = None
        with suppress(RuntimeError):  # no home folder
            cache = paths.user_cache() / "shards"
        return tuple(shard_index(file, cache) for file in self._shards.files)

    @cached_property
    def _classes(self) -> tuple[str, ...]:
        found = sorted({index.classes[number] for index in self._indices for number in range(len(index.classes))})
        if not found:
            raise BadImages(self.folder, "no samples in the shards", "a sample is an image and its class: 0.jpg, 0.cls")
        numbers = all(each.isascii() and each.isdecimal() for each in found)
        names = self._named()
        count = max(map(int, found)) + 1 if numbers and max(map(len, found)) <= 6 else len(found)
        if count > _MOST_CLASSES:
            raise BadImages(self.folder, f"more than {_MOST_CLASSES:,} classes", "number the classes from 0")
        if names is not None and numbers and count > len(names):
            why = f"a sample has the class {count - 1}, but {_CLASSES} has only {counted(len(names), 'name')}"
            raise BadImages(self.folder, why, "write one name per line, in the order of the numbers")
        if names is not None and not numbers and (unknown := [name for name in found if name not in names]):
            raise BadImages(self.folder, f"the class {unknown[0]} is not in {_CLASSES}", "add it on a line of its own")
        if names is None and len(found) < 2:
            raise BadImages(self.folder, f"only one class, {found[0]}", "put images of all classes into the shards")
        return names or (tuple(map(str, range(count))) if numbers else tuple(found))

    def _named(self) -> tuple[str, ...] | None:
        """The names of the classes, if they are given. Raises BadImages."""
        path = self.folder / _CLASSES
        if not path.is_file():
            return None
        try:
            with path.open("rb") as stream:
                text = stream.read(_LARGEST_TEXT).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
            raise BadImages(path, why, "write one name per line") from error
        names = tuple(line.strip() for line in text.splitlines() if line.strip())
        if len(names) < 2 or len(set(names)) < len(names):
            raise BadImages(path, "it needs at least two different names", "write one name per line")
        return names

    def load(self, request: Request) -> Splits:
        if request.image.channels not in (1, 3):
            why = f"the network takes {request.image.channels} channels; images have 1 (grayscale) or 3 (color)"
            raise BadImages(self.folder, why, f"`input 3x{request.image.height}x{request.image.width}`")
        if request.stream is None:
            raise BadImages(self.folder, "images of tar shards are decoded in every epoch", "use `loading=stream`")
        by_split: dict[str, list[int]] = {}
        for number, file in enumerate(self._shards.files):
            by_split.setdefault(split_of(file), []).append(number)
        parts = {name: self._part(numbers) for name, numbers in by_split.items()}
        if "" in parts and len(parts) > 1:
            odd = self._shards.files[by_split[""][0]]
            raise BadImages(odd, "its name has no split, but those of others do", "name it train-…, val-… or test-…")
        if "" in parts:
            images, labels = parts[""]
            test = self._test(images, labels)
            parts = {
                "train": (images.take(np.flatnonzero(~test)), labels[~test]),
                "test": (images.take(np.flatnonzero(test)), labels[test]),
            }
        if "train" not in parts or not len(parts["train"][1]):
            raise BadImages(self.folder, "no training images", "name the shards of training images train-….tar")
        splits = stream_splits(parts, request, replace(request.stream, needed=True))
        assert splits is not None
        return splits

    def _part(self, numbers: Sequence[int]) -> tuple[EncodedImages, Labels]:
        """The samples of some shards, one shard after the other."""
        classes = {name: label for label, name in enumerate(self._classes)}
        own = [self._indices[number] for number in numbers]
        files = tuple(os.path.relpath(self._shards.files[number].resolve(), self.folder) for number in numbers)
        labels = [_label(classes, index.classes[row]) for index in own for row in range(len(index.classes))]
        places = ShardPlaces(
            files,
            np.repeat(np.arange(len(own), dtype=np.int32), [len(index.names) for index in own]),
            np.concatenate([index.offset for index in own]),
            np.concatenate([index.size for index in own]),
        )
        names = _joined([index.names for index in own])
        return EncodedImages(os.fspath(self.folder), names, places), np.array(labels, np.int64)

    def _test(self, images: EncodedImages, labels: Labels) -> NDArray[np.bool_]:
        """Which samples are the tenth of each class with the smallest digests of their names."""
        found = np.zeros(len(labels), np.bool_)
        for label in np.unique(labels).tolist():
            rows = np.flatnonzero(labels == label).tolist()
            row_of = {Path(f"{images.shard(row)}/{images.names[row]}"): row for row in rows}
            found[[row_of[path] for path in test_files(row_of)]] = True
        return found


def _label(classes: dict[str, int], text: str) -> int:
    """The label of a class, which is a name, or a number from 0."""
    return classes[text] if text in classes else int(text)


def _joined(lists: Sequence[NameList]) -> NameList:
    """The names of several lists, one after the other."""
    starts = np.cumsum([0, *(len(each.content) for each in lists)])
    return NameList(
        b"".join(each.content for each in lists),
        np.concatenate([each.first + start for each, start in zip(lists, starts, strict=False)]),
        np.concatenate([each.last + start for each, start in zip(lists, starts, strict=False)]),
    )
