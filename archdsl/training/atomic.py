"""Files that are whole or not there: written beside, flushed to the disk, renamed."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from .errors import DiskFull

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, the user's part of it, the process's bound


def write_atomically(path: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` write a file beside `path`, flush it to the disk and put it in place of `path`.

    Killed at any moment, the old file or the new one is there, whole. A half-written file beside is removed if the
    process lives to do so. Raises DiskFull, OSError.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    beside = Path(name)
    try:
        fill(beside)
        _flush(beside)
        beside.chmod(0o666 & ~_umask())  # mkstemp gives it to the user alone
        beside.replace(path)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if is_full(error):
            raise DiskFull(path) from error
        raise
    with contextlib.suppress(OSError):  # the renaming itself, where the system lets a folder be opened
        _flush(path.parent)


def write_text(path: Path, text: str) -> None:
    """`write_atomically` for text, in UTF-8."""
    write_atomically(path, lambda beside: beside.write_text(text, encoding="utf-8", newline="\n"))


def is_full(error: BaseException) -> bool:
    """Whether an error means that the disk, or the user's part of it, is full.

    safetensors raises an exception of its own, with the system's number in the text.
    """
    if isinstance(error, OSError):
        return error.errno in _FULL
    return any(f"(os error {number})" in str(error) for number in _FULL)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
