"""`archdsl compile`: PyTorch or Keras source."""

from typing import Any

import click

from ..diagnostics.terminal import printable
from ..network import Network
from ..text.counts import counted
from ..text.word_choice import WordChoice
from .common import network_options, parse_override, parse_settings, usage
from .network_text import expression_option, named_network
from .output import write_output
from .output_path import output_option
from .shell_completion import complete_network


class _Target(WordChoice):
    """`torch`, `keras`, or PACKAGE:BACKEND."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The target as given. Fails for any other word."""
        return value if isinstance(value, str) and ":" in value else super().convert(value, param, ctx)


@click.command("compile")
@click.argument("file", required=False, shell_complete=complete_network)
@expression_option
@output_option
@click.option(
    "--to",
    "framework",
    type=_Target(["torch", "keras"]),
    metavar="torch|keras|PACKAGE:BACKEND",
    default="torch",
    show_default=True,
    help="Framework, or a backend of a Python package; the package's code is run. Keras models put the channels last.",
)
@click.option("--flat", is_flag=True, help="Write out each use of a block in full, without arguments or loops.")
@network_options
def command(
    file: str | None,
    text: str | None,
    output: str,
    framework: str,
    flat: bool,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
) -> None:
    """Generate PyTorch or Keras source that builds the network in FILE and does not need archdsl.

    `--to PACKAGE:BACKEND` calls a backend of an installed package; no --allow is needed for it.
    """
    if flat and framework != "torch":
        usage("`--flat` is for `--to torch`" + (": Keras source has no classes" if framework == "keras" else ""))
    backend = None
    if ":" in framework:
        from .package_backend import find_backend

        backend = find_backend(framework)
    network = named_network(file, text).network(parse_settings(settings), parse_override(inputs))
    if backend is not None:
        data, kind = backend(network.graph), framework
    elif framework == "torch":
        data, kind = network.source(flat).encode(), "class"
    else:
        data, kind = _keras(network).encode(), "model"
    write_output(output, data)
    if output != "-":
        click.echo(f"{printable(output)}: {kind} {network.graph.name}, {counted(network.parameters, 'parameter')}")


def _keras(network: Network) -> str:
    """Keras source; exits with 1 if Keras lacks a layer."""
    from ..backends.keras import Unsupported

    try:
        return network.keras_source()
    except Unsupported as error:
        node = next((node for node in network.graph.nodes if node.name == error.name), None)
        where = "" if node is None else f"{printable(node.text)}, line {node.span.line}: "
        click.echo(f"error: {where}{error.what}", err=True)
        click.echo("  = help: `--to torch` supports every layer", err=True)
        raise SystemExit(1) from None
