"""`archdsl explain`: explain a diagnostic code."""

from collections.abc import Mapping

import click

from ..analysis.codes import by_code
from ..diagnostics.diagnostic import Diagnostic
from ..explain.pages import listing, plain
from ..text.docstrings import docstring
from ..text.names import nearest
from .allowing import allowed_packages, list_allow_option
from .common import format_option, usage
from .shell_completion import complete_code


@click.command("explain")
@click.argument("code", required=False, shell_complete=complete_code)
@list_allow_option
@format_option
def command(code: str | None, output: str) -> None:
    """Explain the diagnostic CODE, with a wrong and a corrected example; without CODE, list all diagnostics.

    With --allow, the lints of packages are included.
    """
    kinds = dict(by_code())
    for package in allowed_packages():
        kinds |= {lint.kind.code: _with_package(lint.kind, package.name) for lint in package.lints}
    if code is None:
        _show(kinds, listing(kinds), output)
        return
    kind = kinds.get(code.upper())
    if kind is None:
        near = nearest(code.upper(), kinds)
        usage(
            f"there is no diagnostic `{code}`"
            + (f"; did you mean `{near}`?" if near else "; `archdsl explain` lists all of them")
        )
    _show({kind.code: kind}, plain(kind) if output == "text" else "", output)


def _with_package(kind: type[Diagnostic], package: str) -> type[Diagnostic]:
    """The diagnostic of a package, whose examples may run the package."""
    about = {"__module__": kind.__module__, "__doc__": docstring(kind), "allow": (package,)}
    return type(kind.__name__, (kind,), about)


def _show(kinds: Mapping[str, type[Diagnostic]], text: str, output: str) -> None:
    if output == "text":
        click.echo(text)
        return
    from .listing_reports import explain_report

    click.echo(explain_report(kinds).model_dump_json(indent=2))
