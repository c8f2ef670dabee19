"""`archdsl predict`: predict with a trained run."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..diagnostics.terminal import printable
from ..text.word_choice import WordChoice
from .allowing import allow_option, allowed
from .common import usage
from .named_path import NAMED_PATH
from .number_range import NumberRange
from .output_path import OUTPUT_PATH
from .problems import fail_output
from .run_images import invert_option, note_brightness, own_images
from .shell_completion import complete_file, complete_folder

if TYPE_CHECKING:
    from ..training.inference.prediction import ImageName, Prediction
    from ..training.runs.loaded_run import LoadedRun
    from ..training.tasks.presentation import FoundBox
    from .listing_reports import BoxReport

_TOP = 3
MOST_BYTES = 1_000_000


@click.command("predict")
@click.argument("run", type=NAMED_PATH, metavar="RUN", shell_complete=complete_folder)
@click.argument("images", nargs=-1, required=True, metavar="IMAGE…", shell_complete=complete_file)
@click.option("--top", type=click.IntRange(min=1), help="Number of classes to report [default: 3].")
@click.option("--beam", type=click.IntRange(1, 100), help="Captions: width of the beam search [default: 1, greedy].")
@click.option(
    "--length",
    type=click.IntRange(1, MOST_BYTES),
    help="Language models: number of bytes or tokens to generate [default: 200].",
)
@click.option(
    "--temperature",
    type=NumberRange(0, 100),
    help="Language models: divisor of the logits; 0 always chooses the most likely byte or token [default: 0.8].",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Language models: random seed [default: 0].")
@invert_option
@allow_option
@click.option(
    "-o",
    "--output",
    "folder",
    type=OUTPUT_PATH,
    metavar="FOLDER",
    help="Write the predicted masks or images to this folder, as PNG.",
)
@click.option("--device", default="auto", metavar="auto|cpu|cuda", show_default=True, help="Device to compute on.")
@click.option(
    "--format", "output", type=WordChoice(["text", "json"]), default="text", show_default=True, help="Output format."
)
def command(
    run: str,
    images: tuple[str, ...],
    top: int | None,
    beam: int | None,
    length: int | None,
    temperature: float | None,
    seed: int | None,
    invert: bool,
    folder: str | None,
    device: str,
    output: str,
) -> None:
    """Predict the most likely classes of each IMAGE, with probabilities, using the network trained in the folder RUN.

    For segmentation, the classes are listed with their fractions of the pixels, and --output writes the masks; for
    reconstruction, it writes the images. Regression prints the numbers. Detection prints the class, the score and the
    box of each object (left, top, right, bottom in pixels), and --output writes the images with their boxes. A language
    model continues each text that is given in place of an IMAGE, such as "Alice was".

    An IMAGE may be a folder, for all images in it, `-` for an image on standard input, or an image of the run's own
    data set by split and number, such as test:225. A run trained on rows of numbers takes the rows of a CSV or Parquet
    file, and one trained on audio takes WAV files. Unreadable images are reported and skipped, and the exit status is
    then 1.
    """
    from ..training.errors.problem import Problem
    from ..training.loop.device_setup import choose_device
    from ..training.runs.loaded_run import load_run
    from ..training.runs.run_folder import Run

    sampling = _Sampling(length, temperature, seed)
    try:
        loaded = load_run(Run.open(Path(run)), choose_device(device), allowed())
        _refuse_unused(loaded, folder, invert, top, beam, sampling)
        if loaded.task.generates:
            _continue(loaded, images, sampling, output)
            return
        answers = _answers(loaded, images, folder, _Search(top or _TOP, beam or 1, invert), show=output == "text")
    except Problem as problem:
        fail_output(problem)
    if output == "json":
        click.echo(json.dumps([_record(answer) for answer in answers], indent=2, ensure_ascii=False))
    if loaded.settings.data.inputs == "image":
        note_brightness(loaded, [(each.name, each.mean) for each in answers if each.mean is not None], invert)
    if any(answer.problem for answer in answers):
        raise SystemExit(1)


def _refuse_unused(
    loaded: "LoadedRun", folder: str | None, invert: bool, top: int | None, beam: int | None, sampling: "_Sampling"
) -> None:
    """Exit with 2 for an option that does not apply to the task of the run."""
    task = loaded.task
    if folder is not None and not task.writes_images:
        usage("--output writes masks or images, but this run predicts neither; leave it out")
    if invert and loaded.settings.data.inputs != "image":
        usage("--invert inverts images, but this run takes none; leave it out")
    if task.generates:
        if top is not None or beam is not None:
            usage("--top is for classes and --beam for captions, but this run is a language model; leave it out")
        return
    if any(value is not None for value in sampling):
        usage("--length, --temperature and --seed are for language models, but this run is not one; leave them out")
    if beam is not None and not task.reads_words:
        usage("--beam is for captions, which this run does not write; leave it out")
    if top is not None and not {"class", "classes", "mask"} & set(task.targets):
        usage("--top is for classes, which this run does not predict; leave it out")


class _Search(NamedTuple):
    """The number of classes, the width of the beam search, and whether images are inverted."""

    top: int
    beams: int
    invert: bool


def _answers(
    loaded: "LoadedRun", images: tuple[str, ...], folder: str | None, search: _Search, *, show: bool
) -> "list[Prediction]":
    """The predictions, batch by batch; each is printed if `show` is set. Raises Problem."""
    from ..training.inference.prediction import BATCH, predict

    named, answers = _found(images, loaded)
    own = own_images(loaded)
    if show:
        _show(answers)
    for start in range(0, len(named), BATCH):
        some = predict(loaded, named[start : start + BATCH], search.top, own, search.invert, search.beams)
        if folder is not None:
            some = [_written(answer, Path(folder)) for answer in some]
        if show:
            _show(some)
        answers += some
    return answers


class _Sampling(NamedTuple):
    """How a language model continues texts; None for the default."""

    length: int | None
    temperature: float | None
    seed: int | None


def _continue(loaded: "LoadedRun", texts: tuple[str, ...], sampling: _Sampling, output: str) -> None:
    """Print how a language model continues each text. Raises Problem."""
    from ..training.inference.generation import LENGTH, TEMPERATURE, continued, prompt_of
    from ..training.inference.split_images import parse_split_image
    from .listing_reports import PredictionReport

    records, own = [], own_images(loaded)
    length = LENGTH if sampling.length is None else sampling.length
    temperature = TEMPERATURE if sampling.temperature is None else sampling.temperature
    for text in texts:
        sample = parse_split_image(text)
        prompt = text if sample is None else prompt_of(own, sample, loaded.tokenizer)
        made = continued(loaded, prompt.encode("utf-8", "replace"), length, temperature, sampling.seed or 0)
        words = made.decode("utf-8", "replace")
        if output == "text":
            click.echo("\n".join(printable(line) for line in f"{prompt}{words}".split("\n")))
        records.append(PredictionReport(image=text, text=words).model_dump(exclude_none=True))
    if output == "json":
        click.echo(json.dumps(records, indent=2, ensure_ascii=False))


def _found(images: tuple[str, ...], loaded: "LoadedRun") -> "tuple[list[ImageName], list[Prediction]]":
    """The images, and an answer for each folder without images and each invalid name."""
    from ..training.errors.data_errors import BadAudio, BadImages, BadTable
    from ..training.inference.prediction import Prediction, named_images

    found: list[ImageName] = []
    invalid: list[Prediction] = []
    for name in images:
        try:
            found += named_images(name, loaded)
        except (BadImages, BadTable, BadAudio) as problem:
            invalid.append(Prediction(name, problem=problem))
    return found, invalid


def _show(answers: "list[Prediction]") -> None:
    from ..training.tasks.box_images import box_words

    for answer in answers:
        if answer.problem:
            click.echo(printable(f"error: {answer.problem.message()}"), err=True)
            for suggestion in answer.problem.help():
                click.echo(f"  = help: {suggestion}", err=True)
            continue
        named = ", ".join(f"{name} {probability:.1%}" for name, probability in answer.classes)
        numbers = _numbers(answer.values)
        plain = len(answer.values) == 0 and answer.boxes is None
        true = f"; true{' class' if plain else ''}: {answer.true}" if answer.true is not None else ""
        file = f"; {answer.file}" if answer.file is not None else ""
        boxes = box_words(answer.boxes) if answer.boxes is not None else ""
        click.echo(printable(f"{answer.name}: {named}{numbers}{boxes}{answer.text or ''}{true}{file}"))


def _numbers(values: Mapping[str, float]) -> str:
    """Metrics in their usual format, other numbers after their names."""
    from ..training.tasks.metric import METRICS, written

    if all(name in METRICS for name in values):
        return written(values)
    return ", ".join(f"{name} {value:.6g}" for name, value in values.items())


def _written(answer: "Prediction", folder: Path) -> "Prediction":
    """The answer, whose image was written to the folder. Raises DiskFull, CannotWrite."""
    from dataclasses import replace

    from ..training.inference.image_writing import write_pixels

    if answer.image is None:
        return answer
    path = folder / (re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(answer.name).stem).strip("-.") + ".png")
    write_pixels(path, answer.image)
    return replace(answer, file=path)


def _box(found: "FoundBox") -> "BoxReport":
    from .listing_reports import BoxReport

    left, top, right, bottom = (round(side, 2) for side in found.box)
    return BoxReport(name=found.name, score=found.score, left=left, top=top, right=right, bottom=bottom)


def _record(answer: "Prediction") -> dict[str, object]:
    from .listing_reports import PredictionReport

    if answer.problem:
        found = PredictionReport(image=answer.name, error=answer.problem.why)
    else:
        found = PredictionReport(
            image=answer.name,
            true=answer.true,
            classes=dict(answer.classes) if answer.classes else None,
            values=dict(answer.values) if answer.values else None,
            file=str(answer.file) if answer.file is not None else None,
            text=answer.text,
            boxes=None if answer.boxes is None else [_box(each) for each in answer.boxes],
        )
    return found.model_dump(exclude_none=True)
