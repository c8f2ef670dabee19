"""Decoded images kept on disk, so that the second run starts at once."""

import contextlib
from pathlib import Path

import numpy as np

from ..atomic import write_atomically
from ..errors import DiskFull
from .model import Pixels


def read_kept(path: Path, shape: tuple[int, ...]) -> Pixels | None:
    """The array, or None where there is none that can be used."""
    try:
        images = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return images if images.dtype == np.uint8 and images.shape == shape else None


def write_kept(path: Path, images: Pixels) -> None:
    """Keep the array; a disk without room for it is no reason to stop."""
    with contextlib.suppress(OSError, DiskFull):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda beside: _save(beside, images))


def _save(path: Path, images: Pixels) -> None:
    with path.open("wb") as stream:  # given a name, numpy would put .npy behind it
        np.save(stream, images, allow_pickle=False)
