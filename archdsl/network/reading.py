"""Read the text of a network, or of the style of figures."""

import errno

from ..text.files import UnreadableFile
from ..text.given_path import is_source_text, path_text
from ..text.source import Source
from ..zoo import read_named


def read_given(argument: str, path: object, instead: str) -> Source:
    """The text of the file that a program names in an argument. Raises OSError, TypeError.

    If it is a source text instead of a path, the message names the call for texts: `instead`.
    """
    name = path_text(argument, path)
    try:
        return read_source(name)
    except OSError:
        if is_source_text(name):
            raise FileNotFoundError(errno.ENOENT, f"no such file; for a source text, use `{instead}`", name) from None
        raise


def read_source(path: str) -> Source:
    """The text of a file, or of `zoo:NAME`. Raises OSError."""
    try:
        return read_named(path)
    except UnreadableFile as error:
        raise OSError(error.number, str(error), path) from None  # Python picks the subclass that fits the errno
