"""The positions of files in tar archives, cached: finding a million files takes minutes, reading the index seconds."""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors.disk_errors import CannotWrite, DiskFull, SymbolicLinkRefused
from ..safe_files import make_folder, write_atomically
from .stored_files import StoredFile

_SEPARATOR = "\n"


def indexed(archive: Path, cache: Path, find: Callable[[], Iterator[StoredFile]]) -> Iterator[StoredFile]:
    """The files that `find` finds in an archive, from the cache if the archive has not changed.

    Raises the errors of `find`.
    """
    state = archive.stat()
    about = f"{archive.resolve()}\0{state.st_size}\0{state.st_mtime_ns}"
    path = cache / "folders" / f"index-{hashlib.sha256(os.fsencode(about)).hexdigest()[:32]}.npz"
    kept = _read(path, state.st_size)
    if kept is None:
        found = list(find())
        with suppress(OSError, CannotWrite, DiskFull, SymbolicLinkRefused):  # the files are found again in that case
            make_folder(path.parent)
            write_atomically(path, lambda temporary: _write(temporary, found))
        yield from found
        return
    names, offsets, sizes = kept
    for name, offset, size in zip(names.split(_SEPARATOR) if names else (), offsets, sizes, strict=True):
        yield StoredFile(archive, name, int(offset), int(size))


def _write(path: Path, files: list[StoredFile]) -> None:
    if any(_SEPARATOR in file.name for file in files):
        raise OSError("a name has several lines")
    names = np.frombuffer(os.fsencode(_SEPARATOR.join(file.name for file in files)), np.uint8)
    places = np.array([(file.offset, file.size) for file in files], np.int64).reshape(-1, 2)
    with path.open("wb") as stream:
        np.savez(stream, names=names, places=places)


def _read(path: Path, largest: int) -> tuple[str, NDArray[np.int64], NDArray[np.int64]] | None:
    """Names, offsets and sizes; None if there is no usable index of an archive of this size."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
            names, places = found["names"], found["places"]
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
    if names.dtype != np.uint8 or places.dtype != np.int64 or places.ndim != 2 or places.shape[1] != 2:
        return None
    text = os.fsdecode(names.tobytes())
    inside = bool(((places >= 0).all(1) & (places.sum(1) <= largest)).all())
    return (text, places[:, 0], places[:, 1]) if inside and _count(text) == len(places) else None


def _count(text: str) -> int:
    return text.count(_SEPARATOR) + 1 if text else 0
