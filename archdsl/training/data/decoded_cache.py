"""Decoded images cached on disk, so that a second run starts quickly and the images need not fit into memory.

An array is filled in a separate file, `….partial.npy`, with a file `….partial.rows` that lists the images in it.
After an interruption or an unreadable file, images decoded so far are reused, even if files were added or removed in
the meantime: an image is identified by a key, not by its position.
"""

import contextlib
import os
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..errors.disk_errors import CannotWrite, DiskFull
from ..safe_files import make_folder, unwritten, write_atomically
from .images import Pixels

MAPPED = 2 << 30
"""Larger arrays (in bytes) are memory-mapped: the system reads parts on demand and caches as much as memory allows."""
_NOTED_SECONDS = 10.0
_KEY = "S32"

Flags = NDArray[np.bool_]
Note = Callable[[], None]
Fill = Callable[[Pixels, Flags, Note], None]
"""Decodes images into the rows whose flag is not set, and sets the flag when an image is complete; `Note` saves the
progress and may be called often.
"""


def cached_array(path: Path, shape: tuple[int, ...], keys: Sequence[str], fill: Fill) -> Pixels | None:
    """The array at `path`, uint8 of this shape, created by `fill` if it does not exist; None if rows are missing.

    `keys` identify the rows, at most 32 ASCII characters each; `path.stem` up to the first `-` identifies the data set.
    Rows are kept even if `fill` raises. Raises DiskFull if the disk has no room for an array that is too large for
    memory, and whatever `fill` raises.
    """
    found = _read(path, shape)
    if found is not None:
        return found
    try:
        partial = _Partial(path, shape, keys)
    except (OSError, DiskFull, CannotWrite) as error:
        if prod(shape) > MAPPED:
            raise _no_room(path, shape, error) from error
        images, done = np.empty(shape, np.uint8), np.zeros(len(keys), np.bool_)
        fill(images, done, lambda: None)  # training continues if there is no room for the cache
        return images if done.all() else None
    with partial:
        fill(partial.images, partial.done, partial.note_at_times)
        return partial.finish() if partial.done.all() else None


def _no_room(path: Path, shape: tuple[int, ...], error: Exception) -> DiskFull | CannotWrite:
    problem = error if isinstance(error, DiskFull | CannotWrite) else unwritten(path, error)
    if isinstance(problem, DiskFull):
        return DiskFull(
            path, f"the decoded images take {prod(shape) / 1e9:.1f} GB; set ARCHDSL_CACHE to store them elsewhere"
        )
    return problem


def _read(path: Path, shape: tuple[int, ...]) -> Pixels | None:
    """The array; None if there is no usable file."""
    try:
        # mode "c", copy on write: torch requires writable memory, and the file must not change
        images = np.load(path, allow_pickle=False, mmap_mode="c" if prod(shape) > MAPPED else None)
    except (OSError, ValueError, EOFError):
        return None
    return images if images.dtype == np.uint8 and images.shape == shape else None


class _Partial:
    """An array being filled, on disk. Leaving the context saves the progress; `finish` renames the file."""

    def __init__(self, path: Path, shape: tuple[int, ...], keys: Sequence[str]) -> None:
        make_folder(path.parent)
        self._path, self._shape = path, shape
        self._file, self._rows = path.with_suffix(".partial.npy"), path.with_suffix(".partial.rows")
        self._keys = np.array(list(keys), _KEY)
        self.done: Flags = np.zeros(len(keys), np.bool_)
        of_this_set = path.parent.glob(f"{path.stem.partition('-')[0]}-*.partial.npy")
        others = [file for file in of_this_set if file != self._file]
        own = _rows(self._rows)
        if own is not None and np.array_equal(own[0], self._keys) and _fits(self._file, shape):
            self.done = own[1]
        else:
            _allocate(self._file, shape)
        self.images: np.memmap[Any, Any] = np.lib.format.open_memmap(self._file, "r+")
        for other in others:
            self._take_from(other)
        self._noted, self._inode = time.monotonic(), _inode(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if _inode(self._file) == self._inode:
            self.note()

    def note_at_times(self) -> None:
        """Save the progress if it was last saved long ago."""
        if time.monotonic() - self._noted > _NOTED_SECONDS:
            self.note()
            self._noted = time.monotonic()

    def note(self) -> None:
        """Write which rows are complete, after the rows themselves."""
        self.images.flush()
        with contextlib.suppress(OSError, DiskFull, CannotWrite):  # they are decoded again in that case
            write_atomically(self._rows, self._save_rows)

    def finish(self) -> Pixels:
        """The complete array, at its final path. Another process may have completed the same array in the meantime."""
        self.images.flush()
        if _inode(self._file) == self._inode:
            del self.images  # Windows cannot rename a memory-mapped file
            self._file.replace(self._path)
            self._rows.unlink(missing_ok=True)
        elif _read(self._path, self._shape) is None:
            write_atomically(self._path, self._save)
        made = _read(self._path, self._shape)
        if made is None:
            raise CannotWrite(self._path, "the written file cannot be read back")
        return made

    def _save(self, path: Path) -> None:
        with path.open("wb") as stream:  # given a name, numpy would append .npy to it
            np.save(stream, self.images, allow_pickle=False)

    def _save_rows(self, path: Path) -> None:
        with path.open("wb") as stream:
            np.savez(stream, keys=self._keys, done=self.done)

    def _take_from(self, other: Path) -> None:
        """Copy the missing rows from another array of the same data set and image size."""
        rows = _rows(other.with_suffix(".rows"))
        try:
            images = np.load(other, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return
        if rows is None or images.dtype != np.uint8 or images.shape != (len(rows[0]), *self._shape[1:]):
            return
        places = {key: place for place, key in enumerate(rows[0].tolist()) if rows[1][place]}
        for row, key in enumerate(self._keys.tolist()):
            if not self.done[row] and key in places:
                self.images[row] = images[places[key]]
                self.done[row] = True


def _rows(path: Path) -> tuple[NDArray[np.bytes_], Flags] | None:
    """Keys and flags of a partial array; None if they cannot be read."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
            keys, done = found["keys"], found["done"]
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
    good = keys.dtype.kind == "S" and done.dtype == np.bool_ and keys.shape == done.shape and keys.ndim == 1
    return (keys, done) if good else None


def _inode(path: Path) -> tuple[int, int] | None:
    """An identifier of the file at a path, if there is one."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _fits(path: Path, shape: tuple[int, ...]) -> bool:
    try:
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    return bool(images.dtype == np.uint8 and images.shape == shape)


def _allocate(path: Path, shape: tuple[int, ...]) -> None:
    """Create the file of an array. Raises OSError if there is no room."""
    path.unlink(missing_ok=True)  # never through a link
    try:
        with path.open("wb+") as stream:
            np.lib.format.write_array_header_2_0(stream, {"descr": "|u1", "fortran_order": False, "shape": shape})
            size = stream.tell() + prod(shape)
            stream.flush()
            if hasattr(os, "posix_fallocate"):  # reports a full disk; a write to mapped memory would crash
                os.posix_fallocate(stream.fileno(), 0, size)
            else:
                stream.truncate(size)
    except OSError:
        path.unlink(missing_ok=True)
        raise
