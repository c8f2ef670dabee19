"""The names of tar shards: a folder of them, or a pattern such as `train-{000000..000123}.tar`."""

import glob
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..errors.data_errors import BadImages, NoSuchFile
from .image_files import VALIDATION

EXTENSION = ".tar"
_MOST = 100_000
"""Largest number of shards."""
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
_LIST = re.compile(r"\{([^{}]*,[^{}]*)\}")
_SPLIT = re.compile(r"(train|training|val|validation|valid|test)(?![a-z])", re.IGNORECASE)


class Shards(NamedTuple):
    """The shards of a data set, in the order of their names; `name` is the folder or the pattern."""

    name: str
    files: tuple[Path, ...]


def find_shards(name: str) -> Shards | None:
    """The shards in a folder, or those that a pattern names; None if it is neither. Raises BadImages or NoSuchFile."""
    path = Path(name).expanduser()
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if _is_shard(each) and each.is_file())
        return Shards(str(path.resolve()), tuple(files)) if files else None
    if not name.lower().endswith(EXTENSION):
        return None
    expanded = list(_expanded(str(path), path))
    found: list[Path] = []
    for pattern in expanded:
        special = glob.has_magic(pattern) and not Path(pattern).exists()
        files = sorted(map(Path, glob.iglob(pattern))) if special else [Path(pattern)]
        if not files:
            raise NoSuchFile(path, "check the folder and the pattern", "no file matches this pattern")
        if missing := [file for file in files if not file.is_file()]:
            if len(expanded) == 1 and not special:
                return None
            raise NoSuchFile(missing[0], f"the pattern `{path.name}` names it", "there is no such shard")
        found += files
    if len(found) > _MOST:
        raise BadImages(path, f"more than {_MOST:,} shards", "make larger shards, of about 1 GB")
    return Shards(str(path.absolute()), tuple(dict.fromkeys(found)))


def split_of(shard: Path) -> str:
    """The split that the first word of a shard's name gives: `train`, `validation` or `test`; empty for other names."""
    match = _SPLIT.match(shard.name)
    if match is None:
        return ""
    word = match[1].lower()
    return "validation" if word in VALIDATION else "test" if word == "test" else "train"


def _is_shard(path: Path) -> bool:
    return path.suffix.lower() == EXTENSION and not path.name.startswith(".")


def _expanded(pattern: str, path: Path) -> Iterator[str]:
    """The patterns without braces, as a shell expands them. Raises BadImages."""
    waiting = [pattern]
    for number in range(_MOST):
        if not waiting:
            return
        first = waiting.pop()
        if match := _RANGE.search(first):
            low, high = (int(word) for word in match.groups())
            if not 0 <= high - low < _MOST:
                why = f"`{match[0]}` names {high - low + 1:,} shards" if high >= low else f"`{match[0]}` is empty"
                raise BadImages(path, why, f"a range names 1 to {_MOST:,} shards, such as `{{000..123}}`")
            width = len(match[1])
            words = [f"{each:0{width}}" for each in range(low, high + 1)]
        elif match := _LIST.search(first):
            words = match[1].split(",")
        else:
            yield first
            continue
        waiting += [first[: match.start()] + word + first[match.end() :] for word in reversed(words)]
        if number + len(waiting) > 2 * _MOST:
            break
    raise BadImages(path, f"more than {_MOST:,} shards", "make larger shards, of about 1 GB")
