"""`archdsl explain`: explain a diagnostic code."""

import click

from ..analysis.codes import by_code
from ..explain.pages import listing, plain
from ..text.names import nearest
from .common import usage
from .shell_completion import complete_code


@click.command("explain")
@click.argument("code", required=False, shell_complete=complete_code)
def command(code: str | None) -> None:
    """Explain the diagnostic CODE, with a wrong and a corrected example; without CODE, list all diagnostics."""
    kinds = by_code()
    if code is None:
        click.echo(listing(kinds))
        return
    kind = kinds.get(code.upper())
    if kind is None:
        near = nearest(code.upper(), kinds)
        usage(
            f"there is no diagnostic {code}"
            + (f"; did you mean {near}?" if near else "; `archdsl explain` lists all of them")
        )
    click.echo(plain(kind))
