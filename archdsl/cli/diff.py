"""`archdsl diff`: two networks side by side. Imports neither torch nor numpy."""

import sys

import click

from ..diagnostics import Sink
from ..network import Network, analyse
from ..text.files import Unreadable
from ..text.library import Library, Stack
from ..text.source import Source
from ..zoo import shipped
from .common import parse_override, parse_settings, read, refuse_unused, show_mistakes, usage
from .conflicts import refuse_conflicts

_CONFLICTS = (
    ("--format json", "--full", "--format json has every tensor"),
    ("--format markdown", "--full", "--format markdown is short, for a comment"),
)


@click.command("diff")
@click.argument("a")
@click.argument("b")
@click.option("--set", "both", multiple=True, metavar="NAME=VALUE", help="A value for a parameter of both networks.")
@click.option("--set-a", multiple=True, metavar="NAME=VALUE", help="For a parameter of A alone.")
@click.option("--set-b", multiple=True, metavar="NAME=VALUE", help="For a parameter of B alone.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SIZES",
    help="Other sizes for the input of both: 3x224x224, NAME=SIZES.",
)
@click.option("--full", is_flag=True, help="List every tensor that does not carry over, and every one renamed.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="For people, for programs, for a comment on a pull request.",
)
def command(
    a: str,
    b: str,
    both: tuple[str, ...],
    set_a: tuple[str, ...],
    set_b: tuple[str, ...],
    inputs: tuple[str, ...],
    full: bool,
    output: str,
) -> None:
    """Compare two networks layer by layer, and say which weights of A serve in B.

    A and B are files, zoo:NAME, or REVISION:FILE of a git repository. Ends with 0 where they are the same network, 1
    where they differ, 2 for a mistake, as diff does.
    """
    refuse_conflicts(_CONFLICTS)
    first = _network(a, (*both, *set_a), inputs)
    second = _network(b, (*both, *set_b), inputs)
    from ..analysis.diff import diff

    found = diff(first.graph, second.graph, (first.source.name, second.source.name))
    if output == "json":
        from ..analysis.diff.diff_report import report

        click.echo(report(found).model_dump_json(indent=2))
    elif output == "markdown":
        from ..analysis.diff.diff_markdown import render as as_markdown

        click.echo(as_markdown(found))
    else:
        from ..analysis.diff.diff_text import render

        click.echo(render(found, full=full))
    sys.exit(int(found.differs))


def _network(name: str, settings: tuple[str, ...], inputs: tuple[str, ...]) -> Network:
    """A network without mistakes; else shows them and exits with 2, for 1 says that two networks differ."""
    source, library = _read(name)
    override = parse_override(inputs)
    analysis = analyse(source, Sink(), parse_settings(settings), override, library)
    if analysis.network is None:
        show_mistakes(analysis)
        raise SystemExit(2)
    refuse_unused(override)
    return analysis.network


def _read(name: str) -> tuple[Source, Library | None]:
    """The text of a name, and the library of the files that it uses; None for those on the disk beside it."""
    from .revision import is_revision, read_revision

    if not is_revision(name):
        return read(name), None
    try:
        source, library = read_revision(name)
    except Unreadable as error:
        usage(f"{name}: {error}")
    return source, Stack(library, shipped())
