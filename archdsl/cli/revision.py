"""A text as it was at a revision of its git repository: `HEAD:net.arch`."""

import os
import posixpath
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..text.files import Unreadable, decode, read_source
from ..text.source import Source
from .git_tree import GitTree, inside


def is_revision(name: str) -> bool:
    """Whether a name is REVISION:FILE rather than a file's or the zoo's."""
    revision, colon, _ = name.partition(":")
    drive = sys.platform == "win32" and len(revision) == 1
    return bool(colon) and revision != "zoo" and not drive and not os.path.exists(name)


@contextmanager
def at_revision(name: str) -> Iterator[Source]:
    """The text, with the `.arch` files of that revision around it for as long as it lasts. Raises Unreadable."""
    tree, path = _find(name)
    with tempfile.TemporaryDirectory(prefix="archdsl-") as folder:
        for each in tree.files(".arch"):
            if posixpath.dirname(each).startswith(posixpath.dirname(path)):
                beside = Path(folder) / each
                beside.parent.mkdir(parents=True, exist_ok=True)
                try:
                    beside.write_bytes(tree.read(each))
                except Unreadable:
                    continue
        decode(tree.read(path))
        yield read_source(Path(folder) / path, name=name)


def _find(name: str) -> tuple[GitTree, str]:
    """The tree of a revision, and the path in it of the file that is named from the working folder."""
    revision, _, file = name.partition(":")
    if not revision or not file:
        raise Unreadable("name a revision and a file: HEAD:net.arch")
    folder, rest = inside(Path(file))
    tree = GitTree(revision, folder)
    return tree, posixpath.normpath(posixpath.join(tree.prefix, rest))
