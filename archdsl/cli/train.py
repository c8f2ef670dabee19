"""`archdsl train`: train a network, or resume a run. torch is imported after the network has been checked."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from ..diagnostics.terminal import printable
from ..text.counts import counted
from ..training.data.registry import data_sets
from ..training.recipe.grouped_options import GroupedCommand, grouped_option
from ..training.recipe.groups import OptionGroup
from ..training.recipe.options import given_options, recipe_options
from .allowing import OPTION, allow_words
from .common import in_shell, usage
from .named_path import NAMED_PATH
from .network_text import named_network
from .output_path import OUTPUT_PATH, refuse_other_text
from .problems import fail, need
from .score_words import scores_in_words
from .shell_completion import complete_file, complete_network
from .train_work import AUTO, TrainOptions, resume_run, start, start_or_resume
from .training_options import data_dir_option, device_option, expression_option, input_option

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..training.loop.process_group import ProcessGroup
    from ..training.runs.run_folder import Run
    from ..training.session import Outcome

_AUTO_NEEDS = f"`--resume {AUTO}` starts or resumes a run: give the network, and the run's folder with --out"
_STOPPED = 130
"""The exit status after Ctrl-C, as in shells."""


def complete_logger(context: click.Context, parameter: click.Parameter, start: str) -> list[CompletionItem]:
    """Shell completions of `--log`."""
    from ..training.callbacks.loggers import logger_names

    return [CompletionItem(name) for name in logger_names() if name.startswith(start)]


_HELP = f"""Train the network in FILE on {", ".join(data_sets())}, a data set from the Hugging Face Hub
(hf:OWNER/NAME), or a folder or file of images, audio, numbers or text.

Weights, learning curves, scores, settings and checkpoints are written to the run's folder.
"""


@click.command(
    "train",
    cls=GroupedCommand,
    help=_HELP,
    epilog="Options override the settings in the file's `train { … }` block.",
)
@click.argument("file", required=False, shell_complete=complete_network)
@expression_option
@recipe_options
@device_option
@grouped_option(
    OptionGroup.COMMON, "--out", type=OUTPUT_PATH, metavar="FOLDER", help="Run folder. [default: runs/NET-DATA-N]"
)
@grouped_option(
    OptionGroup.COMMON,
    "--resume",
    type=NAMED_PATH,
    metavar="RUN|auto",
    help="Resume the run in this folder; `auto` resumes the run in --out, or starts it if there is none.",
)
@grouped_option(
    OptionGroup.COMMON,
    "--dry-run",
    is_flag=True,
    help="Run a few training steps and one validation batch, without writing a run folder.",
)
@data_dir_option
@grouped_option(
    OptionGroup.MODEL,
    "--from",
    "initial",
    type=NAMED_PATH,
    metavar="PATH",
    shell_complete=complete_file,
    help="Start from these weights: a .safetensors file or index, a .pth, .pt, .bin or .ckpt file, the folder of a "
    "run, torchvision:NAME or hf:OWNER/NAME.",
)
@grouped_option(
    OptionGroup.MODEL,
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter of the network.",
)
@grouped_option(OptionGroup.MODEL, "--allow", **OPTION)
@input_option
@grouped_option(
    OptionGroup.OUTPUT, "--tensorboard", is_flag=True, help="Also write TensorBoard event files to the run's folder."
)
@grouped_option(
    OptionGroup.OUTPUT,
    "--log",
    "loggers",
    multiple=True,
    metavar="LOGGER",
    shell_complete=complete_logger,
    help="Also log to mlflow, trackio, wandb or tensorboard, or with a logger of an installed package.",
)
def command(
    file: str | None,
    text: str | None,
    resume: str | None,
    dry_run: bool,
    data_dir: str | None,
    initial: str | None,
    out: str | None,
    device: str,
    tensorboard: bool,
    loggers: tuple[str, ...],
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    **recipe: Any,
) -> None:
    """Train a network, or resume a run: see `_HELP`."""
    named = tuple(dict.fromkeys((*(["tensorboard"] if tensorboard else []), *loggers)))
    options = TrainOptions(given_options(recipe), data_dir, device, named, initial)
    with _silence_other_processes():
        refuse_other_text()
        if tensorboard:
            need("--tensorboard", "tensorboard")
        _refuse_unknown_loggers(named)
        if dry_run:
            work = _dry_run(_Named(file, text, settings, inputs, out), resume, options)
        else:
            work = _training(_Named(file, text, settings, inputs, out), resume, options)
    if status := _run_in_group(work, options):
        sys.exit(status)


class _Named(NamedTuple):
    """What the command names: the network, its parameters and input sizes, and the run's folder."""

    file: str | None
    text: str | None
    settings: tuple[str, ...]
    inputs: tuple[str, ...]
    out: str | None

    @property
    def is_network(self) -> bool:
        """Whether it names a network."""
        return self.file is not None or self.text is not None


