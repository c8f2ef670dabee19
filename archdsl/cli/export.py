"""`archdsl export`: write a network in formats of other programs."""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import click

from ..analysis.quantities import size
from ..diagnostics.terminal import printable
from ..text.given_path import is_utf8
from ..text.word_choice import WordChoice
from .allowing import allowed
from .common import network_options, parse_override, parse_settings, usage
from .network_text import STDIN, TEXT, NetworkText, expression_option, named_network
from .output_path import OUTPUT_FILE
from .problems import fail, given, need
from .shell_completion import complete_file, complete_network

if TYPE_CHECKING:
    from ..backends.export_formats import Agreement, Exportable, Form

_FORMS = {"onnx": ".onnx", "torch": ".pt2", "torchscript": ".pt", "safetensors": ".safetensors"}
_DEPRECATED = "TorchScript is deprecated in PyTorch: prefer `--to torch` or `--to onnx`"


@click.command("export", epilog="The documentation, under Working with runs, describes each format and how to load it.")
@click.argument("source", required=False, metavar="RUN|FILE", shell_complete=complete_network)
@expression_option
@click.option(
    "--to", "form", type=WordChoice(list(_FORMS)), help="Format [default: by the extension of -o, else onnx]."
)
@click.option(
    "-o",
    "--output",
    type=OUTPUT_FILE,
    metavar="PATH",
    shell_complete=complete_file,
    help="Output file [default: RUN/net or NAME, with the extension of the format].",
)
@click.option(
    "--preprocess/--no-preprocess",
    default=True,
    help="For a RUN: include standardization; image inputs are then pixels from 0 to 255 [default: yes].",
)
@click.option("--batch", type=click.IntRange(min=1), help="Fixed batch size [default: any].")
@click.option("--opset", type=click.IntRange(min=18), help="ONNX opset version.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Random seed for the initial weights of a FILE.",
)
@network_options
def command(
    source: str | None,
    text: str | None,
    form: str | None,
    output: str | None,
    preprocess: bool,
    batch: int | None,
    opset: int | None,
    seed: int,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
) -> None:
    """Export a trained RUN, or the network in FILE with newly initialized weights, to ONNX, a PyTorch exported program
    (.pt2) or TorchScript, or only its weights to safetensors.

    The exported file is loaded, and its outputs are compared with the network's. Except for safetensors, the largest
    difference is reported.
    """
    kind = _form(form, output)
    _refuse(kind, batch, opset)
    network = named_network(source, text)
    folder = Path(source or "-")
    if kind == "safetensors" and given("preprocess"):
        option = "--preprocess" if preprocess else "--no-preprocess"
        usage(f"{option} does not apply to safetensors, which holds weights only")
    if folder.is_dir():
        if settings or inputs:
            usage("--set and --input do not apply to a run, which stores its network")
        if given("seed"):
            usage("--seed initializes the weights of a FILE; a run has trained weights")
        made = _of_run(folder, preprocess and kind != "safetensors", batch)
        path = Path(output) if output else folder / f"net{_FORMS[kind]}"
    else:
        if given("preprocess"):
            usage("--preprocess is for a RUN, which stores the mean and standard deviation of its images")
        made = _of_file(network, settings, inputs, seed, batch)
        path = Path(output) if output else Path(f"{_stem(network)}{_FORMS[kind]}")
    _report(path, made, kind, _write(made, kind, path, opset))


def _form(form: str | None, output: str | None) -> "Form":
    """The format: as given, else by the file extension, else ONNX."""
    ending = Path(output).suffix.lower() if output else _FORMS["onnx"]
    if form is not None and output and ending in _FORMS.values() and ending != _FORMS[form]:
        usage(f"-o {output}: `--to {form}` writes {_FORMS[form]} files, not {ending}")
    named = form or next((each for each, end in _FORMS.items() if end == ending), None)
    if named is None:
        usage(f"{output}: unknown format; use `--to {'|'.join(_FORMS)}`, or the extension {', '.join(_FORMS.values())}")
    return cast("Form", named)


