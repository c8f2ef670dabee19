"""The path of a file or folder that a command reads, as the type of an argument or option."""

from typing import Any, final

import click


@final
class NamedPath(click.ParamType[str]):
    """A path that is not empty: an empty text, as of an unset shell variable would be the current folder."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value:
            self.fail("the path is empty.", param, ctx)
        return str(value)


NAMED_PATH = NamedPath()