def _dry_run(named: _Named, resume: str | None, options: TrainOptions) -> "Callable[[ProcessGroup], int]":
    """What each process does for --dry-run."""
    from .dry_run import dry_run

    if resume == AUTO and (not named.is_network or named.out is None):
        usage(_AUTO_NEEDS)
    if resume is not None and (resume != AUTO or _holds_run(named.out)):
        usage("--dry-run does not apply to a resumed run, which has taken its first steps; leave out --resume")
    if not named.is_network:
        usage("give a network to train")
    return dry_run(named_network(named.file, named.text), named.settings, named.inputs, named.out, options)


def _holds_run(out: str | None) -> bool:
    from ..training.runs.run_folder import Run

    return out is not None and Run(Path(out), writes=False).exists


def _training(named: _Named, resume: str | None, options: TrainOptions) -> "Callable[[ProcessGroup], int]":
    """What each process does to start or resume a run."""
    file, text, settings, inputs, out = named
    if resume == AUTO:
        if not named.is_network or out is None:
            usage(_AUTO_NEEDS)
        work = start_or_resume(named_network(file, text), settings, inputs, out, options)
    elif resume is not None:
        if options.initial is not None:
            usage("--from does not apply to a resumed run, which continues with its own weights")
        if settings or inputs or out:
            usage("--set, --input and --out do not apply to a resumed run, which keeps its network and folder")
        if text is not None:
            usage("-e does not apply to a resumed run, which keeps its network")
        work = resume_run(resume, file, options)
    elif named.is_network:
        work = start(named_network(file, text), settings, inputs, out, options)
    else:
        usage("give a network to train, or a run to resume: `--resume RUN`")
    return lambda group: _report(work(group), group)


def _refuse_unknown_loggers(names: tuple[str, ...]) -> None:
    """Exit if a logger cannot be used."""
    if names:
        from ..training.callbacks.loggers import refuse_unknown_loggers
        from ..training.errors.problem import Problem

        try:
            refuse_unknown_loggers(names)
        except Problem as problem:
            fail(problem)


def _silence_other_processes() -> "AbstractContextManager[object]":
    """Errors in the text and the options are the same in all processes: the first process of a machine reports them."""
    return redirect_stderr(io.StringIO()) if os.environ.get("LOCAL_RANK", "0") != "0" else nullcontext()


def _run_in_group(work: "Callable[[ProcessGroup], int]", options: TrainOptions) -> int:
    """Run in the group of all processes that were started together; alone if there is only this one."""
    from ..training.errors.problem import Problem
    from ..training.errors.process_errors import PeerFailed
    from ..training.loop.process_group import SINGLE_PROCESS

    try:
        if os.environ.get("WORLD_SIZE", "1") == "1":
            return work(SINGLE_PROCESS)
        from ..training.processes.distributed import joined, process_rank

        with joined(process_rank(), options.device) as group:
            return work(group)
    except PeerFailed:
        raise SystemExit(1) from None  # the other process has reported the reason
    except Problem as problem:
        fail(problem)


def _report(outcome: "Outcome", group: "ProcessGroup") -> int:
    """Print the result and the run folder. Returns the exit status: 130 if the training was stopped."""
    from ..training.duration import duration
    from ..training.loop.loop import Ending

    stopped = outcome.ending is Ending.STOPPED
    if not group.is_leader:
        return _STOPPED if stopped else 0
    folder, word = printable(str(outcome.run.folder)), in_shell(outcome.run.folder)
    if stopped:
        where = f"epoch {outcome.state.epoch + 1}, after {counted(outcome.state.step, 'step')}"
        click.echo(f"stopped in {where}; saved. To resume: archdsl train --resume {word}{allow_words()}")
        return _STOPPED
    if outcome.ending is Ending.EARLY:
        click.echo(f"stopped early after epoch {outcome.state.epoch}: {outcome.ending.value}")
    if outcome.tested:
        name, scores = outcome.tested
        of = f"best epoch, {outcome.state.best.epoch}" if outcome.state.best else "last epoch"
        click.echo(
            f"{name} {scores_in_words(scores)} (weights of the {of}; {duration(outcome.state.seconds)} of training)"
        )
    task = outcome.run.read_settings().recipe.task
    predict = (
        f"archdsl predict {word} {_example(outcome.run)}" + (" -o ." if task in _OF_IMAGES else "") + allow_words()
    )
    use = _USES.get(task, "to predict") if outcome.run.read_settings().data.inputs == "image" else "to predict"
    click.echo(f"{folder}: report.html, weights, log; {use}: `{predict}`")
    return 0


_USES = {
    "classification": "to classify images",
    "segmentation": "to segment images",
    "reconstruction": "to reconstruct images",
}
_OF_IMAGES = ("segmentation", "reconstruction")
"""The tasks whose predictions are images."""


def _example(run: "Run") -> str:
    """An image to classify: one of the run's own data set, if its images are not files."""
    data = run.read_settings().data
    if Path(data.source).is_absolute() and data.inputs == "image":  # a folder
        return "IMAGE"
    split = next((name for name in ("test", "validation") if data.images.get(name)), "train")
    return f"{split}:0"
