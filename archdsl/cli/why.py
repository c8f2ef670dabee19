"""`archdsl why`: derive a shape."""

import sys
from typing import TYPE_CHECKING

import click

from ..diagnostics.terminal import printable
from ..text.word_choice import WordChoice
from .common import network_options, parse_override, parse_settings, refuse_unused, show_diagnostics, usage
from .conflicts import refuse_conflicts
from .network_text import expression_option, named_network
from .shell_completion import complete_network, complete_node

if TYPE_CHECKING:
    from ..analysis.locate import LocatedNode
    from ..graph import Graph, Node

_CONFLICTS = (("--format json", "--full", "--format json always has every layer"),)


@click.command("why")
@click.argument("file", required=False, shell_complete=complete_network)
@click.argument("name", required=False, metavar="NAME|LINE", shell_complete=complete_node)
@expression_option
@network_options
@click.option("--full", is_flag=True, help="Show every layer on its own line, without folding.")
@click.option(
    "--format",
    "output",
    type=WordChoice(["text", "json"]),
    default="text",
    show_default=True,
    help="Output format: text for people, or JSON with every layer.",
)
def command(
    file: str | None,
    name: str | None,
    text: str | None,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    full: bool,
    output: str,
) -> None:
    """Derive the output shape of a layer in FILE, step by step from the input.

    NAME is a module (features.conv1), a tensor (`as x`), a stage or an output; LINE is a line number and stands for the
    last layer on that line. With --input 3xHxW the derivation is symbolic and shows what each step requires of H and
    W.
    """
    refuse_conflicts(_CONFLICTS)
    from ..analysis.derivation import leads_to
    from ..analysis.locate import NodeNotFound, locate

    if text is not None and name is None:  # with -e, the only word is the layer
        file, name = None, file
    if name is None:
        raise click.UsageError("give the network and a layer: archdsl why FILE NAME")
    network = named_network(file, text)
    override = parse_override(inputs)
    analysis = network.analyze(parse_settings(settings), override)
    if not analysis.errors:
        refuse_unused(override)
    try:
        place = locate(analysis.draft, name)
    except NodeNotFound as nothing:
        if analysis.errors:
            show_diagnostics(analysis)
            raise SystemExit(1) from None
        usage(f"{network.source.name}: {nothing}")
    graph = analysis.graph
    derived = leads_to(analysis.draft, place.node) if graph is None else (graph, graph.nodes[place.node.id])
    if output == "json":
        from ..analysis.derivation_report import report

        click.echo(report(place, derived).model_dump_json(indent=2))
    else:
        _show(place, derived, full)
    if analysis.errors:
        sys.stdout.flush()
        click.echo(err=True)
        show_diagnostics(analysis)
        raise SystemExit(1)


def _show(place: "LocatedNode", derived: "tuple[Graph, Node] | None", full: bool) -> None:
    from ..analysis.derivation import decided, derive
    from ..analysis.derivation_text import questions, render, summary

    click.echo(summary(place))
    if derived is None:
        return
    click.echo()
    click.echo(render(derive(*derived, full=full)))
    if asked := decided(*derived):
        click.echo(f"\n{printable(questions(asked))}")
