"""Reads annotation files of COCO: JSON with `images`, `annotations` and, for objects, `categories`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors.data_errors import BadImages
from ..safe_files import read_bytes
from .image_files import printable

_LARGEST = 2 << 30
_MOST = 10_000_000
"""Largest number of images or annotations."""
_MOST_CATEGORIES = 10_000


@dataclass(frozen=True)
class CocoFile:
    """An annotation file: the paths of its images by their IDs, its annotations by image, and its categories by ID.

    `sizes` are the heights and widths of the images that declare theirs.
    """

    path: Path
    images: Mapping[int, Path]
    annotations: Mapping[int, list[dict[str, Any]]]
    categories: Mapping[int, str]
    sizes: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    def bad(self, why: str) -> BadImages:
        """The error for a file that is not in the expected format."""
        return BadImages(self.path, why, "use the annotation files of COCO, or files in their format")


def read_coco(path: Path, folder: Path) -> CocoFile:
    """The annotation file at this path, whose images are in this folder. Raises BadImages."""
    found = CocoFile(path, {}, {}, {})
    try:
        text = read_bytes(path, _LARGEST)
        if not text.strip():
            raise found.bad("the file is empty")
        content = json.loads(text)
    except OSError as error:
        raise found.bad(error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise found.bad(f"not JSON ({error})") from error
    if not isinstance(content, dict):
        raise found.bad("not an object with `images` and `annotations`")
    images = {_number(found, each, "id", "image"): each for each in _rows(found, content, "images")}
    if len(images) < len(content["images"]):
        raise found.bad("two images have the same `id`")
    if not images:
        raise found.bad("`images` is empty")
    paths = {number: _path(found, each, folder) for number, each in images.items()}
    annotations: dict[int, list[dict[str, Any]]] = {number: [] for number in paths}
    seen: set[int] = set()
    for each in _rows(found, content, "annotations"):
        number, image = _number(found, each, "id", "annotation"), _number(found, each, "image_id", "annotation")
        if number in seen:
            raise found.bad(f"two annotations have the `id` {number}")
        seen.add(number)
        if image not in annotations:
            raise found.bad(f"annotation {number} belongs to the image {image}, which is not listed")
        annotations[image].append(each)
    return CocoFile(path, paths, annotations, _categories(found, content), _sizes(images))


def _rows(file: CocoFile, content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = content.get(name)
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise file.bad(f"`{name}` is not a list of objects")
    if len(rows) > _MOST:
        raise file.bad(f"`{name}` has more than {_MOST:,} entries")
    return rows


def _number(file: CocoFile, row: dict[str, Any], name: str, what: str) -> int:
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise file.bad(f"the `{name}` of an {what} is {_shown(value)}, not an integer")
    return value


def _path(file: CocoFile, row: dict[str, Any], folder: Path) -> Path:
    """The image of a row, below the folder. Raises BadImages."""
    name = row.get("file_name")
    if not isinstance(name, str) or not name:
        raise file.bad(f"the `file_name` of image {row['id']} is {_shown(name)}, not a string")
    inside = PurePosixPath(name.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts or ":" in name or "\0" in name:
        raise file.bad(f"the `file_name` of image {row['id']}, {_shown(name)}, is not a path below the folder")
    if not (folder / inside).is_file():
        raise file.bad(f"there is no image {printable(str(folder / inside))}")
    return folder / inside


def _sizes(images: Mapping[int, dict[str, Any]]) -> dict[int, tuple[int, int]]:
    """Heights and widths of the images that declare them."""
    found = {}
    for number, row in images.items():
        height, width = row.get("height"), row.get("width")
        if isinstance(height, int) and isinstance(width, int):
            found[number] = (height, width)
    return found


def _categories(file: CocoFile, content: dict[str, Any]) -> dict[int, str]:
    if "categories" not in content:
        return {}
    found: dict[int, str] = {}
    for row in _rows(file, content, "categories"):
        number, name = _number(file, row, "id", "category"), row.get("name")
        if not isinstance(name, str) or not name.strip():
            raise file.bad(f"the `name` of category {number} is {_shown(name)}, not a string")
        if number in found or name in found.values():
            raise file.bad(f"two categories have the `id` {number} or the name {_shown(name)}")
        found[number] = name
    if len(found) > _MOST_CATEGORIES:
        raise file.bad(f"more than {_MOST_CATEGORIES:,} categories")
    return found


def _shown(value: object) -> str:
    text = printable(json.dumps(value, ensure_ascii=False)) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
