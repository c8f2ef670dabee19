"""Decoded images kept on disk, so that the second run starts at once, and so that they need not fit into memory."""

import contextlib
import os
from collections.abc import Callable
from math import prod
from pathlib import Path

import numpy as np

from ..errors import DiskFull
from ..run_errors import CannotWrite
from ..runs.run_files import write_atomically
from .images import Pixels

MAPPED = 2 << 30
"""Arrays of more bytes stay in their file; the system reads what is asked for, and keeps as much as there is room."""


def kept(path: Path, shape: tuple[int, ...], fill: Callable[[Pixels], None]) -> Pixels:
    """The array at `path`, uint8 of this shape; what `fill` writes into it where it is not there yet.

    Raises DiskFull where the disk has no room for an array that is too large for memory, and what `fill` raises.
    """
    found = _read(path, shape)
    if found is not None:
        return found
    if prod(shape) <= MAPPED:
        images = np.empty(shape, np.uint8)
        fill(images)
        with contextlib.suppress(OSError, DiskFull, CannotWrite):  # no room to keep it is no reason to stop
            _write(path, lambda beside: _save(beside, images))
        return images
    try:
        _write(path, lambda beside: _fill_file(beside, shape, fill))
    except DiskFull as error:
        raise DiskFull(path, f"the decoded images take {prod(shape) / 1e9:.1f} GB; ARCHDSL_CACHE moves them") from error
    made = _read(path, shape)
    assert made is not None
    return made


def _read(path: Path, shape: tuple[int, ...]) -> Pixels | None:
    """The array, or None where there is none that can be used."""
    try:
        # mapped "c", copy on write: torch wants memory that may be written, and the file must stay as it is
        images = np.load(path, allow_pickle=False, mmap_mode="c" if prod(shape) > MAPPED else None)
    except (OSError, ValueError, EOFError):
        return None
    return images if images.dtype == np.uint8 and images.shape == shape else None


def _write(path: Path, fill: Callable[[Path], None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, fill)


def _save(path: Path, images: Pixels) -> None:
    with path.open("wb") as stream:  # given a name, numpy would put .npy behind it
        np.save(stream, images, allow_pickle=False)


def _fill_file(path: Path, shape: tuple[int, ...], fill: Callable[[Pixels], None]) -> None:
    with path.open("wb+") as stream:
        np.lib.format.write_array_header_2_0(stream, {"descr": "|u1", "fortran_order": False, "shape": shape})
        start = stream.tell()
        if hasattr(os, "posix_fallocate"):  # a full disk is told here; writing to mapped memory would end the process
            os.posix_fallocate(stream.fileno(), 0, start + prod(shape))
        else:
            stream.truncate(start + prod(shape))
    images = np.memmap(path, np.uint8, "r+", start, shape)
    fill(images)
    images.flush()
