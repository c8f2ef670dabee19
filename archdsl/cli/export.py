"""`archdsl export`: a network for other programs."""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import click

from ..analysis.quantities import size
from ..diagnostics.terminal import printable
from .common import load_or_exit, network_options, parse_override, parse_settings, usage
from .problems import fail, given

if TYPE_CHECKING:
    from ..backends.export_formats import Agreement, Exportable, Form

_FORMS = {"onnx": ".onnx", "torch": ".pt2", "torchscript": ".pt", "safetensors": ".safetensors"}
_DEPRECATED = "torch has deprecated TorchScript and gives it no more work: `--to torch` or `--to onnx` where you can"


@click.command("export", epilog="docs/runs.md says what each form holds and how to load it.")
@click.argument("subject", metavar="RUN|FILE")
@click.option("--to", "form", type=click.Choice(list(_FORMS)), help="The form [default: what -o ends with, else onnx].")
@click.option("-o", "--output", metavar="PATH", help="Where to write [default: RUN/net.onnx, NAME.onnx].")
@click.option("--preprocess/--no-preprocess", default=True, help="Take pixels of 0 to 255 (of a run) [default: yes].")
@click.option("--batch", type=click.IntRange(min=1), help="The only size of a batch that it takes [default: any].")
@click.option("--opset", type=click.IntRange(min=18), help="The version of ONNX's operators.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="For the weights of a FILE.")
@network_options
def command(
    subject: str,
    form: str | None,
    output: str | None,
    preprocess: bool,
    batch: int | None,
    opset: int | None,
    seed: int,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
) -> None:
    """Write a trained RUN, or FILE's network with fresh weights, as ONNX, as torch's exported program (.pt2), as
    TorchScript, or its weights alone as safetensors.

    What is written is read back and run; the largest difference of its outputs is told. A RUN's network takes the
    pixels of images as they are: the standardising is a part of the file.
    """
    kind = _form(form, output)
    _refuse(kind, batch, opset)
    folder = Path(subject)
    if kind == "safetensors" and given("preprocess"):
        usage("--preprocess is for what computes; safetensors holds weights alone")
    if folder.is_dir():
        if settings or inputs:
            usage("a run keeps its network: no --set, --input")
        if given("seed"):
            usage("--seed is for the fresh weights of a FILE; a run has its own")
        made = _of_run(folder, preprocess and kind != "safetensors", batch)
        path = Path(output) if output else folder / f"net{_FORMS[kind]}"
    else:
        if given("preprocess"):
            usage("--preprocess is for a RUN, which knows the mean and the deviation of its images")
        made = _of_file(subject, settings, inputs, seed, batch)
        path = Path(output) if output else Path(f"{_stem(subject)}{_FORMS[kind]}")
    _tell(path, made, kind, _write(made, kind, path, opset))


def _form(form: str | None, output: str | None) -> "Form":
    """The form: as asked for, else what the ending says, else ONNX."""
    ending = Path(output).suffix.lower() if output else _FORMS["onnx"]
    if form is not None and output and ending in _FORMS.values() and ending != _FORMS[form]:
        usage(f"-o {output}: `--to {form}` writes {_FORMS[form]}, and {ending} is another form's")
    named = form or next((each for each, end in _FORMS.items() if end == ending), None)
    if named is None:
        usage(f"{output}: say what to write, `--to {'|'.join(_FORMS)}`, or end it with {', '.join(_FORMS.values())}")
    return cast("Form", named)


def _refuse(form: "Form", batch: int | None, opset: int | None) -> None:
    from ..backends.export_formats import missing

    if opset is not None and form != "onnx":
        usage("--opset is for `--to onnx`")
    if batch is not None and form == "safetensors":
        usage("--batch is for what computes; safetensors holds weights alone")
    if gone := missing(form):
        from ..training.errors.missing_packages import MissingExtra

        fail(MissingExtra(f"`--to {form}`", gone))


def _of_run(folder: Path, prepare: bool, batch: int | None) -> "Exportable":
    import torch

    from ..training.errors.problem import Problem
    from ..training.inference.export_source import of_run
    from ..training.runs.loaded_run import open_run
    from ..training.runs.run_folder import Run

    try:
        return of_run(open_run(Run.open(folder), torch.device("cpu")), prepare, batch)
    except Problem as problem:
        fail(problem)


def _of_file(
    name: str, settings: tuple[str, ...], inputs: tuple[str, ...], seed: int, batch: int | None
) -> "Exportable":
    network = load_or_exit(name, parse_settings(settings), parse_override(inputs))
    if network.graph.symbols:
        usage(f"{name}: the sizes of its input are not known; give them: `--input 3x224x224`")
    from ..training.inference.export_source import of_network

    try:
        return of_network(network, seed, batch)
    except (RuntimeError, MemoryError) as error:
        _without_memory(error)


def _stem(name: str) -> str:
    return "net" if name == "-" else Path(name.removeprefix("zoo:")).stem


def _write(made: "Exportable", form: "Form", path: Path, opset: int | None) -> "Agreement":
    from ..backends.export_formats import CannotExport, export

    if not path.parent.is_dir():
        usage(f"{path}: there is no folder {path.parent}")
    try:
        return export(made, form, path, opset)
    except CannotExport as error:
        click.echo(f"error: {printable(error.why)}", err=True)
        if error.way_out:
            click.echo(f"  = help: {error.way_out}", err=True)
        raise SystemExit(1) from error
    except (RuntimeError, MemoryError) as error:
        _without_memory(error)
    except OSError as error:
        usage(f"{path} cannot be written: {error.strerror or error}")


def _without_memory(error: Exception) -> NoReturn:
    """Report that the network is too large for the memory that is left; any other error goes on."""
    from ..training.loop.memory_budget import is_memory

    if not is_memory(error):
        raise error
    click.echo("error: there is not enough memory for the network's weights and one pass through it", err=True)
    click.echo(
        "  = help: `archdsl check` shows what the weights take; `--set` or `--input` may make it smaller", err=True
    )
    raise SystemExit(1) from error


def _tell(path: Path, made: "Exportable", form: "Form", agreement: "Agreement") -> None:
    click.echo(f"{printable(str(path))}: {made.facts['network']}, {size(path.stat().st_size)}")
    if form == "safetensors":
        click.echo("weights alone; classes, mean, deviation and the text are in its metadata")
        return
    for each in made.inputs:
        sizes = "×".join(map(str, (made.batch or "N", *each.sizes)))
        click.echo(f"takes `{each.name}`, {str(each.dtype).removeprefix('torch.')} of {sizes}")
    tried = " and ".join(str(batch) for batch in agreement.batches)
    click.echo(
        f"{agreement.runtime} gives the same outputs, in batches of {tried}: the largest difference is "
        f"{agreement.difference:.1e}, of outputs up to {agreement.largest:.3g}"
    )
    if (tta := made.facts.get("tta", "none")) != "none":
        click.echo(
            f"note: the run's test averaged over changed copies, `tta {tta}`; the file answers for one", err=True
        )
    if form == "torchscript":
        click.echo(f"note: {_DEPRECATED}", err=True)
