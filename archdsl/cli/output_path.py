"""The path of a file or folder that a command writes, as the type of an option."""

import errno
import os
from typing import Any, final

import click

from ..diagnostics.terminal import printable
from .shell_completion import complete_file


@final
class OutputPath(click.ParamType[str]):
    """A path that the system accepts as the name of a file; only an attempt shows whether it can be written."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        path = str(value)
        if not path:
            self.fail("the path is empty.", param, ctx)
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
        return path


OUTPUT_PATH = OutputPath()


def is_utf8(path: str) -> bool:
    """Whether a path is text: a name that is not UTF-8 contains surrogates in Python."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


output_option = click.option(
    "-o",
    "--output",
    type=OUTPUT_PATH,
    default="-",
    metavar="PATH",
    shell_complete=complete_file,
    help="Output file; `-` is standard output.",
)
"""The option of a command that writes to standard output unless a file is given."""
