"""MAT files as MATLAB writes them."""

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = {"int8": 1, "uint8": 2, "int16": 3, "uint16": 4, "int32": 5, "uint32": 6, "float64": 9}
_STRUCT, _CHARACTERS, _DOUBLE = 2, 4, 6


def element(kind: int, content: bytes) -> bytes:
    """An element: small ones inside their tag."""
    if len(content) <= 4:
        return struct.pack("<HH4s", kind, len(content), content)
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def matrix(name: str, array: NDArray[Any], sizes: tuple[int, ...] | None = None) -> bytes:
    return _matrix(_DOUBLE, name, sizes or array.shape, element(TYPES[array.dtype.name], array.tobytes(order="F")))


def _matrix(kind: int, name: str, sizes: tuple[int, ...], content: bytes) -> bytes:
    head = element(6, struct.pack("<II", kind, 0)) + element(5, np.array(sizes, "<i4").tobytes())
    return element(14, head + element(1, name.encode()) + content)


def text(content: str) -> bytes:
    """A row of characters, in 16 bits each."""
    return _matrix(_CHARACTERS, "", (1, len(content)), element(4, content.encode("utf-16-le")))


def structs(name: str, rows: list[dict[str, bytes]]) -> bytes:
    """A column of structs, whose fields are matrices."""
    length = 32
    names = b"".join(field.encode().ljust(length, b"\0") for field in rows[0])
    fields = b"".join(value for row in rows for value in row.values())
    content = element(5, struct.pack("<i", length)) + element(1, names) + fields
    return _matrix(_STRUCT, name, (len(rows), 1), content)


def packed(content: bytes) -> bytes:
    small = zlib.compress(content)
    return struct.pack("<II", 15, len(small)) + small  # the only element that is not padded


def mat(*elements: bytes) -> bytes:
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + b"".join(elements)
