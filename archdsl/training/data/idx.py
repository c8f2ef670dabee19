"""The IDX format of MNIST and similar data sets: an array of bytes after big-endian sizes, often compressed with gzip.

Source: the description on MNIST's page: two zero bytes, the type (8 means unsigned byte), the number of dimensions,
each size in four bytes, and the values.
"""

import gzip
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ..errors.data_errors import DataCorrupt

_UBYTE = 8
_LARGEST = 1 << 30
"""Largest array in bytes, about twenty times MNIST's: memory of the declared size is allocated before reading."""


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of bytes in an IDX file, decompressed if its name ends in .gz. Raises DataCorrupt."""
    try:
        with _open(path) as stream:
            return _read(stream, path, dimensions)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataCorrupt(path, f"corrupt gzip file ({error})") from error


def _open(path: Path) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _read(stream: IO[bytes] | gzip.GzipFile, path: Path, dimensions: int) -> NDArray[np.uint8]:
    head = stream.read(4 + 4 * dimensions)
    if len(head) < 4 + 4 * dimensions or head[:4] != bytes((0, 0, _UBYTE, dimensions)):
        raise DataCorrupt(path, f"not an IDX file of bytes with {counted(dimensions, 'dimension')}")
    sizes = struct.unpack(f">{dimensions}I", head[4:])
    count = int(np.prod(sizes, dtype=object))
    if count > _LARGEST:
        raise DataCorrupt(path, f"its header declares {counted(count, 'value')}; the limit is {_LARGEST:,}")
    values = stream.read(count + 1)  # one more than there should be, so that decompression is bounded
    if len(values) != count:
        more = "more" if len(values) > count else f"{len(values):,}"
        raise DataCorrupt(path, f"its header declares {counted(count, 'value')}, but it has {more}")
    return np.frombuffer(bytearray(values), np.uint8).reshape(sizes)  # a copy, which is writable
