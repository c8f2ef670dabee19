"""Write the output of a command."""

import codecs
import os
import re
import stat
import sys
from pathlib import Path

from ..text.atomic import write_atomically
from ..text.source import Source
from .common import usage

_LF = re.compile("(?<!\r)\n")
_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def write_output(output: str, data: bytes) -> None:
    """Write a file atomically, so that it is never incomplete; `-` is standard output. Exits with 2 on failure.

    A file that may not be written is not replaced either, although its folder would allow it.
    """
    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    if not os.path.isdir(path.parent):
        usage(f"{output}: there is no folder {path.parent}")
    try:
        _replace(path, data)
    except OSError as error:
        usage(f"{output} cannot be written: {error.strerror or error}")
    except ValueError:
        usage(f"{output} cannot be written: invalid file name")


def write_source(source: Source, text: str) -> None:
    """Replace the text of a file, which keeps its byte order mark and its line endings. Exits with 2 on failure.

    A file that was written since it was read is left unchanged.
    """
    assert source.path is not None
    try:
        now = source.path.read_bytes()
    except OSError as error:
        usage(f"{source.name} cannot be written: {error.strerror or error}")
    if now.removeprefix(codecs.BOM_UTF8) != source.text.encode():
        usage(f"{source.name} has changed since it was read; run the command again")
    start = codecs.BOM_UTF8 if now.startswith(codecs.BOM_UTF8) else b""
    write_output(str(source.path.resolve()), start + with_line_endings_of(source.text, text).encode())


def with_line_endings_of(old: str, text: str) -> str:
    """A text with CRLF for each end of a line if all lines of the old one end in it."""
    return re.sub("\r?\n", "\r\n", text) if "\r\n" in old and not _LF.search(old) else text


def _replace(path: Path, data: bytes) -> None:
    if os.path.isdir(path):
        raise IsADirectoryError(0, "it is a folder")
    if os.path.exists(path) and not os.path.isfile(path):
        # A pipe or a device, as in `-o /dev/stdout`, cannot be replaced.
        path.write_bytes(data)
        return
    if path.exists() and not (os.access(path, os.W_OK) and path.stat().st_mode & _WRITE):
        raise PermissionError(0, "the file is read-only")
    write_atomically(path, lambda temporary: temporary.write_bytes(data))
