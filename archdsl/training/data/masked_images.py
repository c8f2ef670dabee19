"""Images with masks, read from any source: folders of masks, Pascal VOC, Oxford-IIIT Pet, or COCO."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import numpy as np

from ..errors.data_errors import BadImages
from .decode_many import decode_files
from .decoded_cache import Flags, Note, cached_array
from .decoding import decode, decode_mask, mask_values
from .image_files import cache_path, printable, refuse_unreadable
from .images import ImageSet, Masks, Pixels, Request, Splits, divide
from .stored_files import StoredFile


class MaskedImage(ABC):
    """An image and where its mask comes from."""

    image: StoredFile

    @property
    @abstractmethod
    def key(self) -> str:
        """An identifier of the current version of the image and its mask, at most 32 characters. Raises OSError."""

    @abstractmethod
    def mask(self) -> Masks:
        """The class of each pixel of the image, 255 for none: uint8 of H×W. Raises OSError."""


@final
@dataclass(frozen=True)
class FileMask(MaskedImage):
    """A mask in an image file with one channel, whose values are the classes, or are mapped to classes by `numbers`."""

    image: StoredFile
    file: StoredFile
    numbers: Mapping[int, int] | None = None

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.image.key}{self.file.key}{self.numbers}".encode()).hexdigest()[:32]

    def mask(self) -> Masks:
        values = mask_values(self.file.opened())
        if self.numbers is None:
            return values
        if odd := [value for value in np.unique(values).tolist() if value not in self.numbers]:
            known = ", ".join(map(str, self.numbers))
            raise OSError(f"its mask has the value {odd[0]}, but the allowed values are {known}")
        table = np.zeros(256, np.uint8)
        table[list(self.numbers)] = list(self.numbers.values())
        return table[values]


def read_masked(
    folder: Path, parts: Mapping[str, Sequence[MaskedImage]], classes: int, request: Request, name: str = "masks"
) -> Splits:
    """The images and masks of the splits `train`, `validation` and `test`, at the network's size.

    Without validation images, some of the training images are held out. `name` distinguishes masks of the same images
    in the cache. Raises BadImages with all unreadable images and masks.
    """
    if request.image.channels not in (1, 3):
        why = f"the network takes {request.image.channels} channels; images have 1 (grayscale) or 3 (color)"
        raise BadImages(folder, why, f"`input 3x{request.image.height}x{request.image.width}`")
    parts = {split: list(pairs) for split, pairs in parts.items() if pairs}
    if "train" not in parts:
        raise BadImages(folder, "no training images", "add images with masks to the training set")
    if "validation" not in parts:
        train = parts["train"]
        learn, validate = divide(len(train), request.split)
        parts["train"], parts["validation"] = [train[i] for i in learn], [train[i] for i in validate]
    reading = _Reading(folder, request, classes, name)
    found = {split: reading.read(pairs) if pairs else None for split, pairs in parts.items()}
    refuse_unreadable(folder, reading.bad)
    made = found["train"]
    assert made is not None
    return Splits(made, found.get("validation"), found.get("test"))


@dataclass
class _Reading:
    """Decodes images with masks, split by split; unreadable ones are collected over all splits."""

    folder: Path
    request: Request
    classes: int
    name: str
    bad: list[str] = field(default_factory=list)

    def read(self, pairs: Sequence[MaskedImage]) -> ImageSet | None:
        """The images with their masks; None if any are unreadable; those are added to `bad`."""
        keys = [pair.key for pair in pairs]
        shape, classes = self.request.image, self.classes
        images = self._cached("", shape, keys, pairs, lambda pair: decode(pair.image.opened(), shape))
        masks = self._cached(
            f"{self.name} {classes}",
            shape[1:],
            keys,
            pairs,
            lambda pair: decode_mask(pair.image.opened(), pair.mask, shape, classes),
        )
        if images is None or masks is None:
            return None
        return ImageSet(images, masks, tuple(printable(pair.image.name) for pair in pairs))

    def _cached(
        self,
        what: str,
        shape: tuple[int, ...],
        keys: list[str],
        pairs: Sequence[MaskedImage],
        decoded: Callable[[MaskedImage], Pixels],
    ) -> Pixels | None:
        """The decoded images, or masks, at this shape, from the cache if they are there."""
        path = cache_path(self.request.cache, self.folder, f"{self.request.image} {what}", keys)
        return cached_array(path, (len(pairs), *shape), keys, lambda *of: self._decode(pairs, decoded, *of))

    def _decode(
        self,
        pairs: Sequence[MaskedImage],
        decoded: Callable[[MaskedImage], Pixels],
        into: Pixels,
        done: Flags,
        note: Note,
    ) -> None:
        files = [self.folder / pair.image.name for pair in pairs]
        progress = self.request.download
        self.bad += decode_files(self.folder, files, lambda i: decoded(pairs[i]), into, done, note, progress)
