"""Reads and checks the lists of files that data sets come with."""

from collections.abc import Sequence

from ..errors.data_errors import BadImages
from .image_files import printable
from .stored_files import FileTree, StoredFile

_LARGEST = 64 << 20


def lines_of(tree: FileTree, name: str, suggestion: str) -> list[tuple[int, str]]:
    """The nonblank lines of a text file, with their numbers. Raises BadImages or DataCorrupt."""
    try:
        text = tree.text(name, _LARGEST)
    except OSError as error:
        raise BadImages(tree.path, f"{name}: {error.strerror or error}", suggestion) from error
    if text is None:
        raise BadImages(tree.path, f"there is no file {name}", suggestion)
    return [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def required(tree: FileTree, name: str, suggestion: str) -> StoredFile:
    """The file with this name. Raises BadImages."""
    found = tree.find(name)
    if found is None:
        raise BadImages(tree.path, f"there is no file {printable(name)}", suggestion)
    return found


def refuse_twice(tree: FileTree, name: str, files: Sequence[str], suggestion: str) -> None:
    """Raise BadImages if a list contains a file twice."""
    seen: set[str] = set()
    for file in files:
        if file in seen:
            raise BadImages(tree.path, f"{name}: {printable(file)} is listed twice", suggestion)
        seen.add(file)
