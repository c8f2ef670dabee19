"""MATLAB files of version 5, limited to arrays of numbers: nothing in them is run, and no declared size is trusted.

Source: MathWorks, "MAT-File Format" (level 5): a header of 128 bytes, then elements with a type, a size and their
bytes, padded to 8; an element of type 15 is another one compressed with zlib; a matrix (14) consists of elements for
its flags, sizes, name and values. Values of at most 4 bytes are stored in the second half of their tag.
"""

import struct
import zlib
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors.data_errors import DataCorrupt

_HEAD = 128
_MATRIX, _COMPRESSED = 14, 15
_KINDS = {1: "i1", 2: "u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 9: "<f8"}
"""The numeric types by their code in a tag."""
_MOST_DIMENSIONS = 32


class _Element(NamedTuple):
    kind: int
    content: memoryview


class _Bad(ValueError):
    """Not in this format."""


def read_mat(path: Path, names: tuple[str, ...], largest: int) -> dict[str, NDArray[Any]]:
    """The arrays with these names, in MATLAB's memory order: the first index varies fastest.

    Raises DataCorrupt for another format, for a missing name, and for an array of more than `largest` bytes.
    """
    content = memoryview(path.read_bytes())
    found: dict[str, NDArray[Any]] = {}
    try:
        if len(content) < _HEAD or bytes(content[124:128]) != b"\x00\x01IM":
            raise _Bad("not a little-endian MAT file of version 5")
        for element in _elements(content[_HEAD:]):
            if element.kind == _COMPRESSED:
                (element,) = _elements(memoryview(_unpacked(element.content, largest)))
            if element.kind == _MATRIX:
                name, array = _matrix(element.content, names)
                if array is not None:
                    found[name] = array
    except (_Bad, zlib.error, struct.error, ValueError) as error:
        raise DataCorrupt(path, f"corrupt MAT file ({error})") from error
    if missing := [name for name in names if name not in found]:
        raise DataCorrupt(path, f"it has no array {', '.join(missing)}")
    return found


def _elements(content: memoryview) -> Iterator[_Element]:
    """The elements, stored one after the other."""
    at = 0
    while at < len(content):
        kind, size = struct.unpack_from("<II", content, at)
        start, step = at + 8, size
        if kind >> 16:  # a small one: its size in the upper half, its bytes in the tag
            kind, size, start, step = kind & 0xFFFF, kind >> 16, at + 4, 0
        elif kind != _COMPRESSED:
            step = -(-size // 8) * 8
        if start + size > len(content):
            raise _Bad(f"an element of {size:,} bytes exceeds the file")
        yield _Element(kind, content[start : start + size])
        at += 8 + step


def _unpacked(content: memoryview, largest: int) -> bytes:
    unpacker = zlib.decompressobj()
    made = unpacker.decompress(content, largest + 4096)  # the array, and its tags
    if not unpacker.eof:
        raise _Bad(f"truncated, or larger than {largest:,} bytes")
    return made


def _matrix(content: memoryview, names: tuple[str, ...]) -> tuple[str, NDArray[Any] | None]:
    """Name and array; None for an array that was not requested."""
    parts = tuple(_elements(content))
    if len(parts) < 4:
        return "", None
    _flags, dimensions, title, values = parts[:4]  # flags give the type in MATLAB, not the type in the file
    name = bytes(title.content).decode("ascii", "replace")
    if name not in names:
        return name, None
    sizes = np.frombuffer(dimensions.content, "<i4").tolist()
    if len(sizes) > _MOST_DIMENSIONS:  # computing the product of very many takes minutes
        raise _Bad(f"`{name}` declares {len(sizes):,} dimensions")
    if values.kind not in _KINDS:
        raise _Bad(f"`{name}` is not an array of numbers")
    array = np.frombuffer(values.content, _KINDS[values.kind])
    if min(sizes, default=0) < 0 or prod(sizes) != len(array):
        raise _Bad(f"`{name}` declares {prod(sizes):,} values, but has {len(array):,}")
    return name, array.reshape(sizes, order="F")
