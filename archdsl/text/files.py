"""Read texts, with a clear message for every error."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from ..limits import MAX_TEXT
from .file_formats import FORMATS
from .source import Source

MAX_BYTES = 4 * MAX_TEXT
"""No text within the limit is longer than this in UTF-8."""


class UnreadableFile(Exception):
    """A file that cannot be read as text; the message explains why, and `number` is the errno."""

    number = errno.EINVAL


class NotFound(UnreadableFile):
    """No file, or no text in a library, has this name."""

    number = errno.ENOENT


class PermissionDenied(UnreadableFile):
    """A file that the user is not permitted to read."""

    number = errno.EACCES


class IsFolder(UnreadableFile):
    """A folder in place of a file."""

    number = errno.EISDIR


class ForeignFile(UnreadableFile):
    """A file in another format, which `archdsl import` may read."""


_note: ContextVar[Callable[[Path], None] | None] = ContextVar("note", default=None)


@contextmanager
def noting_reads(note: Callable[[Path], None]) -> Iterator[None]:
    """Call `note` with the path of each text before it is read, even if there is no such file."""
    token = _note.set(note)
    try:
        yield
    finally:
        _note.reset(token)


def read_source(path: Path, name: str | None = None, key: str | None = None) -> Source:
    """The text of a file; `key` is its name in the library that reads it. Raises UnreadableFile."""
    if (note := _note.get()) is not None:
        note(path)
    try:
        if path.is_dir():
            raise IsFolder("it is a folder")
        with path.open("rb") as file:
            # Read only enough to know that it is too long, whatever the file size.
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFound("no such file") from None
    except PermissionError:
        raise PermissionDenied("permission denied") from None
    except (OSError, ValueError) as error:
        raise UnreadableFile(getattr(error, "strerror", None) or "invalid file name") from None
    if (found := FORMATS.get(path.suffix.lower())) is not None and found.what:
        import shlex

        raise ForeignFile(f"it {found.what.format(name=shlex.quote(name or str(path)))}")
    return Source(decode(data), name=name or str(path), path=path, key=key)


def decode(data: bytes) -> str:
    """Decode UTF-8. Raises UnreadableFile if that fails, or if there are more than MAX_BYTES bytes."""
    if len(data) > MAX_BYTES:
        raise UnreadableFile(f"it is longer than {MAX_TEXT:,} characters")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(f"it is not valid UTF-8 (byte {error.start}, line {line})") from None
