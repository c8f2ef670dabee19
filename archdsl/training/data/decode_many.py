"""Decodes many images with one thread per core, with progress; can be interrupted."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np

from ..errors.data_errors import DecodingStopped
from .decoded_cache import Flags, Note
from .image_files import printable
from .images import Download, Pixels

_QUEUED_PER_THREAD = 16
"""Number of images queued per thread: few, so that an interruption need not wait for them."""


def decode_all(
    indices: Iterable[int], one: Callable[[int], str | None], done: Flags, note: Note, progress: Download
) -> list[str]:
    """Call `one` for each index; set the flags of those that succeeded, and return the error messages of the others.

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
            if len(waiting) >= _QUEUED_PER_THREAD * cores:
                collect(wait(waiting, return_when=FIRST_COMPLETED)[0])
        collect(wait(waiting)[0])
    finally:
        pool.shutdown(cancel_futures=True)
        for future, index in waiting.items():  # not decoded because of the interruption
            done[index] = not future.cancelled() and future.exception() is None and future.result() is None
    return bad


def decode_files(
    folder: Path,
    paths: Sequence[Path],
    decoded: Callable[[int], Pixels],
    into: Pixels,
    done: Flags,
    note: Note,
    progress: Download,
) -> list[str]:
    """Decode the files in `folder` that are not done yet; return the name and the reason of each unreadable one.

    `decoded` returns the array of a file by its index. Raises DecodingStopped after Ctrl-C.
    """

    def one(index: int) -> str | None:
        try:
            into[index] = decoded(index)
        except OSError as error:
            return printable(f"{paths[index].relative_to(folder).as_posix()} ({error.strerror or error})")
        return None

    name = folder.resolve().name
    missing = np.flatnonzero(~done).tolist()
    progress.start_decoding(name, len(missing))
    try:
        return decode_all(missing, one, done, note, progress)
    except KeyboardInterrupt as error:
        raise DecodingStopped(printable(name), int(done.sum()), len(done)) from error
    finally:
        progress.finish()
