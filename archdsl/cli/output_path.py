"""The path of a file or folder that a command writes, as the type of an option."""

import errno
import os
from typing import Any, final

import click

from ..diagnostics.terminal import printable
from ..text.given_path import has_utf8_bytes, is_utf8
from .common import usage
from .shell_completion import complete_file


@final
class OutputPath(click.ParamType[str]):
    """A path that the system accepts as the name of a file; only an attempt shows whether it can be written."""

    name = "path"

    def __init__(self, *, folder: bool = True) -> None:
        """`folder` is whether a command writes a folder there, or may do so."""
        self._folder = folder

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        path = str(value)
        if not path:
            self.fail("the path is empty.", param, ctx)
        if not self._folder and path.endswith((os.sep, os.altsep or os.sep)):
            self.fail(f"{printable(path)} is a folder; give the name of a file in it.", param, ctx)
        try:
            os.stat(path)
        except UnicodeEncodeError:
            self.fail(f"{printable(path)} is not a path: it contains half of a surrogate pair.", param, ctx)
        except ValueError:
            self.fail(f"{printable(path)} is not a path: it contains a null character.", param, ctx)
        except OSError as error:
            if error.errno == errno.ELOOP:
                self.fail(f"{printable(path)} is a symbolic link that leads back to itself.", param, ctx)
            if error.errno == errno.ENAMETOOLONG:
                self.fail(f"{printable(path[:20])}… is too long for the name of a file.", param, ctx)
        if not has_utf8_bytes(path):
            self.fail(f"{printable(path)} is not UTF-8 text, as the libraries that write files require.", param, ctx)
        return path


OUTPUT_PATH = OutputPath()
OUTPUT_FILE = OutputPath(folder=False)


def refuse_other_text() -> None:
    """Exit with 2 if an argument of the current command is not UTF-8 text, because a run records them as text."""
    for value in click.get_current_context().params.values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, str) and not is_utf8(each):
                usage(f"`{each}` is not UTF-8 text, as the files of a run require")


output_option = click.option(
    "-o",
    "--output",
    type=OUTPUT_FILE,
    default="-",
    metavar="PATH",
    shell_complete=complete_file,
    help="Output file; `-` is standard output.",
)
"""The option of a command that writes to standard output unless a file is given."""
