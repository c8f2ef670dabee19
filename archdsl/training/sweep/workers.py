"""The processes that work on a sweep: their names, and how others notice that one was killed.

On one machine, the lock of a worker's file is free as soon as the worker has ended. Seen from another machine, a worker
is gone if its counter of heartbeats does not change for a while, by the observer's own clock: clocks of machines
differ.
"""

import contextlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors.problem import Problem
from ..safe_files import make_folder, refuse_links, unwritten
from .trial_attempts import Attempt, Claim
from .trial_store import AttemptLost

try:
    import fcntl
except ImportError:  # Windows: heartbeats only
    fcntl = None  # type: ignore[assignment]  # marks the missing module

BEAT_SECONDS = 30.0
SILENT_SECONDS = 180.0
"""A worker is gone if no heartbeat was seen for this many seconds."""
_FOLDER = "workers"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Worker:
    """This process: its name, and the scope in which its lock is valid; None without locks."""

    name: str
    lock_scope: str | None


@contextlib.contextmanager
def working(sweep: Path) -> Iterator[Worker]:
    """This process as a worker of the sweep in a folder, with its file locked during the context. Raises Problem."""
    folder = refuse_links(sweep, sweep / _FOLDER)
    make_folder(folder)
    try:
        path, handle = _new_file(folder)
    except OSError as error:
        raise unwritten(folder, error) from error
    try:
        yield Worker(path.stem, _lock_scope(sweep) if _locked(handle) else None)
    finally:
        # removed first: a file that is there and not locked belongs to a worker that was killed
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(handle)


def was_killed(sweep: Path, claim: Claim) -> bool | None:
    """Whether the worker of a claim is gone; None if only its heartbeats can show it."""
    if claim.lock_scope is None or claim.lock_scope != _lock_scope(sweep):
        return None
    try:
        handle = os.open(sweep / _FOLDER / f"{claim.worker}.lock", os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return True
    except OSError:
        return None
    try:
        return _locked(handle)
    finally:
        os.close(handle)


def forget(sweep: Path, claim: Claim) -> None:
    """Remove the file of a worker that was killed; that of a running worker is kept."""
    if was_killed(sweep, claim):
        with contextlib.suppress(OSError):
            (sweep / _FOLDER / f"{claim.worker}.lock").unlink()


class Silence:
    """Notices workers of other machines that are gone, if `over` is called repeatedly; `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[int, tuple[int, float]] = {}

    def over(self, running: Iterable[Attempt]) -> list[Attempt]:
        """The running attempts for which no new heartbeat was seen for SILENT_SECONDS."""
        now, before = self._clock(), self._seen
        self._seen = {}
        found = []
        for attempt in running:
            send, since = before.get(attempt.id, (attempt.beat.count, now))
            since = since if send == attempt.beat.count else now
            self._seen[attempt.id] = (attempt.beat.count, since)
            if now - since >= SILENT_SECONDS:
                found.append(attempt)
        return found


@contextlib.contextmanager
def heartbeats(send: Callable[[int], None]) -> Iterator[None]:
    """Call `send` with 1, 2, … every BEAT_SECONDS during the context, in a thread. The thread ends when the attempt is
    lost. A storage that does not answer is reported by the training, at the end of its epoch.
    """
    done = threading.Event()

    def send_heartbeats() -> None:
        count = 0
        while not done.wait(BEAT_SECONDS):
            count += 1
            with contextlib.suppress(Problem):
                try:
                    send(count)
                except AttemptLost:
                    return

    thread = threading.Thread(target=send_heartbeats, daemon=True, name="heartbeats of a sweep")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _new_file(folder: Path) -> tuple[Path, int]:
    name = f"{socket.gethostname().partition('.')[0] or 'worker'}-{os.getpid()}"
    for number in range(1, 1000):
        path = folder / f"{name}{f'-{number}' * (number > 1)}.lock"
        with contextlib.suppress(FileExistsError):
            return path, os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR)
    raise FileExistsError(f"{folder}: too many workers have this name")


def _locked(handle: int) -> bool:
    """Lock an open file; False if another process has locked it, or if the file system has no locks."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lock_scope(sweep: Path) -> str:
    """The same text for all processes of this machine that see the same folder, and for no other."""
    try:
        machine = _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        machine = f"{uuid.getnode():x}"
    about = sweep.stat()
    return f"{machine}:{about.st_dev}:{about.st_ino}"
