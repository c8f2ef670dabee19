"""Decodes many images with one thread per core, with progress; can be interrupted."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from .decoded_cache import Flags, Note
from .images import Download

_AHEAD = 16
"""Number of images queued per thread: few, so that an interruption need not wait for them."""


def decode_all(
    indices: Iterable[int], one: Callable[[int], str | None], done: Flags, note: Note, progress: Download
) -> list[str]:
    """Call `one` for each index; set the flags of those that succeeded, return the error messages of the others.

    Pillow releases the interpreter lock. After Ctrl-C or an error, no new image is started and those in progress are
    completed: a set flag always means that the image is complete.
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
        for future, index in waiting.items():  # not decoded because of the interruption
            done[index] = not future.cancelled() and future.exception() is None and future.result() is None
    return bad
