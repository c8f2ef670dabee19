"""`archdsl compile`: PyTorch source."""

from pathlib import Path

import click

from .common import load_or_exit, network_options, parse_override, parse_settings, usage


@click.command("compile")
@click.argument("file")
@click.option("-o", "--output", default="-", metavar="PATH", help="Where to write; `-` is standard output.")
@network_options
def command(file: str, output: str, settings: tuple[str, ...], inputs: tuple[str, ...]) -> None:
    """Write FILE's network as PyTorch source that needs no archdsl and builds the same module."""
    network = load_or_exit(file, parse_settings(settings), parse_override(inputs))
    text = network.to_source()
    if output == "-":
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        usage(f"{output} cannot be written: {error.strerror}")
    click.echo(f"{output}: class {network.graph.name}, {network.parameters:,} parameters")
