"""`archdsl why`: where a shape comes from."""

from typing import TYPE_CHECKING

import click

from ..diagnostics.terminal import printable
from .common import network_options, parse_override, parse_settings, read, show_mistakes, usage

if TYPE_CHECKING:
    from ..analysis.locate import Place
    from ..graph import Graph


@click.command("why")
@click.argument("file")
@click.argument("name", metavar="NAME|LINE")
@network_options
@click.option("--full", is_flag=True, help="Every layer on a line of its own, nothing folded.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs: every layer, nothing folded.",
)
def command(file: str, name: str, settings: tuple[str, ...], inputs: tuple[str, ...], full: bool, output: str) -> None:
    """Derive the shape that a layer of FILE gives, step by step from the input.

    NAME is that of a module (features.conv1), of a tensor (`as x`), a stage or an output; LINE a line of the text,
    whose last layer is meant. With --input 3xHxW the derivation is in closed forms, and tells what each step demands
    of H and W.
    """
    from ..analysis.locate import Nothing, locate
    from ..diagnostics import Sink
    from ..network import analyse

    network = analyse(read(file), Sink(), parse_settings(settings), parse_override(inputs))
    failed = any(found.diagnostic.severity == "error" for found in network.diagnostics)
    try:
        place = locate(network.graph, name)
    except Nothing as nothing:
        if failed:
            show_mistakes(network)
            raise SystemExit(1) from None
        usage(f"{file}: {nothing}")
    if output == "json":
        from ..analysis.derivation_report import report

        click.echo(report(network.graph, place).model_dump_json(indent=2))
    else:
        _show(network.graph, place, full)
    if failed:
        click.echo(err=True)
        show_mistakes(network)
        raise SystemExit(1)


def _show(graph: "Graph", place: "Place", full: bool) -> None:
    from ..analysis.derivation import decided, derive
    from ..analysis.derivation_text import questions, render, summary

    click.echo(summary(place))
    click.echo()
    click.echo(render(derive(graph, place.node, full=full)))
    if asked := decided(graph, place.node):
        click.echo(f"\n{printable(questions(asked))}")
