"""Files of a run, whole or not there, and what is said where the disk is full."""

import errno
from collections.abc import Callable
from pathlib import Path

from ...text import atomic
from ..errors import DiskFull
from ..run_errors import CannotWrite

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, the user's part of it, the process's bound


def write_atomically(path: Path, fill: Callable[[Path], object]) -> None:
    """`atomic.write_atomically`. Raises DiskFull, CannotWrite, and what else `fill` raises."""
    try:
        atomic.write_atomically(path, fill)
    except Exception as error:
        if isinstance(error, OSError) or is_full(error):
            raise unwritten(path, error) from error
        raise


def make_folder(path: Path) -> None:
    """The folder, where it is not there yet, and those above it. Raises DiskFull, CannotWrite."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(path, error) from error


def write_text(path: Path, text: str) -> None:
    """`write_atomically` for text, in UTF-8."""
    write_atomically(path, lambda beside: beside.write_text(text, encoding="utf-8", newline="\n"))


def unwritten(path: Path, error: Exception) -> DiskFull | CannotWrite:
    """What an error of the system means, which kept `path` from being written."""
    if is_full(error):
        return DiskFull(path)
    return CannotWrite(path, getattr(error, "strerror", None) or str(error))


def is_full(error: BaseException) -> bool:
    """Whether an error means that the disk, or the user's part of it, is full.

    safetensors raises an exception of its own, with the system's number in the text.
    """
    if isinstance(error, OSError):
        return error.errno in _FULL
    return any(f"(os error {number})" in str(error) for number in _FULL)
