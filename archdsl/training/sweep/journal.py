"""The journal of a sweep: JSON lines in its folder, which processes on several machines append to."""

import contextlib
import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any, final

from optuna.storages.journal import BaseJournalBackend, JournalFileBackend, JournalFileOpenLock

_BLOCK = 1 << 16


@final
class Journal(BaseJournalBackend):
    """Optuna's journal in a file. A killed process, or a full disk, leaves no partial line between complete ones.

    The lock is a file that is created exclusively, which is atomic on local disks and on NFS since version 3. Optuna
    removes the lock of a process that was killed while it held it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = JournalFileOpenLock(str(path))
        self._reader = JournalFileBackend(str(path), lock_obj=self._lock)

    def verify(self) -> None:
        """Raise ValueError if the last complete line is not JSON: Optuna would append to it."""
        with self._path.open("rb") as stream:
            end = _end_of_lines(stream)
            stream.seek(max(0, end - _BLOCK))
            last = stream.read(end - stream.tell()).splitlines()[-1:]
        if last and not isinstance(json.loads(last[0]), dict):
            raise ValueError("its last line is not an entry of a journal")

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        yield from self._reader.read_logs(log_number_from)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        content = "".join(f"{json.dumps(log, separators=(',', ':'))}\n" for log in logs).encode("utf-8")
        self._lock.acquire()
        try:
            with self._path.open("r+b", buffering=0) as stream:
                end = _cut_to_lines(stream)
                try:
                    _write(stream, content)
                except OSError:
                    with contextlib.suppress(OSError):
                        stream.truncate(end)
                    raise
        finally:
            with contextlib.suppress(RuntimeError):  # another process assumed this one had ended; the lines are written
                self._lock.release()


def _write(stream: IO[bytes], content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[stream.write(left) :]
    os.fsync(stream.fileno())


def _cut_to_lines(stream: IO[bytes]) -> int:
    """Truncate a file to its complete lines, and go to its end. Returns its size."""
    end = _end_of_lines(stream)
    if end < stream.seek(0, 2):
        stream.truncate(end)
    return stream.seek(end)


def _end_of_lines(stream: IO[bytes]) -> int:
    """The size of a file without a partial line at its end."""
    end = stream.seek(0, 2)
    while end > 0:
        start = max(0, end - _BLOCK)
        stream.seek(start)
        newline = stream.read(end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return end
