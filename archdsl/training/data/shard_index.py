"""The samples in a tar shard, in webdataset's layout: files whose names agree up to the first dot.

An image is a `.jpg`, `.jpeg`, `.png` or another format that Pillow reads; its class is in a `.cls` file, a number or a
name, or in a `.json` file under `label`, `cls` or `class`. Other files are ignored.
"""

import hashlib
import json
import os
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors.data_errors import BadImages
from ..errors.disk_errors import CannotWrite, DiskFull, SymbolicLinkRefused
from ..safe_files import make_folder, write_atomically
from .decoding import EXTENSIONS
from .image_files import printable
from .stored_files import StoredFile, tar_files
from .stream.encoded import NameList

_CLASS, _JSON = ".cls", ".json"
_JSON_KEYS = ("label", "cls", "class")
_LARGEST_CLASS, _LARGEST_JSON = 4096, 1 << 20
"""Largest sizes in bytes of the files with classes."""
_SUGGESTION = "each sample needs an image and its class, such as 0001.jpg and 0001.cls"


class ShardIndex(NamedTuple):
    """The samples of a shard: the names of the images, their positions in the shard, and the classes as text."""

    names: NameList
    offset: NDArray[np.int64]
    size: NDArray[np.int64]
    classes: NameList


class _Sample(NamedTuple):
    image: StoredFile | None = None
    number: StoredFile | None = None
    table: StoredFile | None = None


def shard_index(shard: Path, cache: Path | None) -> ShardIndex:
    """The samples of a shard, in the shard's order; from the cache if the shard has not changed. Raises DataCorrupt or
    BadImages.

    `cache` is the folder of indices, if there is one.
    """
    state = shard.stat()
    about = f"2 {shard.resolve()}\0{state.st_size}\0{state.st_mtime_ns}"
    path = cache / f"{hashlib.sha256(os.fsencode(about)).hexdigest()[:32]}.npz" if cache is not None else None
    kept = _read(path, state.st_size) if path is not None else None
    if kept is not None:
        return kept
    found = _found(shard)
    if path is not None:
        with suppress(OSError, CannotWrite, DiskFull, SymbolicLinkRefused):  # it is made again in that case
            make_folder(path.parent)
            write_atomically(path, lambda temporary: _write(temporary, found))
    return found


def _found(shard: Path) -> ShardIndex:
    samples: dict[str, _Sample] = {}
    for file in tar_files(shard):
        folder, _, name = file.name.rpartition("/")
        stem, dot, extension = name.partition(".")
        kind = dot + extension.lower()
        key = f"{folder}/{stem}"
        field = "image" if kind in EXTENSIONS else {_CLASS: "number", _JSON: "table"}.get(kind)
        if not stem or field is None:  # a hidden file, or one of another kind
            continue
        sample = samples.get(key, _Sample())
        if getattr(sample, field) is not None:
            other = getattr(sample, field).name
            why = f"the sample {printable(key.lstrip('/'))} has {printable(other)} and {printable(file.name)}"
            raise BadImages(shard, why, _SUGGESTION)
        samples[key] = sample._replace(**{field: file})
    names, places, classes = [], [], []
    for key, sample in samples.items():
        if sample.image is None and sample.number is None:
            continue  # metadata of something else
        if sample.image is None or sample.image.size is None:
            raise BadImages(shard, f"the sample {printable(key.lstrip('/'))} has no image", _SUGGESTION)
        names.append(sample.image.name)
        places.append((sample.image.offset, sample.image.size))
        classes.append(_class_of(shard, sample, sample.image))
    where = np.array(places, np.int64).reshape(-1, 2)
    return ShardIndex(NameList.of(names), where[:, 0].copy(), where[:, 1].copy(), NameList.of(classes))


def _class_of(shard: Path, sample: _Sample, image: StoredFile) -> str:
    """The class of a sample as text. Raises BadImages."""
    file = sample.number or sample.table
    if file is None:
        raise BadImages(shard, f"{printable(image.name)} has no class", _SUGGESTION)
    try:
        content = file.content(_LARGEST_CLASS if file is sample.number else _LARGEST_JSON)
        text = content.decode("utf-8-sig").strip()
        found = text if file is sample.number else _of_json(text)
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadImages(shard, f"cannot read {printable(file.name)} ({why})", _SUGGESTION) from error
    if not found or not found.isprintable():
        raise BadImages(shard, f"{printable(file.name)} has no class: a number or a name on one line", _SUGGESTION)
    return found


def _of_json(text: str) -> str:
    """The class in a JSON object. Raises ValueError."""
    values = json.loads(text)
    if isinstance(values, dict):
        for key in _JSON_KEYS:
            if isinstance(values.get(key), str | int) and not isinstance(values[key], bool):
                return str(values[key]).strip()
    raise ValueError("it has no `label` that is a number or a name")


def _write(path: Path, index: ShardIndex) -> None:
    arrays = {
        "names": np.frombuffer(index.names.content, np.uint8), "ends": index.names.last,
        "offset": index.offset, "size": index.size,
        "classes": np.frombuffer(index.classes.content, np.uint8), "class_ends": index.classes.last,
    }  # fmt: skip
    with path.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]  # numpy's stub allows one keyword of another type


def _read(path: Path, largest: int) -> ShardIndex | None:
    """The index; None if the file has no usable index for a shard of this size."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
            names, classes = _list(found["names"], found["ends"]), _list(found["classes"], found["class_ends"])
            offset, size = found["offset"], found["size"]
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
    if names is None or classes is None or offset.dtype != np.int64 or size.dtype != np.int64:
        return None
    if offset.shape != (len(names),) or size.shape != (len(names),) or len(classes) != len(names):
        return None
    inside = bool(((offset >= 0) & (size >= 0) & (size <= largest) & (offset <= largest - size)).all())
    return ShardIndex(names, offset, size, classes) if inside else None


def _list(content: NDArray[np.uint8], ends: NDArray[np.int64]) -> NameList | None:
    if content.dtype != np.uint8 or ends.dtype != np.int64 or content.ndim != 1 or ends.ndim != 1:
        return None
    first = np.concatenate([np.zeros(1, np.int64), ends[:-1]])[: len(ends)]
    if len(ends) and not ((first <= ends).all() and first[0] == 0 and ends[-1] == len(content)):
        return None
    return NameList(content.tobytes(), first, ends)
