"""Limits on time and memory around a call, so that a hang or excessive memory use is a finding."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

if os.name == "posix":
    import resource

SECONDS = 10.0
"""CPU seconds."""
BYTES = 1 << 30
"""Bytes of address space, in addition to what the process has."""


class TooLong(BaseException):
    """The CPU time is used up. Not an `Exception`, so that no command can catch it."""


@contextmanager
def limited(seconds: float = SECONDS, bytes_: int = BYTES) -> Iterator[None]:
    """Raise TooLong after this much CPU time, and MemoryError (or what a library makes of it) beyond these bytes.

    A C loop that never returns to Python ends the process after three times as long, by SIGXCPU.
    """
    with _memory(bytes_), _time(seconds):
        yield


@contextmanager
def _time(seconds: float) -> Iterator[None]:
    if os.name != "posix":  # Windows has no such limits, and the properties hold there, too
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        # Repeated a little later: a destructor or a comparison may swallow the first one.
        signal.setitimer(signal.ITIMER_PROF, 0.5)
        raise TooLong(f"over {seconds:g} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (_within(used.ru_utime + used.ru_stime + 3 * seconds + 1, hard), hard))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


@contextmanager
def _memory(bytes_: int) -> Iterator[None]:
    if not sys.platform.startswith("linux"):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_within(_address_space() + bytes_, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _within(wanted: float, hard: int) -> int:
    return int(wanted) if hard == resource.RLIM_INFINITY else min(int(wanted), hard)
