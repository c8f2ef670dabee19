"""One process at a time: a run's or a sweep's folder is held by the process that writes into it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors.run_errors import CannotResume

try:
    import fcntl
except ImportError:  # Windows has no locks on folders
    fcntl = None  # type: ignore[assignment]  # there is no other way to say that it is missing


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a folder meanwhile. Raises CannotResume where another process holds it.

    The system lets go of it when the process ends, however that comes about. Where it has no such locks (Windows, some
    network file systems), nothing is held.
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
