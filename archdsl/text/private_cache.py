"""Small files in the user's cache folder that no other user can write or redirect."""

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from . import paths

_MOST = 16 << 20
"""The maximum number of bytes that are read, more than any cached file has."""

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
# Opening a pipe in place of a file must not block.
_READ = os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | getattr(os, "O_BINARY", 0)


def read_private(name: str) -> bytes | None:
    """The content of a cached file, or None unless only this user can have written it."""
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
    """Cache a file for the next process, atomically. Does nothing where the file would not be safe."""
    temporary = f".{name}.{os.getpid()}.part"
    with contextlib.suppress(OSError, RuntimeError), _folder(create=True) as folder:
        handle = os.open(folder.at(temporary), _CREATE, 0o600, dir_fd=folder.handle)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(folder.at(temporary), folder.at(name), src_dir_fd=folder.handle, dst_dir_fd=folder.handle)
        except BaseException:
            os.unlink(folder.at(temporary), dir_fd=folder.handle)
            raise


class _Folder:
    """The open cache folder; where the system allows, the handle prevents anybody from replacing it."""

    def __init__(self, path: Path, handle: int | None) -> None:
        self.path = path
        self.handle = handle

    def at(self, name: str) -> str:
        """The name of a file in it: relative to the handle if there is one, else its path."""
        return name if self.handle is not None else str(self.path / name)


@contextlib.contextmanager
def _folder(*, create: bool = False) -> Iterator[_Folder]:
    """The cache folder, if it belongs to the user and only the user can write it. Raises OSError."""
    path = paths.user_cache()  # RuntimeError if the user has no home
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
    """Whether it has this file type, belongs to this user, and is writable by nobody else."""
    mine = not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o022)
    return mine and kind(state.st_mode)
