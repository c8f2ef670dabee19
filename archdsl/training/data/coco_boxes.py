"""Boxes of COCO: the objects of `annotations/instances_train2017.json`."""

import math
from functools import cached_property
from pathlib import Path
from typing import Any

from ...text.word_lists import first_of
from .box_files import BoxedImage, FileBox, read_boxed
from .coco_file import CocoFile
from .coco_masks import category_of
from .coco_source import annotation_parts
from .dataset_spec import DataSpec
from .images import DataSource, Request, Splits


class CocoBoxSource(DataSource):
    """The boxes and classes of the objects in images; boxes without area are left out, crowds (`iscrowd`) are ignored.

    The splits are those of the captions. COCO's own training annotations have two boxes without area.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def _parts(self) -> dict[str, CocoFile]:
        return annotation_parts(self.folder, "instances")

    @cached_property
    def spec(self) -> DataSpec:
        names = tuple(name for _, name in sorted(self._parts["train"].categories.items()))
        if not names:
            raise self._parts["train"].bad("no `categories`")
        return DataSpec(self.folder.resolve().name, names, None, targets="boxes")

    @property
    def origin(self) -> str:
        return f"{self.folder.resolve()}:boxes"

    def load(self, request: Request) -> Splits:
        parts, notes = {}, []
        for split, file in self._parts.items():
            left_out: list[int] = []
            parts[split] = self._images(file, left_out)
            if left_out:
                named = first_of(left_out, 3)
                one = len(left_out) == 1
                kind = f"{'annotation' if one else 'annotations'} without area {'is' if one else 'are'} left out"
                notes.append(f"{file.path.name}: {len(left_out):,} {kind}: {named}")
        splits = read_boxed(self.folder, parts, request)
        return Splits(splits.train, splits.validation, splits.test, tuple(notes))

    def _images(self, file: CocoFile, left_out: list[int]) -> list[BoxedImage]:
        """The images of a split; annotations without area are added to `left_out`."""
        numbers = {name: number for number, name in enumerate(self.spec.classes)}
        found = []
        for image, objects in file.annotations.items():
            boxes = {each["id"]: _box(file, each, numbers) for each in objects}
            left_out += [number for number, box in boxes.items() if box is None]
            kept = [box for box in boxes.values() if box is not None]
            height, width = file.sizes.get(image, (0, 0))
            size = (width, height) if width and height else None
            found.append(BoxedImage(file.images[image], kept, file.bad, size=size))
        return found


def _box(file: CocoFile, row: dict[str, Any], numbers: dict[str, int]) -> FileBox | None:
    """The object of an annotation; None for a box without area. Raises BadImages."""
    where = f"annotation {row['id']}"
    number = numbers[category_of(file, row, numbers)]
    box = row.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(_is_number(each) for each in box):
        raise file.bad(f"the `bbox` of {where} is not a list of four numbers: x, y, width, height")
    x, y, width, height = map(float, box)
    if width < 0 or height < 0:
        raise file.bad(f"the `bbox` of {where} has a negative width or height")
    if width == 0 or height == 0:
        return None
    return FileBox(number, (x, y, x + width, y + height), where, crowd=bool(row.get("iscrowd")))


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e9 and math.isfinite(value)
