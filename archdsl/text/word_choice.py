"""The type of command-line options that take one of several words."""

from collections.abc import Iterable
from typing import Any

import click

from .other_names import value_elsewhere


class WordChoice(click.Choice[str]):
    """One of several words, in upper or lower case; the error for another word names a similar one."""

    def __init__(self, choices: Iterable[str]) -> None:
        super().__init__(tuple(choices), case_sensitive=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word as it is listed. Raises click.BadParameter for another one."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            near = value_elsewhere(str(value), self.choices)
            if near is None:
                raise
            message = f"{error.message.rstrip('.')}; did you mean {near!r}?"
            raise click.BadParameter(message, ctx=error.ctx, param=error.param) from None
