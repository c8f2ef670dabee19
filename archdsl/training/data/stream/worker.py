"""A process that decodes images into memory that it shares with the training process. Imports no torch.

The training process starts it with pipes: messages come in on standard input and answers go out on standard output,
both pickled. It ends when its standard input is closed, so it never outlives the training process.
"""

import contextlib
import mmap
import pickle
import signal
import sys
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from .encoded import EncodedImages
from .transform import Transform, transformed

START = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from archdsl.training.data.stream.worker import serve; serve()"
)
"""The program of a worker: its first message is the module search path."""


@dataclass(frozen=True)
class NewImageView:
    """A set of images with a transform, which tasks refer to by number."""

    number: int
    images: EncodedImages
    transform: Transform


class SharedMemory(NamedTuple):
    """The shared memory: a file descriptor that the worker has inherited, or a name on Windows; its size in bytes."""

    file: int | str
    size: int


class DecodeTask(NamedTuple):
    """Decode images of a view into the shared memory, one after the other, starting at this offset.

    A sample is the index of the image and its random seeds.
    """

    number: int
    view: int
    offset: int
    samples: tuple[tuple[int, tuple[int, ...]], ...]


class DecodeFailure(NamedTuple):
    """An image that cannot be decoded, and why."""

    name: str
    why: str


class DecodeAnswer(NamedTuple):
    """The task is done; `failures` are the images that could not be decoded."""

    number: int
    failures: tuple[DecodeFailure, ...]


def decode_into(
    memory: Any, task: DecodeTask, images: EncodedImages, transform: Transform
) -> tuple[DecodeFailure, ...]:
    """Decode the images of a task into the memory, a buffer."""
    size = transform.height * transform.width * transform.channels
    failures = []
    for place, (index, seeds) in enumerate(task.samples):
        target = np.frombuffer(memory, np.uint8, size, task.offset + place * size).reshape(transform.shape)
        try:
            target[...] = transformed(images.read(index), transform, seeds)
        except OSError as error:
            failures.append(DecodeFailure(images.name(index), error.strerror or str(error)))
        except MemoryError:
            failures.append(DecodeFailure(images.name(index), "not enough memory to decode it"))
    return tuple(failures)


def open_memory(memory: SharedMemory) -> mmap.mmap:
    """The shared memory, mapped."""
    if isinstance(memory.file, str):
        return mmap.mmap(-1, memory.size, tagname=memory.file)  # type: ignore[call-arg]  # Windows has names
    return mmap.mmap(memory.file, memory.size)


def serve() -> None:
    """Answer tasks with DecodeAnswer messages until standard input is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the training process, which ends this one
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        _serve(sys.stdin.buffer, answers)


def _serve(messages: BinaryIO, answers: BinaryIO) -> None:
    views: dict[int, NewImageView] = {}
    memory: mmap.mmap | None = None
    while True:
        match pickle.load(messages):
            case NewImageView() as view:
                views[view.number] = view
            case SharedMemory() as shared:
                memory = open_memory(shared)
            case DecodeTask() as task:
                view = views[task.view]
                failures = decode_into(memory, task, view.images, view.transform)
                pickle.dump(DecodeAnswer(task.number, failures), answers)
                answers.flush()
