"""Locks the folder of a run or sweep for the process that writes to it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors.run_errors import CannotResume

try:
    import fcntl
except ImportError:  # Windows has no locks on folders
    fcntl = None  # type: ignore[assignment]  # marks the missing module


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Lock a folder while the context is active. Raises CannotResume if another process has locked it.

    The system releases the lock when the process ends, for whatever reason. Systems without such locks (Windows, some
    network file systems) do not lock anything.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            why = "another process is using it"
            raise CannotResume(folder, why, "wait until it finishes, or stop it") from error
        except OSError:
            pass
        yield
    finally:
        os.close(handle)
