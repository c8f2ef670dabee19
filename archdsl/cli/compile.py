"""`archdsl compile`: PyTorch source."""

import click

from ..diagnostics.terminal import printable
from .common import network_options, parse_override, parse_settings
from .completion import complete_file, complete_network
from .network_text import expression_option, named_network
from .output import write_output


@click.command("compile")
@click.argument("file", required=False, shell_complete=complete_network)
@expression_option
@click.option(
    "-o",
    "--output",
    default="-",
    metavar="PATH",
    shell_complete=complete_file,
    help="Output file; `-` is standard output.",
)
@click.option("--flat", is_flag=True, help="Write out each use of a block, without arguments and loops.")
@network_options
def command(
    file: str | None, text: str | None, output: str, flat: bool, settings: tuple[str, ...], inputs: tuple[str, ...]
) -> None:
    """Generate PyTorch source for the network in FILE. It builds the same module and does not need archdsl."""
    network = named_network(file, text).network(parse_settings(settings), parse_override(inputs))
    write_output(output, network.source(flat).encode())
    if output != "-":
        click.echo(f"{printable(output)}: class {network.graph.name}, {network.parameters:,} parameters")
