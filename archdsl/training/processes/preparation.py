"""Waits for the processes that prepare the data as long as they are running.

A collective operation fails after the timeout of the process group, and downloading and decoding may take longer.
Meanwhile the processes communicate through the store of the rendezvous alone: each preparing process increments a
counter there, and the others check that it still does.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from ..errors.process_errors import PeerLost

_BEAT_SECONDS = 5.0
_SILENT_SECONDS = 600.0
"""Time without a heartbeat after which a process is considered lost; decoding may hold Python's lock for a while."""


class Store(Protocol):
    """The operations of torch's stores that are used here."""

    def add(self, key: str, amount: int) -> int:
        """Add to a counter that starts at 0, and return its new value."""


@contextmanager
def preparing(store: Store, name: str) -> Iterator[None]:
    """Shows the other processes that this one is preparing the data, and then that it is ready."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(_BEAT_SECONDS):
            with suppress(RuntimeError):  # the process that hosts the store has ended: the next collective reports it
                store.add(f"{name} alive", 1)

    thread = threading.Thread(target=beat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        store.add(f"{name} ready", 1)


def wait_for(
    store: Store,
    names: list[str],
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait until the processes with these names are ready. Raises PeerLost if one sends no heartbeat for too long."""
    for name in names:
        seen, since = -1, clock()
        while _read(store, f"{name} ready") == 0:
            alive = _read(store, f"{name} alive")
            if alive != seen:
                seen, since = alive, clock()
            elif clock() - since > _SILENT_SECONDS:
                raise PeerLost(f"it has not prepared the data, and has sent no heartbeat for {_SILENT_SECONDS:.0f} s")
            sleep(min(_BEAT_SECONDS, 0.5))


def _read(store: Store, key: str) -> int:
    try:
        return store.add(key, 0)
    except RuntimeError as error:
        raise PeerLost("the process that hosts the rendezvous has ended") from error
