"""Sources of program texts: folders, memory, and what ships with the package, stacked on each other.

The core reads texts only through a `Library`. The command line, an editor and a browser differ only in theirs. The
library also determines which Python packages a text may use: none without `AllowedPackages` among the libraries.
"""

import posixpath
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path

from . import paths
from .files import NotFound, UnreadableFile, read_source
from .package_names import normalized
from .source import Source

SUFFIX = ".arch"

_MOST_LISTED = 1000


class Outside(UnreadableFile):
    """A name that leads outside the folder of a library."""


class Library(ABC):
    """Texts by name: relative paths with `/`, such as `blocks/residual.arch`."""

    @abstractmethod
    def read(self, name: str) -> Source:
        """The text with this name. Raises NotFound, Outside for a name outside the library, UnreadableFile."""

    @abstractmethod
    def list(self, folder: str | None = None) -> Sequence[str]:
        """The names of its texts, sorted: all, or those in a folder; only some if there are very many."""

    def allows(self, package: str) -> bool:
        """Whether the code of the Python package with this name may run for a text that names it."""
        return False


class AllowedPackages(Library):
    """A library without texts; a text that names one of these packages may run it."""

    def __init__(self, packages: Iterable[str]) -> None:
        self._packages = frozenset(map(normalized, packages))

    def read(self, name: str) -> Source:
        raise NotFound("no such file")

    def list(self, folder: str | None = None) -> Sequence[str]:
        return ()

    def allows(self, package: str) -> bool:
        return normalized(package) in self._packages


class FolderLibrary(Library):
    """The `.arch` files below a folder. Links are resolved before checking whether a file is inside it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, name: str) -> Source:
        if not name.lower().endswith(SUFFIX):
            raise NotFound(f"only files that end in {SUFFIX} can be used")
        try:
            path, root = (self.root / name).resolve(), self.root.resolve()
        except (OSError, ValueError, RuntimeError):
            raise NotFound("invalid file name") from None
        if not path.is_relative_to(root):
            raise Outside("it is outside the network's folder")
        return read_source(path, name=name, key=name)

    def list(self, folder: str | None = None) -> Sequence[str]:
        try:
            paths = self.root.rglob(f"*{SUFFIX}") if folder is None else (self.root / folder).glob(f"*{SUFFIX}")
            return sorted(islice((path.relative_to(self.root).as_posix() for path in paths), _MOST_LISTED))
        except (OSError, ValueError):
            return ()


class MemoryLibrary(Library):
    """Texts in memory: of an editor, a web page, or a test."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def read(self, name: str) -> Source:
        if name not in self._texts:
            raise NotFound("no such file")
        return Source(self._texts[name], name=name, key=name)

    def list(self, folder: str | None = None) -> Sequence[str]:
        return sorted(in_folder(self._texts, folder))


class StandardLibrary(Library):
    """`std`: the blocks that ship with the package."""

    def read(self, name: str) -> Source:
        if name != "std":
            raise NotFound("no such file")
        return read_source(paths.examples() / "std" / "std.arch", name="std", key="std")

    def list(self, folder: str | None = None) -> Sequence[str]:
        return ("std",) if not folder else ()


@cache
def standard_blocks() -> frozenset[str]:
    """The names of the blocks in `std`, without parsing it."""
    try:
        text = StandardLibrary().read("std").text
    except UnreadableFile:
        return frozenset()
    return frozenset(re.findall(r"^block (\w+)", text, re.MULTILINE))


class Stack(Library):
    """Several libraries: a name is read from the first one that has it."""

    def __init__(self, *libraries: Library) -> None:
        self._libraries = libraries

    def read(self, name: str) -> Source:
        missing: NotFound | None = None
        for library in self._libraries:
            try:
                return library.read(name)
            except NotFound as error:
                missing = missing or error
        raise missing or NotFound("no such file")

    def list(self, folder: str | None = None) -> Sequence[str]:
        return sorted({name for library in self._libraries for name in library.list(folder)})

    def allows(self, package: str) -> bool:
        return any(library.allows(package) for library in self._libraries)


def join(user: Source, target: str) -> str:
    """The name of a file that another text uses: `b.arch` in `lib/a.arch` is `lib/b.arch`. Raises Outside."""
    name = posixpath.normpath(posixpath.join(posixpath.dirname(user.key), target))
    if name.startswith(("../", "/")) or name == "..":
        raise Outside("it is outside the network's folder")
    return name


def in_folder(names: Iterable[str], folder: str | None) -> Iterator[str]:
    """The names directly in a folder; all for None."""
    return (name for name in names if folder is None or posixpath.dirname(name) == folder)