def _refuse(form: "Form", batch: int | None, opset: int | None) -> None:
    if opset is not None and form != "onnx":
        usage("--opset is for `--to onnx`")
    if batch is not None and form == "safetensors":
        usage("--batch does not apply to safetensors, which holds weights only")
    if form == "onnx":
        need("`--to onnx`", "export")
    if opset is not None:
        from ..backends.export_formats import newest_opset

        if opset > (newest := newest_opset()):
            usage(f"--opset {opset}: the newest ONNX opset supported here is {newest}")


def _of_run(folder: Path, prepare: bool, batch: int | None) -> "Exportable":
    import torch

    from ..training.errors.problem import Problem
    from ..training.inference.export_source import of_run
    from ..training.runs.loaded_run import load_run
    from ..training.runs.run_folder import Run

    try:
        return of_run(load_run(Run.open(folder), torch.device("cpu"), allowed()), prepare, batch)
    except Problem as problem:
        fail(problem)


def _of_file(
    text: NetworkText, settings: tuple[str, ...], inputs: tuple[str, ...], seed: int, batch: int | None
) -> "Exportable":
    network = text.network(parse_settings(settings), parse_override(inputs))
    if network.graph.symbols:
        sizes = network.graph.sized_inputs
        usage(f"{text.source.name}: its input has symbolic dimensions; set its size: `{sizes}`")
    from ..training.inference.export_source import of_network

    try:
        return of_network(network, seed, batch)
    except (RuntimeError, MemoryError) as error:
        _without_memory(error)


def _stem(text: NetworkText) -> str:
    name = text.source.name
    return "net" if name in (STDIN, TEXT) else Path(name.rpartition(":")[2]).stem


def _write(made: "Exportable", form: "Form", path: Path, opset: int | None) -> "Agreement":
    from ..backends.export_formats import CannotExport, export

    if not path.parent.is_dir():
        usage(f"{path}: there is no folder {path.parent}")
    if not is_utf8(str(path)):
        usage(f"{path}: the libraries that write it require a UTF-8 locale, such as LC_ALL=C.UTF-8")
    try:
        return export(made, form, path, opset)
    except CannotExport as error:
        click.echo(f"error: {printable(error.why)}", err=True)
        if error.suggestion:
            click.echo(f"  = help: {error.suggestion}", err=True)
        raise SystemExit(1) from error
    except (RuntimeError, MemoryError) as error:
        _without_memory(error)
    except OSError as error:
        usage(f"{path} cannot be written: {error.strerror or error}")


def _without_memory(error: Exception) -> NoReturn:
    """Report that the network does not fit in the free memory; re-raise any other error."""
    from ..training.loop.memory_budget import is_memory

    if not is_memory(error):
        raise error
    click.echo("error: not enough memory for the network's weights and one forward pass", err=True)
    click.echo(
        "  = help: `archdsl check` shows the size of the weights; make the network smaller with `--set` or `--input`",
        err=True,
    )
    raise SystemExit(1) from error


def _report(path: Path, made: "Exportable", form: "Form", agreement: "Agreement") -> None:
    click.echo(f"{printable(str(path))}: {made.facts['network']}, {size(path.stat().st_size)}")
    if form == "safetensors":
        of_run = "classes, mean, standard deviation and the source text are"
        click.echo(f"weights only; {of_run if 'classes' in made.facts else 'the source text is'} in its metadata")
        return
    for each in made.inputs:
        sizes = "×".join(map(str, (made.batch or "N", *each.sizes)))
        click.echo(f"input `{each.name}`: {str(each.dtype).removeprefix('torch.')}, {sizes}")
    tried = " and ".join(str(batch) for batch in agreement.batches)
    click.echo(
        f"{agreement.runtime} gives the same outputs for batches of {tried}: the largest difference is "
        f"{agreement.difference:.1e}, for outputs up to {agreement.largest:.3g}"
    )
    if (tta := made.facts.get("tta", "none")) != "none":
        click.echo(
            f"note: the run was tested with test-time augmentation, `tta {tta}`; the file predicts without it", err=True
        )
    if form == "torchscript":
        click.echo(f"note: {_DEPRECATED}", err=True)
