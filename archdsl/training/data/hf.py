"""`--data hf:OWNER/NAME`: labeled images from the Hugging Face Hub, read from Parquet files."""

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors.data_errors import BadImages, DecodingStopped, HubFailed
from .dataset_spec import HUB_PREFIX, DataSpec, ImageShape
from .decode_many import decode_all
from .decoded_cache import Flags, Note, cached_array
from .decoding import decode
from .hub import HubFile, Listing, Name, fetch_file, list_files, need_packages
from .images import DataSource, Download, ImageSet, Labels, Pixels, Request, Splits, divide

_ROWS = 256


@dataclass(frozen=True)
class Columns:
    """The columns with the images and the classes, and the class names."""

    image: str
    label: str
    classes: tuple[str, ...]


class HubSource(DataSource):
    """A data set on the Hub. Its facts are in its files, so `spec` downloads the first one."""

    def __init__(self, text: str) -> None:
        need_packages()
        self._name = Name.read(text)

    @cached_property
    def _listing(self) -> Listing:
        listing = list_files(self._name)
        if not any(file.split == "train" for file in listing.files):
            raise HubFailed(str(self._name), "it has no training images", "choose another data set")
        return listing

    @cached_property
    def _columns(self) -> Columns:
        first = next(file for file in self._listing.files if file.split == "train")
        path = self._fetch(first)
        with _read(self._name):
            return _columns(self._name, path)

    @property
    def spec(self) -> DataSpec:
        return DataSpec(self._name.repo.rpartition("/")[2], self._columns.classes, None)

    @property
    def origin(self) -> str:
        """Includes the commit, so that a resumed run uses exactly the same files."""
        return f"{HUB_PREFIX}{self._name}@{self._listing.commit}"

    def load(self, request: Request) -> Splits:
        if request.image.channels not in (1, 3):
            raise HubFailed(str(self._name), "images have 1 or 3 channels", "`input 3x…`")
        splits = {file.split for file in self._listing.files}
        validation = self._part("validation", request, 1)[0] if "validation" in splits else None
        test = self._part("test", request, 1)[0] if "test" in splits else None
        train, held_out = self._part("train", request, 1 if validation else request.split)
        if train is None:
            raise HubFailed(str(self._name), "its training images have no classes", "choose another data set")
        note = f"{self.spec.name}: classes from the column `{self._columns.label}`"
        return Splits(train, validation or held_out, test, (note,))

    def _fetch(self, file: HubFile) -> Path:
        return fetch_file(self._name, self._listing.commit, file)

    def _part(self, split: str, request: Request, learn: float) -> tuple[ImageSet | None, ImageSet | None]:
        """The images of a split, in two parts as `hold_out` makes them; None if the labels are hidden, as in some test
        splits.

        The parts are stored one after the other in the file, so neither part of a large set is copied.
        """
        paths = [self._fetch(file) for file in self._listing.files if file.split == split]
        with _read(self._name):
            labels = _labels(paths, self._columns.label)
        if len(labels) == 0 or (labels < 0).all():
            return None, None
        if labels.min() < 0 or labels.max() >= len(self._columns.classes):
            raise HubFailed(str(self._name), f"`{split}` has labels out of range", "choose another data set")
        key = f"1 {request.image} {self._columns.image} {self.origin} {split} {learn}"
        digest = hashlib.sha256(key.encode()).hexdigest()
        path = request.cache / "hub" / f"{digest[:32]}.npy"
        first, second = divide(len(labels), learn)
        order = np.concatenate([first, second])
        keys = [hashlib.sha256(f"{digest} {row}".encode()).hexdigest()[:32] for row in order.tolist()]
        images = cached_array(
            path, (len(labels), *request.shape), keys,
            lambda into, done, note: self._decode(paths, into, np.argsort(order), done, note, request.download),
        )  # fmt: skip
        if images is None:
            raise HubFailed(str(self._name), "not all of its images could be read", "choose another data set")
        count, labels = len(first), labels[order]
        rest = ImageSet(images[count:], labels[count:]) if len(second) else None
        return ImageSet(images[:count], labels[:count]), rest

    def _decode(
        self, paths: list[Path], into: Pixels, places: Labels, done: Flags, note: Note, progress: Download
    ) -> None:
        """Decode all images that are not cached yet, each into its row."""
        shape = ImageShape(*into.shape[1:])
        waiting: dict[int, tuple[int, bytes | None]] = {}

        def missing() -> Iterator[int]:
            row = 0
            for rows in _encoded_images(self._name, paths, self._columns.image):
                for content in rows:
                    place = int(places[row])
                    if not done[place]:
                        waiting[place] = row, content
                        yield place
                    row += 1

        def one(place: int) -> str | None:
            row, content = waiting.pop(place)
            if content is None:
                return f"row {row:,} has no image"
            try:
                into[place] = decode(io.BytesIO(content), shape)
            except OSError as error:
                return f"row {row:,}: {error}"
            return None

        progress.start_decoding(str(self._name), int((~done).sum()))
        try:
            bad = sorted(decode_all(missing(), one, done, note, progress))
        except KeyboardInterrupt as error:
            raise DecodingStopped(str(self._name), int(done.sum()), len(done)) from error
        finally:
            progress.finish()
        if bad:
            why = bad[0] + (f" and {len(bad) - 1:,} more, listed below" if len(bad) > 1 else "")
            more = tuple(bad) if len(bad) > 1 else ()
            raise BadImages(Path(str(self._name)), why, "choose a data set without corrupt images", more)


