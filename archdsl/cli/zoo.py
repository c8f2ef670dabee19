"""`archdsl zoo`: the built-in architectures."""

import click

from .. import zoo
from ..analysis.quantities import si
from ..diagnostics import Sink
from ..network import analyze
from ..text.files import UnreadableFile
from .common import format_option, usage
from .shell_completion import complete_zoo
from .unknown_words import CommandGroup

_TASK = len("text recognition")
"""The length of the longest task."""


class _Zoo(CommandGroup):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in zoo.entries() and not ctx.resilient_parsing:
            ctx.fail(f"to print the network: `archdsl zoo show {args[0]}`")
        return super().resolve_command(ctx, args)


@click.group("zoo", cls=_Zoo, invoke_without_command=True)
@format_option
@click.pass_context
def command(context: click.Context, output: str) -> None:
    """List the built-in architectures: name, parameters, MACs, task, year, paper.

    Use `zoo:NAME` in place of a file: archdsl check zoo:resnet50
    """
    if context.invoked_subcommand is not None:
        if output != "text":
            raise click.UsageError("--format is for the list of networks")
        return
    if output == "json":
        from .listing_reports import zoo_report

        click.echo(zoo_report().model_dump_json(indent=2))
        return
    wide = max(map(len, zoo.entries()))
    click.echo(f"{'name':<{wide}}  {'parameters':>11}  {'MACs':>7}  {'task':<{_TASK}}  year  paper")
    for name, entry in zoo.entries().items():
        # Print each line immediately: all of them take a few seconds.
        click.echo(f"{name:<{wide}}  {_figures(entry)}")


def _figures(entry: zoo.ZooEntry) -> str:
    total = analyze(entry.source(), Sink()).checked().costs.total
    paper = entry.citation()
    figures = f"{total.parameters:>11,}  {si(total.macs):>7}  {entry.task:<{_TASK}}"
    return f"{figures}  {paper.year}  {paper.authors}: {paper.title}, {paper.venue}"


@command.command("show")
@click.argument("name", shell_complete=complete_zoo)
def show(name: str) -> None:
    """Print the source text of an architecture."""
    try:
        click.echo(zoo.find(name).source().text, nl=False)
    except UnreadableFile as error:
        usage(f"{name}: {error}")


@command.command("cite")
@click.argument("names", nargs=-1, required=True, metavar="NAME…", shell_complete=complete_zoo)
def cite(names: tuple[str, ...]) -> None:
    """Print the BibTeX entries of the papers of the given architectures."""
    papers: dict[str, None] = {}
    for name in names:
        try:
            papers[zoo.find(name).citation().bibtex()] = None
        except UnreadableFile as error:
            usage(f"{name}: {error}")
    click.echo("\n\n".join(papers))
