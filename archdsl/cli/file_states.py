"""Whether files have changed since a command read them, by polling."""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

INTERVAL = 0.2
"""Seconds between two checks of the files."""
_SETTLE = 0.05
"""Seconds without a change after which a save is complete: an editor may write a file in several steps."""
_REPLACE = 1.0
"""Seconds to wait for a file that has disappeared: an editor may delete it before it writes the new one."""

Stamp = tuple[int, int, int, int]


class FileStates:
    """The states of files and folders before a command read them.

    A file whose time changes but whose contents stay the same does not count as changed. Only regular files are noted,
    because reading a pipe would consume it.
    """

    def __init__(self) -> None:
        self._files: dict[str, tuple[Stamp | None, bytes | None]] = {}
        self._folders: dict[str, int] = {}

    def note(self, path: Path) -> None:
        """Note the state of a file that is about to be read, unless it is already noted."""
        name = os.path.abspath(path)
        if name not in self._files and (_stamp(name) is not None or not os.path.lexists(name)):
            self._files[name] = _stamp(name), _digest(name)

    def note_folder(self, folder: Path) -> None:
        """Note the state of a folder and of those below it, except hidden ones, to see when files come and go."""
        self._folders |= dict(_folder_times(os.path.abspath(folder)))

    @property
    def files(self) -> tuple[str, ...]:
        """The absolute paths of the files that are noted."""
        return tuple(self._files)

    def wait(self, relisted: Callable[[], bool]) -> None:
        """Return when a file has changed and is complete, or when `relisted` reports a change in a folder's listing."""
        while True:
            time.sleep(INTERVAL)
            if self._files_changed():
                self._settle()
                if self._files_changed():
                    return
            if self._folders_changed() and relisted():
                return

    def _files_changed(self) -> bool:
        return any(self._changed(name) for name in self._files)

    def _changed(self, name: str) -> bool:
        before, digest = self._files[name]
        now = _stamp(name)
        if now == before:
            return False
        if _digest(name) != digest:
            return True
        self._files[name] = now, digest
        return False

    def _settle(self) -> None:
        """Wait until no file changes anymore, and for a while for files that have disappeared to come back."""
        deadline = time.monotonic() + _REPLACE
        before = None
        while True:
            now = [_stamp(name) for name in self._files]
            gone = any(
                stamp is None and noted is not None for stamp, (noted, _) in zip(now, self._files.values(), strict=True)
            )
            if now == before and (not gone or time.monotonic() > deadline):
                return
            before = now
            time.sleep(_SETTLE)

    def _folders_changed(self) -> bool:
        changed = False
        for name, time_ns in list(self._folders.items()):
            try:
                now = os.stat(name).st_mtime_ns
            except OSError:
                now = -1
            if now != time_ns:
                changed = True
                self._folders[name] = now
                self._folders |= {new: t for new, t in _folder_times(name) if new not in self._folders}
        return changed


def _folder_times(folder: str) -> Iterator[tuple[str, int]]:
    for place, folders, _ in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith(".")]
        try:
            yield place, os.stat(place).st_mtime_ns
        except OSError:
            continue


def _stamp(name: str) -> Stamp | None:
    """The properties of a regular file that a save changes; None if there is no such file."""
    try:
        found = os.stat(name)
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev) if stat.S_ISREG(found.st_mode) else None


def _digest(name: str) -> bytes | None:
    """A digest of a file's contents; None if it cannot be read."""
    if _stamp(name) is None:
        return None
    try:
        with open(name, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
