"""Texts at a revision of their git repository: `HEAD:net.arch`."""

import os
import posixpath
import sys
from collections.abc import Sequence
from pathlib import Path

from ..text.files import NotFound, UnreadableFile, decode
from ..text.library import SUFFIX, Library, Outside, in_folder
from ..text.names import nearest
from ..text.source import Source
from ..zoo import PREFIX, entries
from .git_tree import GitTree, inside


class GitLibrary(Library):
    """The `.arch` files below a folder of a repository at a revision; links are followed, as on disk."""

    def __init__(self, tree: GitTree, folder: str) -> None:
        self._tree = tree
        self._folder = folder

    def read(self, name: str) -> Source:
        """The text with this name."""
        if not name.lower().endswith(SUFFIX):
            raise NotFound(f"file names end in {SUFFIX}")
        path = self._tree.resolve(posixpath.join(self._folder, name))
        if self._folder and not path.startswith(f"{self._folder}/"):
            raise Outside("it is outside the network's folder")
        return Source(decode(self._tree.read(path)), name=name, key=name)

    def list(self, folder: str | None = None) -> Sequence[str]:
        """The names of the texts."""
        start = f"{self._folder}/" if self._folder else ""
        found = (path.removeprefix(start) for path in self._tree.files(SUFFIX) if path.startswith(start))
        return list(in_folder(found, folder))


def is_revision(name: str) -> bool:
    """Whether a name is REVISION:FILE rather than a file or a zoo network."""
    revision, colon, _ = name.partition(":")
    drive = sys.platform == "win32" and len(revision) == 1
    return bool(colon) and revision != "zoo" and not drive and not os.path.exists(name)


def read_revision(name: str) -> tuple[Source, GitLibrary]:
    """The text of REVISION:FILE, and the library of the files that it uses at that revision. Raises UnreadableFile."""
    revision, _, file = name.partition(":")
    if not revision or not file:
        raise UnreadableFile("expected a revision and a file, such as HEAD:net.arch")
    if file.startswith("//"):
        raise UnreadableFile("it is a URL; download the file")
    folder, rest = inside(Path(file))
    try:
        tree = GitTree(revision, folder)
    except UnreadableFile:
        if file in entries() and nearest(revision, [PREFIX.removesuffix(":")]) is not None:
            raise UnreadableFile(f"no such file; did you mean `{PREFIX}{file}`?") from None
        raise
    path = posixpath.normpath(posixpath.join(tree.prefix, rest))
    try:
        text = decode(tree.read(path))
    except NotFound as error:
        here = folder == Path(os.path.abspath("."))
        raise NotFound(f"{error}{_suggestion(tree, revision, file) if here else ''}") from None
    # This path does not exist on disk; the network gets its name from it.
    source = Source(text, name=name, path=Path(path), key=posixpath.basename(path))
    return source, GitLibrary(tree, posixpath.dirname(path))


def _suggestion(tree: GitTree, revision: str, file: str) -> str:
    """What is meant by a path from the repository's top folder, as git reads it, in the tree's folder."""
    path = posixpath.normpath(file)
    if not tree.prefix or path not in tree.files(SUFFIX):
        return ""
    return f"; from this folder, it is `{revision}:{posixpath.relpath(path, tree.prefix)}`"
