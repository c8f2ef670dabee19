"""`archdsl train`: train a network, or go on with a run. torch is imported once the network is known to be right."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext, redirect_stderr
from typing import TYPE_CHECKING, Any

import click

from ..diagnostics.terminal import printable
from ..training.data.registry import data_sets
from ..training.recipe.options import given_options, recipe_options
from .common import in_shell, network_options, usage
from .problems import fail, need
from .train_work import AUTO, Asked, resume_run, start, start_or_resume

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..training.loop.evaluation import Scores
    from ..training.loop.process_group import Team
    from ..training.session import Outcome

_STOPPED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""


_HELP = f"""Train the network of FILE on {", ".join(data_sets())}, a data set of the Hugging Face Hub
(hf:OWNER/NAME), or a folder of images with one folder for each class.

The run's folder receives weights, learning curves, the confusion matrix, settings and checkpoints.
"""


@click.command("train", help=_HELP, epilog="Every line of a file's `train { … }` is an option too; an option wins.")
@click.argument("file", required=False)
@click.option(
    "--resume", metavar="RUN|auto", help="Go on with the run in this folder; `auto`: begin the one of --out, or go on."
)
@click.option("--data-dir", metavar="FOLDER", help="Read the data set from here; nothing is fetched then.")
@click.option("--out", metavar="FOLDER", help="The folder of the run [default: runs/NET-DATA-N].")
@click.option("--device", default="auto", metavar="auto|cpu|cuda", show_default=True, help="Where to compute.")
@click.option("--tensorboard", is_flag=True, help="Write the run's events for TensorBoard, too, into its folder.")
@network_options
@recipe_options
def command(
    file: str | None,
    resume: str | None,
    data_dir: str | None,
    out: str | None,
    device: str,
    tensorboard: bool,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    **recipe: Any,
) -> None:
    """Train a network, or go on with a run: see `_HELP`."""
    asked = Asked(given_options(recipe), data_dir, device, tensorboard)
    with _one_speaks():
        if tensorboard:
            need("--tensorboard", ("tensorboard",))
        if resume == AUTO:
            if file is None or out is None:
                usage(f"`--resume {AUTO}` begins a run or goes on with it: give the network, and its folder by --out")
            work = start_or_resume(file, settings, inputs, out, asked)
        elif resume is not None:
            if settings or inputs or out:
                usage("a run that is resumed keeps its network and its folder: no --set, --input, --out")
            work = resume_run(resume, file, asked)
        elif file is not None:
            work = start(file, settings, inputs, out, asked)
        else:
            usage("give the network to train, or a run to go on with: `--resume RUN`")

    def go(team: "Team") -> int:
        return _tell(work(team), team)

    if status := _together(go, asked):
        sys.exit(status)


def _one_speaks() -> "AbstractContextManager[object]":
    """What several processes would all say, of the text and the options, the first of each machine says."""
    return redirect_stderr(io.StringIO()) if os.environ.get("LOCAL_RANK", "0") != "0" else nullcontext()


def _together(go: "Callable[[Team], int]", asked: Asked) -> int:
    """Do it in a team of all processes that were started together; alone, where there is but this one."""
    from ..training.errors.problem import Problem
    from ..training.errors.process_errors import PeerFailed
    from ..training.loop.process_group import ALONE

    try:
        if os.environ.get("WORLD_SIZE", "1") == "1":
            return go(ALONE)
        from ..training.processes.distributed import joined, place

        with joined(place(), asked.device) as team:
            return go(team)
    except PeerFailed:
        raise SystemExit(1) from None  # the other has said why
    except Problem as problem:
        fail(problem)


def _tell(outcome: "Outcome", team: "Team") -> int:
    """Tell the result, and where it lies. The exit code: 130 where the training was stopped."""
    from ..training.duration import duration
    from ..training.loop.loop import Ending

    stopped = outcome.ending is Ending.STOPPED
    if not team.leads:
        return _STOPPED if stopped else 0
    folder, word = printable(str(outcome.run.folder)), in_shell(outcome.run.folder)
    if stopped:
        where = f"epoch {outcome.state.epoch + 1}, after {outcome.state.step:,} steps"
        click.echo(f"stopped in {where}; saved. To go on: archdsl train --resume {word}")
        return _STOPPED
    if outcome.ending is Ending.EARLY:
        click.echo(f"ended after epoch {outcome.state.epoch}: {outcome.ending.value}")
    if outcome.tested:
        name, scores = outcome.tested
        of = f"best epoch, {outcome.state.best.epoch}" if outcome.state.best else "last epoch"
        click.echo(f"{name} {_words(scores)} (weights of the {of}; {duration(outcome.state.seconds)} of training)")
    click.echo(f"{folder}: report.html, weights, log; `archdsl predict {word} IMAGE` uses it")
    return 0


def _words(scores: "Scores") -> str:
    """The scores in words."""
    from ..training.loop.evaluation import tells_top5

    top5 = f", top-5 {scores.top5:.2%}" if tells_top5(len(scores.confusion)) else ""
    return f"accuracy {scores.accuracy:.2%}{top5}, loss {scores.loss:.4f}"
