"""`archdsl import`: a network from another framework or file format as a text."""

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from ..diagnostics.terminal import printable
from ..text.counts import counted
from .common import named_values, usage
from .output import write_output
from .output_path import OUTPUT_FILE, output_option
from .shell_completion import complete_file

if TYPE_CHECKING:
    from ..importing.imported import Imported


@click.command("import", epilog="The documentation, under Importing networks, describes each kind of source.")
@click.argument("source", shell_complete=complete_file)
@output_option
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SIZE",
    help="Size of an input: 3x224x224, `128 int(30522)` for IDs, or NAME=SIZE [default: that of the source, else "
    "3x224x224].",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="An argument of the callable, the `scale` of a .yaml, or the `architecture` of a config.json.",
)
@click.option("--name", metavar="NAME", help="Name of the network [default: that of the source].")
@click.option("--weights", type=OUTPUT_FILE, metavar="PATH", help="Write the weights to a safetensors file as well.")
@click.option(
    "--partial", is_flag=True, help="Write `unknown` for operations that cannot be imported; the exit status is then 1."
)
def command(
    source: str,
    output: str,
    inputs: tuple[str, ...],
    settings: tuple[str, ...],
    name: str | None,
    weights: str | None,
    partial: bool,
) -> None:
    """Import a network. SOURCE is MODULE:CALLABLE or FILE.py:CALLABLE, whose code is run, or a file, from which no
    code is run (Hugging Face config.json, Darknet .cfg, .keras, Keras .json, .onnx, .pt2, .yaml of a detection
    network).

    Where possible, the network is compared with the source: parameters, multiply-accumulates, and the outputs with the
    same weights. Nothing is written if they differ.
    """
    from ..importing.import_problem import ImportFailed, UnusableSource
    from ..importing.sources import ImportRequest, default_name, import_source

    if not source:
        usage("the name of the source is empty")
    request = ImportRequest(source, name or default_name(source), inputs, _arguments(settings))
    try:
        with redirect_stdout(sys.stderr):  # what the imported code prints does not belong to the text
            imported = import_source(request)
            imported.check(partial=partial)
    except UnusableSource as error:
        click.echo(f"archdsl: {printable(error.message)}", err=True)
        if error.suggestion:
            click.echo(f"  = help: {printable(error.suggestion)}", err=True)
        raise SystemExit(2) from None
    except ImportFailed as error:
        _show_problems(error.message, error.problems)
        if error.rest:
            click.echo("  = help: `--partial` writes the rest, with `unknown` in place of these operations", err=True)
        raise SystemExit(1) from None
    if weights is not None and imported.network is not None and imported.network.parameters and not imported.weights:
        usage(f"--weights: {source} has no weights")
    write_output(output, imported.text.encode())
    if imported.problems:
        _show_problems("a part of the network cannot be imported:", imported.problems)
        _show_notes(imported, err=True)
        raise SystemExit(1)
    _write_weights(imported, weights)
    click.echo(f"imported: {_compared(imported)}", err=output == "-")
    _show_notes(imported, err=output == "-")


def _show_notes(imported: "Imported", *, err: bool) -> None:
    for note in imported.notes:
        click.echo(f"  = note: {printable(note)}", err=err)


def _compared(imported: "Imported") -> str:
    network = imported.network
    if imported.proof is not None or network is None:
        return str(imported.proof)
    return f"{counted(network.parameters, 'parameter')}, {network.macs:,} MACs; they cannot be compared with the source"


def _show_problems(message: str, problems: Any) -> None:
    click.echo(f"error: {printable(message)}", err=True)
    for problem in dict.fromkeys(problems):
        click.echo(f"    {printable(str(problem))}", err=True)


def _arguments(settings: tuple[str, ...]) -> dict[str, Any]:
    """The values of `--set`: Python literals, or text."""
    import ast

    found: dict[str, Any] = {}
    for name, value in named_values(settings).items():
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found[name] = value
    return found


def _write_weights(imported: "Imported", path: str | None) -> None:
    if path is None:
        return
    from pathlib import Path

    from safetensors.torch import save

    if not path.endswith(".safetensors"):
        usage(f"--weights: {path} should end with .safetensors")
    if not Path(path).parent.is_dir():
        usage(f"{path}: there is no folder {Path(path).parent}")
    write_output(path, save({name: each.contiguous() for name, each in imported.weights.items()}))
