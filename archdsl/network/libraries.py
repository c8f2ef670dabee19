"""The files that a program can use."""

from collections.abc import Collection, Iterable
from pathlib import Path

from ..text.library import AllowedPackages, FolderLibrary, Library, Stack
from ..text.source import Source
from ..zoo import shipped


def default_library(source: Source, allow: Collection[str] = ()) -> Library:
    """The library of files that a program may use: those in its folder, then those that ship with the package.

    `allow` names the Python packages that may run if the program names them.
    """
    return allowing(Stack(FolderLibrary(source.path.parent if source.path else Path()), shipped()), allow)


def allowing(library: Library, packages: Collection[str]) -> Library:
    """The library with these Python packages allowed. Raises TypeError for one name in place of several."""
    if isinstance(packages, str):
        raise TypeError(f'allow takes a list of names: allow=["{packages}"]')
    if not isinstance(packages, Iterable):
        raise TypeError(f"allow takes a list of names, not {packages!r}")
    return Stack(library, AllowedPackages(packages)) if packages else library
