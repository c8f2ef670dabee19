"""What an agent may read: files below one folder, and what ships with the package."""

from collections.abc import Collection
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..network import allowing
from ..record import Record
from ..text.files import UnreadableFile, read_source
from ..text.library import SUFFIX, FolderLibrary, Library, Stack
from ..text.source import Source
from ..zoo import PREFIX, read_named, shipped

TEXT = "<text>"


class NotAllowed(Exception):
    """A file that an agent may not read, or that cannot be read; the message explains why."""


class ReadText(Record):
    """A source text, and the library of the files that it may use."""

    source: Source
    library: Library


class AgentFiles:
    """The files below a folder. Links are resolved before a file is checked to be inside the folder.

    `allow` names the Python packages that may run for texts that name them.
    """

    def __init__(self, root: Path, allow: Collection[str] = ()) -> None:
        self.root = root.resolve()
        self._allow = tuple(allow)

    def text(self, network: str | None, text: str | None) -> ReadText:
        """The text of a network, read from a file or from `zoo:NAME`, or the given text. Raises NotAllowed."""
        if (network is None) == (text is None):
            raise NotAllowed("give either `network`, a file or zoo:NAME, or `text`, source text")
        if text is not None:
            return ReadText(source=Source(text, name=TEXT), library=self._library(self.root))
        assert network is not None
        try:
            if network.startswith(PREFIX):
                return ReadText(source=read_named(network), library=shipped())
            path = self.file(network, (SUFFIX,))
            # The key is the file's name: the files that it uses are found in its own folder, which is inside the root.
            source = read_source(path, name=network, key=path.name)
        except UnreadableFile as error:
            raise NotAllowed(f"{network}: {error}") from None
        return ReadText(source=source, library=self._library(path.parent))

    def _library(self, folder: Path) -> Library:
        return allowing(Stack(FolderLibrary(folder), shipped()), self._allow)

    def file(self, name: str, suffixes: tuple[str, ...]) -> Path:
        """The real path of a regular file with one of these suffixes. Raises NotAllowed."""
        if not name or PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor or "\0" in name:
            raise NotAllowed(f"{name!r}: give a path relative to the folder that the server was started in")
        if ".." in PurePosixPath(name).parts or ".." in PureWindowsPath(name).parts:
            raise NotAllowed(f"{name}: `..` is not allowed")
        try:
            path = (self.root / name).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            raise NotAllowed(f"{name}: no such file below the folder that the server was started in") from None
        if not path.is_relative_to(self.root):
            raise NotAllowed(f"{name}: it is outside the folder that the server was started in")
        # The suffix of the real file counts: a link named net.arch may point to any file in the folder.
        if path.suffix not in suffixes or not path.is_file():
            raise NotAllowed(f"{name}: only files that end in {' or '.join(suffixes)} are read")
        return path
