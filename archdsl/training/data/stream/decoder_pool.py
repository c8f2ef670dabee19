"""The processes that decode images, and the batches that come from them in order.

A batch is decoded in parts, by whichever process is free, into a ring of batches in shared memory. The ring bounds the
memory and how far decoding runs ahead. The random numbers of an image depend on the run's seed, the epoch and the image
alone, so the result does not depend on the number of processes.
"""

import contextlib
import mmap
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import IO, final

import numpy as np

from ...errors.data_errors import DecoderEnded, UndecodableImage
from ..arrays import Pixels
from .encoded import EncodedImages, Indices
from .transform import Transform
from .worker import START, DecodeAnswer, DecodeFailure, DecodeTask, NewImageView, SharedMemory, decode_into, open_memory

_RING_BYTES = 96 << 20
"""Size of the ring of batches, if at least two fit."""
_MOST_AHEAD = 16
"""Largest number of batches that are decoded ahead."""
_LARGEST_TASK = 16
_QUEUED_PER_PROCESS = 4
"""Number of tasks that a process has at a time: while it answers one, the next ones are already there."""


PixelBatches = Generator[Pixels, None, None]
"""Batches, uint8 of N×H×W×C, each valid until the next one is taken; `close` ends the decoding of the rest."""


@dataclass(frozen=True)
class BatchPlan:
    """The batches of an iteration: indices of images, and random seeds for each image."""

    batches: Sequence[Indices]
    seeds: Sequence[Sequence[tuple[int, ...]]]

    @classmethod
    def plain(cls, batches: Sequence[Indices]) -> "BatchPlan":
        """A plan without random numbers."""
        return cls(batches, [[()] * len(batch) for batch in batches])


@dataclass(frozen=True)
class ImageView:
    """Images with their transform."""

    images: EncodedImages
    transform: Transform


@dataclass
class _DecoderProcess:
    """A process, and the number of tasks that it has."""

    process: "subprocess.Popen[bytes]"
    messages: IO[bytes]
    tasks: int = 0
    ended: bool = False


