"""Write the output of a command."""

import os
import stat
import sys
from pathlib import Path

from ..text.atomic import write_atomically
from .common import usage

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
