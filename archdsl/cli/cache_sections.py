"""What is kept in the user's cache folder."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class CacheSection(NamedTuple):
    """A part of the cache: its name, what it holds, and its files and folders."""

    name: str
    meaning: str
    find: Callable[[Path], list[Path]]


SECTIONS = (
    CacheSection("data", "downloaded data sets", lambda folder: entries_of(folder / "data")),
    CacheSection("folders", "decoded images from folders", lambda folder: entries_of(folder / "folders")),
    CacheSection("shards", "indices of tar shards", lambda folder: entries_of(folder / "shards")),
    CacheSection("weights", "downloaded torchvision weights", lambda folder: entries_of(folder / "weights")),
    CacheSection("hub", "decoded images and file lists from the Hub", lambda folder: entries_of(folder / "hub")),
    CacheSection("grammar", "parser tables", lambda folder: sorted(folder.glob("grammar-*"))),
)


def entries_of(folder: Path) -> list[Path]:
    """The entries of a folder; none if it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
