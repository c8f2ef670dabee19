"""Many pictures decoded by as many threads as there are cores, with progress, until a stop."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from .decoded_cache import Flags, Note
from .images import Download

_AHEAD = 16
"""Pictures for each thread that wait: few, so that a stop does not have to wait for them."""


def decode_all(
    indices: Iterable[int], one: Callable[[int], str | None], done: Flags, note: Note, progress: Download
) -> list[str]:
    """Call `one` for each index; set the flags of those that went well, return the words on those that did not.

    Pillow lets go of the interpreter's lock. Where Ctrl-C, or an error, ends it, nothing new is begun and what is under
    way is waited for: each flag is of a picture that is whole.
    """
    cores = os.cpu_count() or 1
    pool = ThreadPoolExecutor(cores)
    waiting: dict[Future[str | None], int] = {}
    bad: list[str] = []

    def collect(finished: Iterable[Future[str | None]]) -> None:
        for future in finished:
            index, why = waiting.pop(future), future.result()
            done[index] = why is None
            bad.extend([why] if why else [])
            progress.advance(1)
        note()

    try:
        for index in indices:
            waiting[pool.submit(one, index)] = index
            if len(waiting) >= _AHEAD * cores:
                collect(wait(waiting, return_when=FIRST_COMPLETED)[0])
        collect(wait(waiting)[0])
    finally:
        pool.shutdown(cancel_futures=True)
        for future, index in waiting.items():  # what a stop left
            done[index] = not future.cancelled() and future.exception() is None and future.result() is None
    return bad
