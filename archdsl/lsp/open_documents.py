"""The documents that a client has open, and the files that they use."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from ..network import Check, allowing
from ..service import Document
from ..text.files import NotFound
from ..text.library import FolderLibrary, Library, Stack
from ..text.source import Source
from ..zoo import shipped
from .positions import LinePositions


class OpenDocuments:
    """The open documents by URI. A document that uses another sees the other's text as it is in the editor."""

    def __init__(self, recipe: Check | None = None, *, pedantic: bool = False, allow: Collection[str] = ()) -> None:
        self._documents: dict[str, Document] = {}
        self._recipe = recipe
        self._pedantic = pedantic
        self._allow = tuple(allow)
        self.encoding: Any = "utf-16"

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._documents))

    def get(self, uri: str) -> Document | None:
        """The document with this URI; None if it is not open."""
        return self._documents.get(uri)

    def positions(self, uri: str) -> LinePositions:
        """The positions in a document, or in a file that is not open."""
        document = self._documents.get(uri)
        if document is not None:
            return LinePositions(document.text, self.encoding)
        path = path_of(uri)
        try:
            text = path.read_text(encoding="utf-8") if path is not None else ""
        except (OSError, ValueError):
            text = ""
        return LinePositions(text, self.encoding)

    def open(self, uri: str, text: str) -> Document:
        """Open a document."""
        path = path_of(uri)
        library: Library = shipped()
        if path is not None:
            library = Stack(_OpenFiles(self, path.parent), FolderLibrary(path.parent), shipped())
        library = allowing(library, self._allow)
        name = path.name if path is not None else uri.rpartition(":")[2] or "untitled"
        document = Document(text, library, name=name, path=path, recipe=self._recipe, pedantic=self._pedantic)
        self._documents[uri] = document
        return document

    def close(self, uri: str) -> None:
        """Close a document."""
        self._documents.pop(uri, None)

    def change(self, uri: str, changes: Sequence[Any]) -> None:
        """Apply the changes of a notification, each to the text that results from the changes before it."""
        document = self._documents.get(uri)
        if document is None:
            return
        for change in changes:
            range = getattr(change, "range", None)
            if range is None:
                document.replace(change.text)
                continue
            positions = LinePositions(document.text, self.encoding)
            start, end = sorted((positions.offset(range.start), positions.offset(range.end)))
            document.edit(start, end, change.text)

    def users(self, uri: str) -> list[str]:
        """The other open documents that use files, possibly this one, after they have read their files again."""
        found = []
        for other, document in self._documents.items():
            if other != uri and 'use "' in document.text:
                document.files_changed()
                found.append(other)
        return found

    def file_uri(self, uri: str, key: str) -> str | None:
        """The URI of a file that a document uses, by its name in the library; None for one without a path."""
        document = self._documents.get(uri)
        try:
            path = document.library.read(key).path if document is not None else None
        except NotFound:
            return None
        if path is None and (own := path_of(uri)) is not None:
            path = own.parent / key
        return None if path is None else path.resolve().as_uri()


class _OpenFiles(Library):
    """The open documents in a folder and below it."""

    def __init__(self, documents: OpenDocuments, folder: Path) -> None:
        self._documents = documents
        self._folder = folder

    def read(self, name: str) -> Source:
        path = self._folder / name
        for uri in self._documents:
            if path_of(uri) == path and (document := self._documents.get(uri)) is not None:
                return Source(document.text, name=name, path=path, key=name)
        raise NotFound("no such file")

    def list(self, folder: str | None = None) -> Sequence[str]:
        return ()


def path_of(uri: str) -> Path | None:
    """The path of a `file:` URI; None for any other, such as that of a document that was never saved."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return None
    return Path(url2pathname(unquote(parts.path)))
