"""Files of data sets, in folders or in tar archives that are not compressed: nothing is extracted.

A member of an archive is a part of the archive's file, so members can be read in any order.
"""

import hashlib
import io
import os
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, final

from ...text.counts import counted
from ..errors.data_errors import DataCorrupt
from ..safe_files import read_bytes

_MOST = 10_000_000
"""Largest number of members of an archive."""
_LARGEST_READ = 1 << 20
"""Largest number of bytes that the headers of one member may take; tarfile reads the number that a header declares."""
LARGEST_FILE = 512 << 20
"""Largest size in bytes of an image in an archive."""


class StoredFile(NamedTuple):
    """A file, or the part of an archive that contains one: `size` bytes from `offset`.

    `name` is its path in the folder or in the archive, with slashes.
    """

    path: Path
    name: str
    offset: int = 0
    size: int | None = None

    def opened(self) -> Path | BinaryIO:
        """The file's path, or its content if it is a part of an archive. Raises OSError."""
        return self.path if self.size is None else io.BytesIO(self.content(LARGEST_FILE))

    def content(self, largest: int) -> bytes:
        """The file's bytes. Raises OSError, including if there are more than `largest`."""
        if self.size is None:
            return read_bytes(self.path, largest)
        if self.size > largest:
            raise OSError(f"{counted(self.size, 'byte')}; the limit is {largest:,}")
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            content = stream.read(self.size)
        if len(content) < self.size:
            raise OSError("the archive is truncated")
        return content

    @property
    def key(self) -> str:
        """An identifier of the file's current version: it changes with name, time and size. Raises OSError."""
        state = self.path.stat()
        about = f"{self.name}\0{self.offset}\0{self.size}\0{state.st_size}\0{state.st_mtime_ns}"
        return hashlib.sha256(os.fsencode(about)).hexdigest()[:32]


def stored_file(folder: Path, path: Path) -> StoredFile:
    """A file below a folder, named by its path in it."""
    return StoredFile(path, path.relative_to(folder).as_posix())


class FileTree(ABC):
    """The files of a data set by their names."""

    path: Path
    """The folder or the archive."""

    @abstractmethod
    def find(self, name: str) -> StoredFile | None:
        """The file with this name, a path with slashes, if there is one."""

    def text(self, name: str, largest: int) -> str | None:
        """The text of a file, None if there is no such file. Raises DataCorrupt or OSError."""
        found = self.find(name)
        if found is None:
            return None
        try:
            return found.content(largest).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataCorrupt(self.path, f"{name} is not UTF-8 text") from error


@final
class FolderTree(FileTree):
    """The files below a folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder

    def find(self, name: str) -> StoredFile | None:
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or "\0" in name or "\\" in name or ":" in name:
            return None
        path = self.path / inside
        return StoredFile(path, name) if path.is_file() else None


@final
class TarTree(FileTree):
    """The members of an archive below the folder `root`, which ends in a slash, or is empty."""

    def __init__(self, archive: Path, members: Iterable[StoredFile], root: str = "") -> None:
        self.path = archive
        self.files = {file.name.removeprefix(root): file for file in members if file.name.startswith(root)}

    def find(self, name: str) -> StoredFile | None:
        return self.files.get(name)


def tar_files(archive: Path, within: StoredFile | None = None) -> Iterator[StoredFile]:
    """The regular files in an archive, or in its member `within`, which is an archive, in the archive's order.

    Links, devices and sparse files are left out. Raises DataCorrupt.
    """
    size = archive.stat().st_size
    start, end = (0, size) if within is None or within.size is None else (within.offset, within.offset + within.size)
    last = start - 1
    try:
        if end > size:
            raise tarfile.ReadError("unexpected end of data")
        with archive.open("rb") as stream, tarfile.open(fileobj=_Part(stream, start, end), mode="r:") as opened:
            for number, member in enumerate(opened):
                if member.offset_data <= last or member.size < 0:  # a header must not point backward
                    raise tarfile.ReadError("a header has an invalid size")
                if number >= _MOST:
                    raise tarfile.ReadError(f"more than {_MOST:,} members")
                last = member.offset_data
                opened.members.clear()  # type: ignore[attr-defined]  # tarfile would keep millions of members
                if member.isreg() and not member.issparse():
                    if member.offset_data + member.size > end:
                        raise tarfile.ReadError("unexpected end of data")
                    yield StoredFile(archive, member.name.removeprefix("./"), member.offset_data, member.size)
            _expect_end(stream, opened.offset, end)
    except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError) as error:
        inside = f"{within.name}: " if within is not None else ""
        raise DataCorrupt(archive, f"{inside}corrupt archive ({error})") from error


def _expect_end(stream: BinaryIO, at: int, end: int) -> None:
    """Raise ReadError if the block of zeros that ends an archive is missing: tarfile stops at a damaged header."""
    stream.seek(at)
    block = stream.read(max(0, min(tarfile.BLOCKSIZE, end - at)))
    if len(block) < tarfile.BLOCKSIZE:
        raise tarfile.ReadError("unexpected end of data")
    if any(block):
        raise tarfile.ReadError("not a header")


class _Part(io.RawIOBase):
    """The bytes from `start` to `end` of a stream, at their positions in it, for reading headers only."""

    def __init__(self, stream: BinaryIO, start: int, end: int) -> None:
        super().__init__()
        self._stream, self._at, self._end = stream, start, end

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_READ:
            raise tarfile.ReadError(f"a header declares {counted(size, 'byte')}")
        self._stream.seek(self._at)
        found = self._stream.read(max(0, min(size, self._end - self._at)))
        self._at += len(found)
        return found

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        if position < 0 or whence != io.SEEK_SET:
            raise tarfile.ReadError("a header has an invalid size")
        self._at = position
        return position

    def tell(self) -> int:
        return self._at