@dataclass
class _Progress:
    """What the threads that read answers share with the thread that takes batches, under `changed`."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    processes: list[_DecoderProcess] = field(default_factory=list)
    waiting: list[DecodeTask] = field(default_factory=list)
    """Tasks in reverse order: the next one is the last."""
    batch_of: dict[int, int] = field(default_factory=dict)
    """The batch of each task that is not done."""
    missing: dict[int, int] = field(default_factory=dict)
    """The number of tasks of each batch that are not done."""
    failures: dict[int, list[DecodeFailure]] = field(default_factory=dict)
    last: int = 0
    """Tasks of batches below this one may start: the ring has room for them."""
    file: int | None = None
    """The file of the shared memory, except on Windows."""

    def dispatch(self) -> None:
        """Give tasks to processes that have few. The caller holds the lock."""
        while self.waiting and self.batch_of[self.waiting[-1].number] < self.last:
            alive = [each for each in self.processes if not each.ended]
            free = min(alive, key=lambda each: each.tasks, default=None)
            if free is None or free.tasks >= _QUEUED_PER_PROCESS:
                return
            send(free, self.waiting.pop())
            free.tasks += 1

    def done(self, answer: DecodeAnswer) -> None:
        """Note that a task is done. The caller holds the lock."""
        batch = self.batch_of.pop(answer.number, None)
        if batch is None:  # its iteration ended because another process did
            return
        self.missing[batch] -= 1
        self.failures.setdefault(batch, []).extend(answer.failures)


def send(to: _DecoderProcess, message: object) -> None:
    """Send a message; a process that has ended is noticed by the thread that reads its answers."""
    with contextlib.suppress(OSError, ValueError):
        pickle.dump(message, to.messages)
        to.messages.flush()


@final
class DecoderPool:
    """Processes that decode images, started when they are needed. With 0 workers, the caller decodes."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._progress = _Progress()
        self._views: list[ImageView] = []
        self._memory: mmap.mmap | None = None
        self._tasks = 0
        self._busy = False
        self._end = weakref.finalize(self, _end, self._progress)

    @property
    def processes(self) -> "tuple[subprocess.Popen[bytes], ...]":
        """The processes that are running."""
        return tuple(each.process for each in self._progress.processes)

    def close(self) -> None:
        """End the processes. They are started again if they are needed."""
        self._end()
        self._progress = _Progress()
        self._memory = None
        self._end = weakref.finalize(self, _end, self._progress)

    def batches(self, view: ImageView, plan: BatchPlan, failures: list[DecodeFailure] | None = None) -> PixelBatches:
        """The batches of a plan, uint8 of N×H×W×C, each valid until the next one is taken.

        Images that cannot be decoded are added to `failures`, if it is given, and their pixels are then undefined.
        Raises UndecodableImage or DecoderEnded.
        """
        assert not self._busy, "one iteration at a time"
        if self.workers == 0:
            yield from _decoded_here(view, plan, failures)
            return
        self._busy = True
        try:
            yield from self._decoded(view, plan, failures)
        finally:
            self._drain()
            self._busy = False

    def _decoded(self, view: ImageView, plan: BatchPlan, failures: list[DecodeFailure] | None) -> PixelBatches:
        size, largest = prod(view.transform.shape), max(map(len, plan.batches), default=0)
        if largest == 0:
            return
        slots = min(max(2, _RING_BYTES // (size * largest)), _MOST_AHEAD, max(2, len(plan.batches)))
        memory = self._ring(slots * largest * size)
        number, progress = self._view(view), self._progress
        with progress.changed:
            self._schedule(plan, number, [index % slots * largest * size for index in range(len(plan.batches))], size)
            progress.last = slots
            progress.dispatch()
        for index, batch in enumerate(plan.batches):
            with progress.changed:
                progress.last = index + slots  # the batch before this one has been used
                progress.dispatch()
                progress.changed.wait_for(lambda at=index: progress.missing[at] == 0 or _ended(progress))  # type: ignore[misc]  # mypy infers no type for a default of a lambda
                _complete(progress, index)
                _refuse(progress.failures.pop(index, []), failures)
            offset = index % slots * largest * size
            yield np.frombuffer(memory, np.uint8, len(batch) * size, offset).reshape(-1, *view.transform.shape)

    def _schedule(self, plan: BatchPlan, view: int, offsets: Sequence[int], size: int) -> None:
        """Split the batches into tasks. The caller holds the lock."""
        progress, tasks = self._progress, []
        progress.missing.clear()
        progress.failures.clear()
        for index, (batch, seeds) in enumerate(zip(plan.batches, plan.seeds, strict=True)):
            each = max(1, min(_LARGEST_TASK, -(-len(batch) // (4 * self.workers))))
            starts = range(0, len(batch), each)
            for start in starts:
                part = zip(batch[start : start + each].tolist(), seeds[start : start + each], strict=True)
                tasks.append(DecodeTask(self._tasks, view, offsets[index] + start * size, tuple(part)))
                progress.batch_of[self._tasks] = index
                self._tasks += 1
            progress.missing[index] = len(starts)
        progress.waiting = tasks[::-1]

    def _drain(self) -> None:
        """Wait for the tasks that processes have already received, after dropping the others: the ring is then free."""
        progress = self._progress
        with progress.changed:
            for task in progress.waiting:
                progress.missing[progress.batch_of.pop(task.number)] -= 1
            progress.waiting = []
            progress.changed.wait_for(lambda: not progress.batch_of or _ended(progress))
            progress.batch_of.clear()

    def _view(self, view: ImageView) -> int:
        """The number of a view, after sending it to the processes."""
        for number, known in enumerate(self._views):
            if known is view:
                return number
        self._views.append(view)
        for process in self._progress.processes:
            send(process, NewImageView(len(self._views) - 1, view.images, view.transform))
        return len(self._views) - 1

    def _ring(self, size: int) -> mmap.mmap:
        """Shared memory of at least this size, and running processes that have it."""
        if self._memory is not None and len(self._memory) >= size:
            return self._memory
        progress = self._progress
        if os.name == "posix" and progress.file is None:
            progress.file = _memory_file()
        if progress.file is not None:
            os.ftruncate(progress.file, size)
        shared = SharedMemory(
            f"archdsl-{os.getpid()}-{id(self)}-{size}" if progress.file is None else progress.file, size
        )
        self._memory = open_memory(shared)
        if not progress.processes:
            self._start()
        for process in progress.processes:
            send(process, shared)
        return self._memory

    def _start(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        inherited = () if self._progress.file is None else (self._progress.file,)
        for _ in range(self.workers):
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", START],  # -P: not the modules in the current folder
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                pass_fds=inherited,
                process_group=0 if os.name == "posix" else None,  # Ctrl-C is for the training process alone
            )
            assert process.stdin is not None
            assert process.stdout is not None
            one = _DecoderProcess(process, process.stdin)
            self._progress.processes.append(one)
            send(one, sys.path)
            for number, view in enumerate(self._views):
                send(one, NewImageView(number, view.images, view.transform))
            threading.Thread(target=_read, args=(self._progress, one, process.stdout), daemon=True).start()


def _memory_file() -> int:
    """A file without a name, in memory if the system supports it."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("archdsl")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _read(progress: _Progress, process: _DecoderProcess, answers: IO[bytes]) -> None:
    """Take the answers of a process until it ends."""
    try:
        while True:
            answer = pickle.load(answers)
            with progress.changed:
                process.tasks -= 1
                progress.done(answer)
                progress.dispatch()
                progress.changed.notify_all()
    except (EOFError, OSError, ValueError, pickle.UnpicklingError):
        with progress.changed:
            process.ended = True
            progress.changed.notify_all()
    finally:
        answers.close()


def _ended(progress: _Progress) -> bool:
    return any(each.ended for each in progress.processes)


def _complete(progress: _Progress, batch: int) -> None:
    """Raise DecoderEnded if a batch cannot be completed."""
    if progress.missing[batch]:
        status = next(each.process.wait() for each in progress.processes if each.ended)
        raise DecoderEnded(status)


def _refuse(found: Sequence[DecodeFailure], failures: list[DecodeFailure] | None) -> None:
    """Raise UndecodableImage if images could not be decoded, or add them to `failures`."""
    if failures is not None:
        failures.extend(found)
    elif found:
        raise UndecodableImage(tuple(sorted((each.name, each.why) for each in found)))


def _decoded_here(view: ImageView, plan: BatchPlan, failures: list[DecodeFailure] | None) -> PixelBatches:
    size = prod(view.transform.shape)
    try:
        for batch, seeds in zip(plan.batches, plan.seeds, strict=True):
            memory = np.empty(len(batch) * size, np.uint8)
            task = DecodeTask(0, 0, 0, tuple(zip(batch.tolist(), seeds, strict=True)))
            _refuse(decode_into(memory, task, view.images, view.transform), failures)
            yield memory.reshape(-1, *view.transform.shape)
    finally:
        view.images.close()


def _end(progress: _Progress) -> None:
    """Close the pipes of the processes, which then end, and wait for them."""
    for each in progress.processes:
        with contextlib.suppress(OSError, ValueError):
            each.messages.close()
    for each in progress.processes:
        each.process.wait()
    if progress.file is not None:
        os.close(progress.file)
        progress.file = None
