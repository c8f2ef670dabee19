"""Images of COCO with the classes of their pixels."""

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from .coco_file import CocoFile
from .images import Masks
from .masked_images import MaskedImage
from .segment_pixels import class_mask
from .stored_files import StoredFile, stored_file


@final
@dataclass(frozen=True)
class CocoMask(MaskedImage):
    """An image with its objects: pairs of the class and the annotation. `version` identifies the annotation file."""

    image: StoredFile
    size: tuple[int, int]
    objects: Sequence[tuple[int, dict[str, Any]]]
    version: str

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.image.key}{self.version}".encode()).hexdigest()[:32]

    def mask(self) -> Masks:
        try:
            return class_mask(self.objects, *self.size)
        except ValueError as error:
            raise OSError(f"its segmentation: {error}") from error


def coco_masked(folder: Path, file: CocoFile, classes: Sequence[str]) -> list[CocoMask]:
    """The images of an annotation file with their objects; `classes` are those of the masks. Raises BadImages."""
    numbers = {name: number for number, name in enumerate(classes)}
    version, made = stored_file(folder, file.path).key, []
    for number, path in file.images.items():
        if number not in file.sizes:
            raise file.bad(f"image {number} has no `height` and `width`")
        objects = [(numbers[category_of(file, row, numbers)], row) for row in file.annotations[number]]
        made.append(CocoMask(stored_file(folder, path), file.sizes[number], objects, version))
    return made


def category_of(file: CocoFile, row: dict[str, Any], known: Container[str]) -> str:
    """The name of an object's category. Raises BadImages."""
    category = row.get("category_id")
    name = file.categories.get(category) if isinstance(category, int) else None
    if name is None or name not in known:
        raise file.bad(f"annotation {row['id']} has the `category_id` {category}")
    return name
