"""The encoded images of a split: files below a folder, or members of tar shards, without their contents.

Everything is kept in arrays and one string of bytes: a million images take about 60 MB, and are sent to processes
quickly.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import BinaryIO, final

import numpy as np
from numpy.typing import NDArray

from ..image_files import printable

_LARGEST = 1 << 30
"""Largest encoded image in bytes: larger ones would exhaust memory."""
_MOST_OPEN = 64
"""Number of shards that are kept open."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class NameList:
    """A list of file names, encoded one after the other; `first` and `last` are the positions of each."""

    content: bytes
    first: Indices
    last: Indices

    @classmethod
    def of(cls, names: Iterable[str]) -> "NameList":
        """The names in this order."""
        encoded = [os.fsencode(name) for name in names]
        ends = np.cumsum([len(name) for name in encoded], dtype=np.int64)
        return cls(b"".join(encoded), np.concatenate([np.zeros(1, np.int64), ends[:-1]])[: len(ends)], ends)

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, index: int) -> str:
        return os.fsdecode(self.content[self.first[index] : self.last[index]])

    def take(self, indices: Indices) -> "NameList":
        """The names with these indices."""
        return NameList(self.content, self.first[indices], self.last[indices])


@dataclass(frozen=True)
class ShardPlaces:
    """Where images are in tar files below the folder: the number of the file, the offset and the size in bytes."""

    files: tuple[str, ...]
    file: NDArray[np.int32]
    offset: Indices
    size: Indices

    def take(self, indices: Indices) -> "ShardPlaces":
        """The places of the images with these indices."""
        return ShardPlaces(self.files, self.file[indices], self.offset[indices], self.size[indices])


@final
@dataclass(frozen=True)
class EncodedImages:
    """Images by index: their names below `folder`, or in a shard. Not thread-safe."""

    folder: str
    names: NameList
    places: ShardPlaces | None = None
    _open: dict[int, BinaryIO] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        """The image's name for messages and reports: `cat/1.jpg`, or `train-000.tar/0001.jpg`."""
        shard, name = self.shard(index), self.names[index]
        return printable(name if shard is None else f"{shard}/{name}")

    def shard(self, index: int) -> str | None:
        """The path of the image's shard below the folder, if it is in one."""
        return None if self.places is None else self.places.files[self.places.file[index]]

    def take(self, indices: Indices) -> "EncodedImages":
        """The images with these indices."""
        places = self.places.take(indices) if self.places is not None else None
        return EncodedImages(self.folder, self.names.take(indices), places)

    def read(self, index: int) -> bytes:
        """The content of an image's file. Raises OSError."""
        if self.places is None:
            with open(os.path.join(self.folder, self.names[index]), "rb", buffering=0) as stream:
                if os.fstat(stream.fileno()).st_size > _LARGEST:
                    raise OSError(f"more than {_LARGEST:,} bytes")
                return stream.readall()
        size = int(self.places.size[index])
        shard = self._shard(int(self.places.file[index]), self.places.files)
        shard.seek(int(self.places.offset[index]))
        content = shard.read(size)
        if len(content) < size:
            raise OSError("the shard is truncated")
        return content

    def close(self) -> None:
        """Close the shards, which are opened again if they are needed."""
        while self._open:
            self._open.popitem()[1].close()

    def _shard(self, number: int, files: tuple[str, ...]) -> BinaryIO:
        """A shard, opened once; if too many are open, the first of them is closed."""
        if number not in self._open:
            if len(self._open) >= _MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()
            self._open[number] = open(os.path.join(self.folder, files[number]), "rb", buffering=0)  # noqa: SIM115  # stays open; `close` closes it
        return self._open[number]

    def __del__(self) -> None:
        for shard in self._open.values():
            shard.close()

    def __getstate__(self) -> dict[str, object]:
        return {"folder": self.folder, "names": self.names, "places": self.places}

    def __setstate__(self, state: dict[str, object]) -> None:
        for name, value in {**state, "_open": {}}.items():
            object.__setattr__(self, name, value)


def joined(images: list[EncodedImages]) -> EncodedImages:
    """The images of several splits of one folder, one after the other."""
    names = NameList.of(each.names[index] for each in images for index in range(len(each)))
    places = [each.places for each in images if each.places is not None]
    if len(places) < len(images):
        return EncodedImages(images[0].folder, names)
    files = tuple(dict.fromkeys(file for each in places for file in each.files))
    number = {file: index for index, file in enumerate(files)}
    renumbered = [np.array([number[file] for file in each.files], np.int32)[each.file] for each in places]
    return replace(
        images[0],
        names=names,
        places=ShardPlaces(
            files,
            np.concatenate(renumbered),
            np.concatenate([each.offset for each in places]),
            np.concatenate([each.size for each in places]),
        ),
    )
