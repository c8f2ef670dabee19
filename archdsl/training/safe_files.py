"""Files of runs, sweeps and caches: written atomically, never through a link, and read up to a size limit."""

import errno
import stat
from collections.abc import Callable
from pathlib import Path

from ..text import atomic
from ..text.counts import counted
from .errors.disk_errors import CannotWrite, DiskFull, NotUtf8, SymbolicLinkRefused

_FULL = tuple(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name))
"""Error numbers for a full disk, an exceeded quota and an exceeded limit of the process."""
LARGEST_TEXT = 64 << 20
"""Largest size in bytes of a JSON file or a log that is read into memory."""


def write_atomically(path: Path, fill: Callable[[Path], object]) -> None:
    """`atomic.write_atomically`, but refusing links: a run may come from others, and its links may lead anywhere.

    Raises DiskFull, CannotWrite, SymbolicLinkRefused, and whatever `fill` raises.
    """
    if path.is_symlink():
        raise SymbolicLinkRefused(path)
    try:
        atomic.write_atomically(path, fill)
    except Exception as error:
        if isinstance(error, OSError) or is_full(error):
            raise unwritten(path, error) from error
        raise


def make_folder(path: Path) -> None:
    """Create the folder and its parents, if missing. Raises DiskFull or CannotWrite."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(path, error) from error


def write_text(path: Path, text: str) -> None:
    """`write_atomically` for text, in UTF-8."""
    content = utf8(path, text)
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def utf8(path: Path, text: str) -> bytes:
    """The bytes of a text for this file. Raises NotUtf8 for a text with a file name that is not UTF-8."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NotUtf8(path) from None


def refuse_links(folder: Path, path: Path) -> Path:
    """`path`, below `folder`, if neither it nor a folder between the two is a link. Raises SymbolicLinkRefused.

    The folder itself may be a link: the user named it.
    """
    below = path.relative_to(folder)
    for part in (path, *(folder / parent for parent in below.parents if parent.parts)):
        if part.is_symlink():
            raise SymbolicLinkRefused(part)
    return path


def read_bytes(path: Path, largest: int = LARGEST_TEXT) -> bytes:
    """The bytes of a regular file. Raises OSError, including for a larger file, a folder, a pipe or a device."""
    about = path.stat()  # checked before opening: opening a pipe waits for a writer
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    if about.st_size > largest:
        raise OSError(errno.EFBIG, f"{counted(about.st_size, 'byte')}; the limit is {largest:,}")
    with path.open("rb") as stream:
        content = stream.read(largest + 1)
    if len(content) > largest:  # it is growing, or its file system does not report its size
        raise OSError(errno.EFBIG, f"more than {counted(largest, 'byte')}")
    return content


def unwritten(path: Path, error: Exception) -> DiskFull | CannotWrite:
    """The problem that a system error indicates when writing `path`."""
    if is_full(error):
        return DiskFull(path)
    if isinstance(error, FileExistsError):  # where a folder is to be created
        return CannotWrite(path, "a file of that name exists", errno.EEXIST)
    return CannotWrite(path, getattr(error, "strerror", None) or str(error), getattr(error, "errno", None))


def is_full(error: BaseException) -> bool:
    """Whether an error means that the disk or the user's quota is full.

    safetensors raises its own exception, with the system's error number in its text.
    """
    if isinstance(error, OSError):
        return error.errno in _FULL
    return any(f"(os error {number})" in str(error) for number in _FULL)
