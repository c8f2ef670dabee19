"""The files that a program can use."""

from pathlib import Path

from ..text.library import FolderLibrary, Library, Stack
from ..text.source import Source
from ..zoo import shipped


def beside(source: Source) -> Library:
    """The library of files that a program may use: those in its folder, then those that ship with the package."""
    return Stack(FolderLibrary(source.path.parent if source.path else Path()), shipped())
