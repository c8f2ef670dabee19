"""`archdsl explain`: what a code means."""

import click

from ..analysis.codes import by_code
from ..explain.pages import listing, plain
from ..text.names import nearest
from .common import usage


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Say what the diagnostic with this CODE means, with a wrong and a right example; without CODE, list them all."""
    kinds = by_code()
    if code is None:
        click.echo(listing(kinds))
        return
    kind = kinds.get(code.upper())
    if kind is None:
        near = nearest(code.upper(), kinds)
        usage(
            f"there is no diagnostic {code}" + (f"; did you mean {near}?" if near else "; `archdsl explain` lists all")
        )
    click.echo(plain(kind))
