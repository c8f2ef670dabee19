"""MATLAB files of version 5, limited to arrays of numbers, and to structs of numbers and strings: nothing in them is
run, and no declared size is trusted.

Source: MathWorks, "MAT-File Format" (level 5): a header of 128 bytes, then elements with a type, a size and their
bytes, padded to 8; an element of type 15 is another one compressed with zlib; a matrix (14) consists of elements for
its flags, sizes, name and values. Values of at most 4 bytes are stored in the second half of their tag. A struct
has, after its name, the length and the names of its fields, and for each struct a matrix for each field.
"""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ..errors.data_errors import DataCorrupt

_HEAD = 128
_MATRIX, _COMPRESSED = 14, 15
_KINDS = {
    1: "i1", 2: "u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 7: "<f4", 9: "<f8", 12: "<i8", 13: "<u8",
}  # fmt: skip
"""The numeric types by their code in a tag."""
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16-le", 16: "utf-8", 17: "utf-16-le"}
"""The encodings of texts by the code in a tag."""
_STRUCT, _CHARACTERS = bytes((2,)), bytes((4,))
"""The types in MATLAB, in the first byte of the flags."""
_MOST_DIMENSIONS = 32


class _Element(NamedTuple):
    kind: int
    content: memoryview


class _Bad(ValueError):
    """Content that is not in this format."""


def read_mat(path: Path, names: tuple[str, ...], largest: int) -> dict[str, NDArray[Any]]:
    """The arrays with these names, in MATLAB's memory order: the first index varies fastest.

    Raises DataCorrupt for another format, for a missing name, and for an array of more than `largest` bytes.
    """
    found: dict[str, NDArray[Any]] = {}
    with _reported(path):
        for matrix in _matrices(memoryview(path.read_bytes()), largest):
            name, array = _array(matrix, names)
            if array is not None:
                found[name] = array
    if missing := [name for name in names if name not in found]:
        raise DataCorrupt(path, f"it has no array {', '.join(missing)}")
    return found


def read_structs(
    content: bytes, path: Path, name: str, fields: tuple[str, ...], largest: int
) -> list[dict[str, int | str]]:
    """The structs in the array with this name: these fields of each, integers or strings.

    `content` is that of the file at `path`. Raises DataCorrupt, including for an array of more than `largest` bytes.
    """
    with _reported(path):
        for matrix in _matrices(memoryview(content), largest):
            if _name_of(matrix) == name:
                return list(_structs(matrix, name, fields))
        raise _Bad(f"it has no array {name}")


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Raise this module's errors, and those of damaged files, as DataCorrupt."""
    try:
        yield
    except (_Bad, zlib.error, struct.error, ValueError) as error:
        raise DataCorrupt(path, f"corrupt MAT file ({error})") from error


def _matrices(content: memoryview, largest: int) -> Iterator[memoryview]:
    """The contents of the matrices in a file, unpacked. Raises _Bad."""
    if len(content) < _HEAD or bytes(content[124:128]) != b"\x00\x01IM":
        raise _Bad("not a little-endian MAT file of version 5")
    for element in _elements(content[_HEAD:]):
        if element.kind == _COMPRESSED:
            (element,) = _elements(memoryview(_unpacked(element.content, largest)))
        if element.kind == _MATRIX:
            yield element.content


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
            raise _Bad(f"an element of {counted(size, 'byte')} exceeds the file")
        yield _Element(kind, content[start : start + size])
        at += 8 + step


def _unpacked(content: memoryview, largest: int) -> bytes:
    unpacker = zlib.decompressobj()
    made = unpacker.decompress(content, largest + 4096)  # room for the array and its tags
    if not unpacker.eof:
        raise _Bad(f"truncated, or larger than {counted(largest, 'byte')}")
    return made


def _array(matrix: memoryview, names: tuple[str, ...]) -> tuple[str, NDArray[Any] | None]:
    """Name and array; None for an array that was not requested."""
    parts = tuple(_elements(matrix))
    if len(parts) < 4:
        return "", None
    _flags, dimensions, title, values = parts[:4]  # flags give the type in MATLAB, not the type in the file
    name = _ascii(title.content)
    if name not in names:
        return name, None
    sizes = _sizes(dimensions, name)
    if values.kind not in _KINDS:
        raise _Bad(f"`{name}` is not an array of numbers")
    array = np.frombuffer(values.content, _KINDS[values.kind])
    if min(sizes, default=0) < 0 or prod(sizes) != len(array):
        raise _Bad(f"`{name}` declares {counted(prod(sizes), 'value')}, but has {len(array):,}")
    return name, array.reshape(sizes, order="F")


def _sizes(dimensions: _Element, name: str) -> list[int]:
    sizes: list[int] = np.frombuffer(dimensions.content, "<i4").tolist()
    if len(sizes) > _MOST_DIMENSIONS:  # computing the product of very many sizes takes minutes
        raise _Bad(f"`{name}` declares {counted(len(sizes), 'dimension')}")
    return sizes


def _name_of(matrix: memoryview) -> str:
    parts = tuple(islice(_elements(matrix), 3))
    return _ascii(parts[2].content) if len(parts) == 3 else ""


def _ascii(content: memoryview) -> str:
    return bytes(content).decode("ascii", "replace")


def _structs(matrix: memoryview, name: str, fields: tuple[str, ...]) -> Iterator[dict[str, int | str]]:
    """The structs of an array, in MATLAB's order."""
    elements = _elements(matrix)
    head = tuple(islice(elements, 5))
    if len(head) < 5 or head[0].content[:1] != _STRUCT or len(head[3].content) != 4:
        raise _Bad(f"`{name}` is not an array of structs")
    length, names = int.from_bytes(head[3].content, "little", signed=True), bytes(head[4].content)
    if length <= 0 or len(names) % length:
        raise _Bad(f"`{name}` has no names of fields")
    known = [names[at : at + length].split(b"\0")[0].decode("ascii", "replace") for at in range(0, len(names), length)]
    if missing := [field for field in fields if field not in known]:
        raise _Bad(f"the structs of `{name}` have no field `{missing[0]}`")
    count, rest = prod(_sizes(head[1], name)), list(elements)
    if count < 0 or count * len(known) != len(rest):
        raise _Bad(f"`{name}` declares {count:,} structs, but has {len(rest):,} fields")
    for at in range(0, len(rest), len(known)):
        row = dict(zip(known, rest[at : at + len(known)], strict=True))
        yield {field: _value(row[field], field) for field in fields}


def _value(element: _Element, field: str) -> int | str:
    """The integer or the string in a matrix."""
    parts = tuple(_elements(element.content)) if element.kind == _MATRIX else ()
    if len(parts) < 4:
        raise _Bad(f"the field `{field}` is empty")
    values = parts[3]
    if parts[0].content[:1] == _CHARACTERS:
        if values.kind not in _TEXTS:
            raise _Bad(f"the field `{field}` is a string in an unsupported encoding")
        return bytes(values.content).decode(_TEXTS[values.kind], "replace")
    if values.kind not in _KINDS:
        raise _Bad(f"the field `{field}` is neither a number nor a string")
    array = np.frombuffer(values.content, _KINDS[values.kind])
    if len(array) != 1 or not np.isfinite(array[0]) or array[0] != np.rint(array[0]):
        raise _Bad(f"the field `{field}` is not an integer")
    return int(array[0])
