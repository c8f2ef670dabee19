"""Read the text of a network, or of the style of figures."""

from ..text.files import UnreadableFile
from ..text.source import Source
from ..zoo import read_named


def read_source(path: str) -> Source:
    """The text of a file, or of `zoo:NAME`. Raises OSError."""
    try:
        return read_named(path)
    except UnreadableFile as error:
        raise OSError(error.number, str(error), path) from None  # Python picks the subclass that fits the errno
