"""Small files in the user's cache folder that no other user can have written or can redirect."""

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from . import paths

_MOST = 16 << 20
"""More bytes than any file that is kept here has."""

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
# A pipe in a file's place is opened without waiting for its other end.
_READ = os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | getattr(os, "O_BINARY", 0)


def read_private(name: str) -> bytes | None:
    """The content of a kept file, or None where there is none that only this user can have written."""
    try:
        with _folder() as folder:
            handle = os.open(folder.at(name), _READ, dir_fd=folder.handle)
            with os.fdopen(handle, "rb") as file:
                if not _is_private(os.fstat(file.fileno()), stat.S_ISREG):
                    return None
                data = file.read(_MOST + 1)
    except (OSError, RuntimeError):
        return None
    return data if len(data) <= _MOST else None


def write_private(name: str, data: bytes) -> None:
    """Keep a file for the next process, in one step. Nothing happens where it cannot be kept safely."""
    beside = f".{name}.{os.getpid()}.part"
    with contextlib.suppress(OSError, RuntimeError), _folder(create=True) as folder:
        handle = os.open(folder.at(beside), _CREATE, 0o600, dir_fd=folder.handle)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(folder.at(beside), folder.at(name), src_dir_fd=folder.handle, dst_dir_fd=folder.handle)
        except BaseException:
            os.unlink(folder.at(beside), dir_fd=folder.handle)
            raise


class _Folder:
    """The cache folder. It is held open where the system allows, so that nobody can put another in its place."""

    def __init__(self, path: Path, handle: int | None) -> None:
        self.path = path
        self.handle = handle

    def at(self, name: str) -> str:
        """What to call a file in it: its name beside the handle, else its path."""
        return name if self.handle is not None else str(self.path / name)


@contextlib.contextmanager
def _folder(*, create: bool = False) -> Iterator[_Folder]:
    """The cache folder, if it is the user's own and closed to others. Raises OSError."""
    path = paths.user_cache()  # RuntimeError where the user has no home
    if create:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.open not in os.supports_dir_fd or not _DIRECTORY:
        yield _Folder(path, None)
        return
    handle = os.open(path, os.O_RDONLY | _DIRECTORY | _NOFOLLOW)
    try:
        if not _is_private(os.fstat(handle), stat.S_ISDIR):
            raise PermissionError(f"{path} is not this user's alone")
        yield _Folder(path, handle)
    finally:
        os.close(handle)


def _is_private(state: os.stat_result, kind: Callable[[int], bool]) -> bool:
    """Whether it is of this kind, this user's own, and nobody else may write it."""
    mine = not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o022)
    return mine and kind(state.st_mode)