@contextmanager
def _read(name: Name) -> Iterator[None]:
    """Raise errors in Parquet files or their metadata as HubFailed."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError, OSError) as error:  # pyarrow's errors
        why = f"its Parquet files cannot be read ({str(error).partition(chr(10))[0] or type(error).__name__})"
        raise HubFailed(str(name), why, "choose another data set") from error


def _columns(name: Name, path: Path) -> Columns:
    """The columns of images and classes, from a Parquet file's metadata: the Hub's features, as JSON."""
    import pyarrow.parquet as parquet  # type: ignore[import-untyped]  # it ships no types

    schema = parquet.read_schema(path)
    metadata = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    features: dict[str, Any] = metadata.get("info", {}).get("features", {})
    images = [column for column, feature in features.items() if _kind(feature) == "Image"]
    labels = [column for column, feature in features.items() if _kind(feature) == "ClassLabel"]
    if not images or not labels:
        lacks = "images" if not images else "named classes"
        has = ", ".join(f"{column} ({_kind(feature)})" for column, feature in features.items()) or "no declared columns"
        raise HubFailed(str(name), f"no column of {lacks}: it has {has}", "choose a data set for image classification")
    label = "label" if "label" in labels else labels[0]
    return Columns(images[0], label, tuple(map(str, features[label]["names"])))


def _kind(feature: Any) -> str:
    return str(feature.get("_type", "?")) if isinstance(feature, dict) else "list"


def _labels(paths: list[Path], column: str) -> Labels:
    """The labels; -1 where there is none."""
    import pyarrow
    import pyarrow.parquet as parquet

    columns = (parquet.read_table(path, columns=[column])[column] for path in paths)
    return np.concatenate([values.cast(pyarrow.int64()).fill_null(-1).to_numpy() for values in columns])


def _encoded_images(name: Name, paths: list[Path], column: str) -> Iterator[list[bytes | None]]:
    """The encoded images in the files, a few rows at a time."""
    import pyarrow.parquet as parquet

    for path in paths:
        with _read(name), parquet.ParquetFile(path) as file:
            for rows in file.iter_batches(_ROWS, columns=[column]):
                yield [_bytes(row) for row in rows.column(0).to_pylist()]


def _bytes(row: Any) -> bytes | None:
    """The bytes of an image, from plain bytes or from the Hub's `Image` feature, which has bytes and a path. Paths are
    ignored.
    """
    content = row.get("bytes") if isinstance(row, dict) else row
    return content if isinstance(content, bytes) else None
