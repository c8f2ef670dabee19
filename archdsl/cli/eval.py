"""`archdsl eval`: evaluate a trained run on labeled images."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..diagnostics.terminal import printable, width
from ..text import paths
from ..text.counts import counted
from ..text.word_choice import WordChoice
from .allowing import allow_option, allowed
from .common import usage
from .named_path import NAMED_PATH
from .problems import fail
from .shell_completion import complete_data, complete_folder

if TYPE_CHECKING:
    from ..training.data.images import DataSource, ImageSet, Request
    from ..training.report.run_report import ResultReport, ScoresReport
    from ..training.runs.loaded_run import LoadedRun
    from ..training.tasks.meter import Scores

_MOST_IN_TABLE = 12
_LONGEST_NAME = 16
_PAIRS = 10


@click.command("eval")
@click.argument("run", type=NAMED_PATH, metavar="RUN", shell_complete=complete_folder)
@click.option(
    "--data",
    metavar="NAME|FOLDER",
    shell_complete=complete_data,
    help="Evaluate on another data set; classes are matched by name.",
)
@click.option(
    "--data-dir",
    type=NAMED_PATH,
    metavar="FOLDER",
    help="Read the data set from this folder instead of downloading it.",
)
@click.option(
    "--split",
    type=WordChoice(["test", "validation", "train", "all"]),
    help="Which images to use [default: test, else validation; all of a folder without splits].",
)
@click.option(
    "--fit", type=WordChoice(["exact", "pad", "resize"]), help="How to fit images to the input [default: the run's]."
)
@click.option("--tta", type=WordChoice(["none", "flip", "shift"]), help="Test-time augmentation [default: the run's].")
@allow_option
@click.option("--device", default="auto", metavar="auto|cpu|cuda", show_default=True, help="Device to compute on.")
@click.option(
    "--format", "output", type=WordChoice(["text", "json"]), default="text", show_default=True, help="Output format."
)
def command(
    run: str,
    data: str | None,
    data_dir: str | None,
    split: str | None,
    fit: str | None,
    tta: str | None,
    device: str,
    output: str,
) -> None:
    """Report the loss and the metrics of the network trained in the folder RUN, on the test images of its data set or
    on other images; for classification, also the confusion matrix.

    By default, images, weights, precision and test-time augmentation are those of the test at the end of training, so
    the result is the same.
    """
    from ..training.errors.problem import Problem
    from ..training.inference.assess import assess, images_of
    from ..training.loop.device_setup import choose_device
    from ..training.runs.loaded_run import load_run
    from ..training.runs.run_folder import Run

    try:
        loaded = load_run(Run.open(Path(run)), choose_device(device), allowed())
        source, request = _source(loaded, data, data_dir, fit), _request(loaded, data, data_dir)
        name, images = images_of(loaded, source, request, split, fit or loaded.settings.recipe.data.fit)
        scores = assess(loaded, images, tta)
        _note_custom(loaded)
        _report(loaded, f"{source.spec.name}, {name}", name, images, scores, output)
    except Problem as problem:
        fail(problem)


def _source(loaded: "LoadedRun", data: str | None, data_dir: str | None, fit: str | None) -> "DataSource":
    """The data set to evaluate on. Exits with 2 for an option that does not apply to it. Raises Problem."""
    from ..training.data.registry import find_source

    name = data if data is not None else loaded.settings.data.source
    source = find_source(name, packages=loaded.network.graph.packages)
    if data_dir is not None and not source.reads_data_dir:
        usage(f"--data-dir: `{source.spec.name}` does not read files from a folder; leave it out")
    if fit is not None and source.spec.shape is None:
        usage("--fit: images of a folder are decoded at the network's size; leave it out")
    return source


def _request(loaded: "LoadedRun", data: str | None, data_dir: str | None) -> "Request":
    from rich.console import Console

    from ..training.callbacks.progress import progress_for
    from ..training.data.images import Request

    folder = data_dir or (loaded.settings.data.folder if data is None else None)
    callback = progress_for(Console(stderr=True, highlight=False))
    return Request(loaded.shape, paths.user_cache(), data_dir=Path(folder) if folder else None, download=callback)


def _note_custom(loaded: "LoadedRun") -> None:
    """Note the user's loss and metrics, which are code that is not part of the run."""
    custom = loaded.settings.custom
    if custom.loss is not None:
        used = f"the loss below is `{loaded.settings.recipe.loss.name}`"
        click.echo(f"note: the run minimized `{custom.loss}`, whose code is not part of the run; {used}", err=True)
    if custom.metrics:
        names = ", ".join(f"`{name}`" for name in custom.metrics)
        click.echo(f"note: left out below, since their code is not part of the run: {names}", err=True)


