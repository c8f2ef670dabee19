"""Problems of data, runs or devices, printed by the commands that train or use trained networks."""

import os
from typing import TYPE_CHECKING, NoReturn

import click
from click.core import ParameterSource

from ..diagnostics.terminal import printable

if TYPE_CHECKING:
    from ..training.errors.problem import Problem


def fail(problem: "Problem") -> NoReturn:
    """Print the problem and its help; exit with its status."""
    if not is_main_process():
        click.echo(f"error: process {os.environ['RANK']}: {printable(problem.message())}", err=True)
        raise SystemExit(problem.exit_status)
    show(problem)
    raise SystemExit(problem.exit_status)


def fail_output(problem: "Problem") -> NoReturn:
    """Like `fail`, but output that cannot be written is an error in the command, with status 2."""
    from ..training.errors.disk_errors import CannotWrite, DiskFull

    show(problem)
    raise SystemExit(2 if isinstance(problem, CannotWrite | DiskFull) else problem.exit_status)


def show(problem: "Problem") -> None:
    """Print the problem and its help on standard error."""
    click.echo(f"error: {printable(problem.message())}", err=True)
    for line in problem.details():
        click.echo(f"    {printable(line)}", err=True)
    for suggestion in problem.help():
        click.echo(f"  = help: {printable(suggestion)}", err=True)


def is_main_process() -> bool:
    """Whether this process of a training run prints and writes: the only one, or that of rank 0."""
    return os.environ.get("WORLD_SIZE", "1") == "1" or os.environ.get("RANK", "0") == "0"


_EXTRAS = {
    "data": "train",
    "eval": "train",
    "export": "train",
    "import": "torch",
    "inspect": "train",
    "lsp": "lsp",
    "mcp": "mcp",
    "predict": "train",
    "sweep": "sweep",
    "train": "train",
    "weights": "torch",
}
"""The extra that a command needs."""


def package_missing(command: str, error: ModuleNotFoundError) -> NoReturn:
    """Report the missing packages that a command needs and exit with 2. Raises the error if the module is archdsl's
    own.
    """
    from ..extras import EXTRAS, package_of
    from ..training.errors.missing_extra import IncompleteInstallation, MissingExtra

    name = error.name or ""
    if not name or name.partition(".")[0] == "archdsl":
        raise error
    package, extra = package_of(name), _EXTRAS.get(command)
    if extra is None or package not in EXTRAS[extra]:
        fail(IncompleteInstallation(package))
    fail(MissingExtra(f"`archdsl {command}`", extra))


def need(what: str, extra: str) -> None:
    """Exit with 2 if a package of the extra is not installed."""
    from ..extras import missing
    from ..training.errors.missing_extra import MissingExtra

    if missing(extra):
        fail(MissingExtra(what, extra))


def given(name: str) -> bool:
    """Whether the user gave this parameter of the current command, rather than leaving its default."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE
