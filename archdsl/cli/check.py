"""`archdsl check`: shapes, parameters, mistakes. Imports neither torch nor numpy."""

import sys

import click

from ..diagnostics import Sink
from ..diagnostics.text import printable, summary
from ..network import Network, analyse
from ..source import Source
from .common import network_options, parse_override, parse_settings, read, show_mistakes


@click.command("check")
@click.argument("files", nargs=-1, metavar="FILE…")
@click.option("-e", "--expr", "text", metavar="TEXT", help="Check this text instead of a file.")
@network_options
@click.option("--explain", is_flag=True, help="Show the arithmetic of every side.")
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to report."
)
def command(
    files: tuple[str, ...],
    text: str | None,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    explain: bool,
    output: str,
) -> None:
    """Check networks: shapes, parameters, multiply-accumulates, mistakes.

    One FILE gets its table, several a line each; `-` is standard input.
    """
    if bool(files) == (text is not None):
        raise click.UsageError("give the files to check, or a text with -e")
    sources = [read(name) for name in files] if text is None else [Source(text, name="<text>")]
    values, override = parse_settings(settings), parse_override(inputs)
    networks = [analyse(source, Sink(), values, override) for source in sources]
    if output == "json":
        _json(networks)
    elif len(networks) == 1:
        _table(networks[0], explain)
    else:
        _lines(networks)
    sys.exit(any(_errors(network) for network in networks))


def _errors(network: Network) -> int:
    return sum(found.diagnostic.severity == "error" for found in network.diagnostics)


def _table(network: Network, explain: bool) -> None:
    from ..analysis.table import table, totals, verdict

    if network.graph.nodes:
        click.echo(table(network, explain=explain))
        click.echo()
        click.echo(totals(network))
    if network.graph.nodes and network.diagnostics:
        click.echo()
    if network.diagnostics:
        sys.stdout.flush()
        show_mistakes(network)
    if not _errors(network):
        click.echo(f"✓ {verdict(network)}")


def _lines(networks: list[Network]) -> None:
    from ..analysis.table import si, verdict

    for network in networks:
        name = printable(network.source.name)
        if _errors(network):
            click.echo(f"✗ {name}: {summary(network.diagnostics)}")
            continue
        total = network.costs.total
        click.echo(f"✓ {name}: {verdict(network)}, {total.parameters:,} parameters, {si(total.macs)} MACs")
    for network in networks:
        if network.diagnostics:
            click.echo(err=True)
            show_mistakes(network)


def _json(networks: list[Network]) -> None:
    from ..analysis.report import report

    models = [report(network) for network in networks]
    if len(models) == 1:
        click.echo(models[0].model_dump_json(indent=2))
    else:
        click.echo("[" + ",\n".join(model.model_dump_json(indent=2) for model in models) + "]")