def _report(loaded: "LoadedRun", title: str, name: str, images: "ImageSet", scores: "Scores", output: str) -> None:
    """Print the scores on the images of a split with this name."""
    from ..training.report.gather import gather_result, gather_scores
    from ..training.tasks.class_scores import ClassScores

    words = "images" if loaded.settings.data.inputs == "image" else "samples"
    title = f"{title}: {len(images):,} {words}"
    if not isinstance(scores, ClassScores):
        _show_scores(gather_scores(name, scores, images, loaded.facts, loaded.task), title, output)
        return
    classes = tuple(loaded.settings.data.classes)
    result = gather_result(name, scores, images, classes, loaded.settings.recipe.loss)
    if output == "json":
        click.echo(result.model_dump_json(indent=2))
    else:
        _show(result, title, scores.confusion.tolist())


def _show_scores(scores: "ScoresReport", title: str, output: str) -> None:
    """Print the scores of a task other than classification."""
    from ..training.tasks.metric import named_values

    if output == "json":
        click.echo(scores.model_dump_json(indent=2))
        return
    click.echo(printable(title))
    click.echo(named_values(scores.metrics))
    for table in scores.tables:
        rows = [table.heads, *([_cut(printable(row[0])), *row[1:]] for row in table.rows)]
        click.echo("\n" + _aligned(rows))


def _show(result: "ResultReport", title: str, confusion: list[list[int]]) -> None:
    click.echo(printable(title))
    from ..training.tasks.class_scores import shows_top5

    top5 = f", top-5 {result.top5:.2%}" if shows_top5(len(result.classes)) else ""
    interval = f"95% interval {result.accuracy_low:.2%} to {result.accuracy_high:.2%}"
    click.echo(f"accuracy {result.accuracy:.2%} ({interval}){top5}, loss {result.loss:.4f}")
    if mean := result.mean:
        click.echo(f"macro average: recall {mean.accuracy:.2%}, precision {mean.precision:.2%}, F1 {mean.f1:.2%}")
    if len(result.classes) <= _MOST_IN_TABLE:
        click.echo("\n" + _table(result, confusion))
    if result.pairs and len(result.classes) > 2:
        click.echo(f"\n{counted(result.wrong, 'error')}, the most frequent:")
        for pair in result.pairs[:_PAIRS]:
            click.echo(printable(f"  {pair.true} predicted as {pair.predicted}: {pair.count:,} ({pair.part:.1%})"))


def _table(result: "ResultReport", confusion: list[list[int]]) -> str:
    """One row per true class: images by predicted class, accuracy."""
    names = [_cut(printable(each.name)) for each in result.classes]
    rows = [["true \\ predicted", *names, "accuracy"]]
    for name, each, counts in zip(names, result.classes, confusion, strict=True):
        part = "–" if each.accuracy is None else f"{each.accuracy:.1%}"
        rows.append([name, *(f"{count:,}" if count else "·" for count in counts), part])
    return _aligned(rows)


def _aligned(rows: list[list[str]]) -> str:
    """The rows as columns; the first is aligned on the left."""
    widths = [max(width(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [" " * (wide - width(cell)) + cell for cell, wide in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0] + " " * (widths[0] - width(row[0])), *cells]))
    return "\n".join(lines)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
