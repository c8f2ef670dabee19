"""Atomic file writes: written to a temporary file, flushed to disk, renamed."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_atomically(path: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` write a temporary file next to `path`, flush it to disk and rename it to `path`.

    If the process is killed, either the old or the new file exists and is complete. The temporary file is removed
    unless the process is killed. A symbolic link keeps its target, and a file its permissions. Raises OSError,
    ValueError for an invalid file name, and what `fill` raises.
    """
    target = linked_file(path)
    # Only a part of a long name, or the temporary name would exceed the system's limit.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        fill(temporary)
        _flush(temporary, os.O_RDWR)  # Windows flushes only files opened for writing
        # mkstemp restricts it to the user
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # flush the rename as well, where the system lets a folder be opened
        _flush(target.parent, os.O_RDONLY)


def linked_file(path: Path) -> Path:
    """The file that a symbolic link leads to, else the path. Raises OSError for a link that leads back to itself."""
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def _flush(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
