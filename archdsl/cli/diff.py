"""`archdsl diff`: compare two networks. Imports neither torch nor numpy."""

import sys

import click

from ..diagnostics import Sink
from ..network import Network, analyze
from ..text.files import UnreadableFile
from ..text.library import Library, Stack
from ..text.source import Source
from ..zoo import shipped
from .common import parse_override, parse_settings, read, refuse_unused, show_diagnostics, usage
from .conflicts import refuse_conflicts

_CONFLICTS = (
    ("--format json", "--full", "--format json has every tensor"),
    ("--format markdown", "--full", "--format markdown is a short summary"),
)


@click.command("diff")
@click.argument("a")
@click.argument("b")
@click.option("--set", "both", multiple=True, metavar="NAME=VALUE", help="Set a parameter of both networks.")
@click.option("--set-a", multiple=True, metavar="NAME=VALUE", help="Set a parameter of A only.")
@click.option("--set-b", multiple=True, metavar="NAME=VALUE", help="Set a parameter of B only.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SIZE",
    help="Set the input size of both: 3x224x224, or NAME=3x224x224.",
)
@click.option("--full", is_flag=True, help="List every tensor that does not carry over or is renamed.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Output format: text for people, JSON, or Markdown for a pull request comment.",
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
    """Compare two networks layer by layer, and list which weights of A can be loaded into B.

    A and B are files, zoo:NAME, or REVISION:FILE of a git repository. The exit status is 0 if the networks are the
    same, 1 if they differ, and 2 for an error, as with the Unix diff.
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
    """A network without errors; otherwise shows them and exits with 2, because 1 means that the networks differ."""
    source, library = _read(name)
    override = parse_override(inputs)
    analysis = analyze(source, Sink(), parse_settings(settings), override, library)
    if analysis.network is None:
        show_diagnostics(analysis)
        raise SystemExit(2)
    refuse_unused(override)
    return analysis.network


def _read(name: str) -> tuple[Source, Library | None]:
    """The text with this name, and the library of the files that it uses; None for files on disk next to it."""
    from .revision import is_revision, read_revision

    if not is_revision(name):
        return read(name), None
    try:
        source, library = read_revision(name)
    except UnreadableFile as error:
        usage(f"{name}: {error}")
    return source, Stack(library, shipped())
