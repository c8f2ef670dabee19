"""Files that are whole or not there: written beside, flushed to the disk, renamed."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_atomically(path: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` write a file beside `path`, flush it to the disk and put it in place of `path`.

    Killed at any moment, the old file or the new one is there, whole. A half-written file beside is removed if the
    process lives to do so. A link goes on pointing to its file, and a file keeps its permissions. Raises OSError,
    ValueError for a name that no file can have, and what `fill` raises.
    """
    target = path.resolve() if path.is_symlink() else path
    # Of a long name a part, or the name beside would be too long for the system.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".part")
    os.close(handle)
    beside = Path(name)
    try:
        fill(beside)
        _flush(beside, os.O_RDWR)  # Windows flushes only what may be written
        # mkstemp gives it to the user alone
        beside.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # the renaming itself, where the system lets a folder be opened
        _flush(target.parent, os.O_RDONLY)


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
