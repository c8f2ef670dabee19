"""`--allow PACKAGE`: the Python packages whose code may run for a text that names them."""

from typing import TYPE_CHECKING, Any

import click

from ..diagnostics.terminal import printable
from ..text.package_names import RequiredPackage, wanted_package

if TYPE_CHECKING:
    from ..packages.package import Package

_KEY = f"{__name__}.packages"

HELP = "Run the code of this Python package if the source text names it with `use`. Allow only packages that you trust."
LIST_HELP = "Run the code of this Python package to list what it declares. Allow only packages that you trust."


def keep_allowed(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> None:
    """Keep the values of `--allow` for `allowed`. Raises BadParameter."""
    for name in names:
        wanted = wanted_package(name)
        if wanted is None or wanted.least is not None:
            raise click.BadParameter(f"`{printable(name)}` is not the name of a package", param_hint="--allow")
    context.meta[_KEY] = names


OPTION: dict[str, Any] = {
    "multiple": True,
    "expose_value": False,
    "metavar": "PACKAGE",
    "callback": keep_allowed,
    "help": HELP,
}
"""The option's properties, for commands that group their options."""

allow_option = click.option("--allow", **OPTION)

list_allow_option = click.option("--allow", **{**OPTION, "help": LIST_HELP})
"""The option of commands that list what packages declare, without any source text."""


def allowed() -> tuple[str, ...]:
    """The packages that the current command allows."""
    context = click.get_current_context(silent=True)
    return () if context is None else context.meta.get(_KEY, ())


def allow_words() -> str:
    """The options ` --allow PACKAGE` of the current command, which a command that continues its work needs as well."""
    return "".join(f" --allow {name}" for name in dict.fromkeys(allowed()))


def allow_too(package: str) -> None:
    """Allow a package that the command names in another way."""
    context = click.get_current_context()
    context.meta[_KEY] = (*allowed(), package)


def allowed_packages() -> "list[Package]":
    """The packages that the current command allows, loaded. Exits with 2 if one cannot be used."""
    from ..packages.failures import PackageError
    from ..packages.package_loading import load_package

    found: list[Package] = []
    for name in dict.fromkeys(allowed()):
        try:
            found.append(load_package(RequiredPackage(name=name)))
        except PackageError as error:
            click.echo(f"archdsl: --allow {printable(name)}: {error}", err=True)
            raise SystemExit(2) from None
    return found
