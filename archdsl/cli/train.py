"""`archdsl train`: train a network, or go on with a run. torch is imported once the network is known to be right."""

import importlib.util
import io
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from ..diagnostics import Sink
from ..diagnostics.terminal import printable, render, summary
from ..network import Network
from ..text import paths
from ..training.recipe.composition import BadOption, compose, extend
from ..training.recipe.options import given_options, recipe_options
from ..training.recipe.recipe import Recipe
from .common import colourful, in_shell, load_or_exit, network_options, parse_override, parse_settings, usage

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..training.data.images import Source
    from ..training.errors import Problem
    from ..training.loop.evaluation import Scores
    from ..training.model_spec import Subject
    from ..training.processes.process_group import Team
    from ..training.runs.run_folder import Run
    from ..training.session import Outcome, Training

_STOPPED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""


class Asked(NamedTuple):
    """What was asked for besides the network: the recipe's fields by path, where the data lie, where to compute."""

    recipe: Mapping[tuple[str, ...], Any]
    data_dir: str | None
    device: str
    tensorboard: bool = False


Work = Callable[["Team"], int]
"""What each process does in its team, and the exit code of it."""


@click.command("train", epilog="Every line of a file's `train { … }` is an option too; an option wins.")
@click.argument("file", required=False)
@click.option("--resume", metavar="RUN", help="Go on with the run in this folder.")
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
    """Train the network of FILE on digits, mnist, fashion_mnist, cifar10, cifar100, svhn, a data set of the Hugging
    Face Hub (hf:OWNER/NAME), or a folder of images with one folder for each class.

    What comes of it lies in a folder of its own: weights, learning curves, confusion matrix, settings, checkpoints.
    """
    asked = Asked(given_options(recipe), data_dir, device, tensorboard)
    with _one_speaks():
        if tensorboard and importlib.util.find_spec("tensorboard") is None:
            usage("--tensorboard needs a package that is not installed here: pip install 'archdsl[tensorboard]'")
        if resume is not None:
            if settings or inputs or out:
                usage("a run that is resumed keeps its network and its folder: no --set, --input, --out")
            go = _resume(resume, file, asked)
        elif file is not None:
            go = _start(file, settings, inputs, out, asked)
        else:
            usage("give the network to train, or a run to go on with: `--resume RUN`")
    if status := _together(go, asked):
        sys.exit(status)


def _start(file: str, settings: tuple[str, ...], inputs: tuple[str, ...], out: str | None, asked: Asked) -> Work:
    given = parse_settings(settings)
    network = load_or_exit(file, given, parse_override(inputs))
    recipe = _recipe(network, asked)
    from ..training.errors import Problem

    try:
        source = _source(network, recipe, asked)
    except Problem as problem:
        fail(problem)
    from ..training.model_spec import subject_of

    def go(team: "Team") -> int:
        run = _new_run(network, source, out, team)
        try:
            training = _training(subject_of(network, given, inputs), source, recipe, run, asked, team)
            return _tell(training.start(), team)
        except BaseException:  # Ctrl-C while images are read, too
            run.discard_empty()
            raise

    return go


def _new_run(network: Network, source: "Source", out: str | None, team: "Team") -> "Run":
    """The leader's new run; the others know where it lies, and write nothing."""
    from ..training.runs.run_folder import Run

    run = _create_run(network, source, out) if team.leads else None
    folder = team.share(str(run.folder) if run else "")
    return run or Run(Path(folder), writes=False)


def _create_run(network: Network, source: "Source", out: str | None) -> "Run":
    from ..training.runs.run_folder import Run, run_name

    try:
        return Run.create(Path(out) if out else None, Path("runs"), run_name(network.graph.name, source.spec.name))
    except FileExistsError as error:
        if out is not None and Path(out).is_dir():
            usage(f"--out {out}: there is something in it; `--resume {out}` goes on with a run")
        usage(f"{error.filename}: there is a file of that name")
    except OSError as error:
        usage(f"{error.filename}: {error.strerror}")


def _resume(folder: str, file: str | None, asked: Asked) -> Work:
    from ..training.errors import Problem
    from ..training.runs.run_folder import Run

    try:
        run = Run.open(Path(folder), writes=not _follows())
        settings = run.read_settings()
        if file is not None:
            run.refuse_changes(load_or_exit(file).source.text)
        recipe = extend(settings.recipe, asked.recipe)
        network = load_or_exit(str(run.network), settings.network.given, parse_override(settings.network.sizes))
        source = _source(network, settings.with_source(recipe), asked)
        from ..training.model_spec import subject_of

        subject = subject_of(network, settings.network.given, settings.network.sizes)
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        fail(problem)
    where = asked._replace(data_dir=asked.data_dir or settings.data.folder)

    def go(team: "Team") -> int:
        return _tell(_training(subject, source, recipe, run, where, team).resume(), team)

    return go


def _one_speaks() -> "AbstractContextManager[object]":
    """What several processes would all say, of the text and the options, the first of each machine says."""
    return redirect_stderr(io.StringIO()) if os.environ.get("LOCAL_RANK", "0") != "0" else nullcontext()


def _together(go: Work, asked: Asked) -> int:
    """Do it in a team of all processes that were started together; alone, where there is but this one."""
    from ..training.errors import PeerFailed, Problem
    from ..training.processes.process_group import ALONE

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


def _follows() -> bool:
    """Whether another process of those that were started together tells and writes."""
    return os.environ.get("WORLD_SIZE", "1") != "1" and os.environ.get("RANK", "0") != "0"


def _recipe(network: Network, asked: Asked) -> Recipe:
    """The recipe; shows the block's mistakes and exits with 1, or with 2 for an option's."""
    sink = Sink()
    try:
        recipe = compose(network.settings, asked.recipe, sink)
    except BadOption as error:
        usage(str(error))
    from ..training.check import check_names

    if recipe is not None and (why := check_names(network.graph, recipe, sink)):
        usage(f"--freeze: {why}")
    if recipe is None or len(sink):
        _show(sink, network)
        raise SystemExit(1)
    if recipe.data.name is None:
        usage("say what to learn from: `--data digits`, or `train { data digits }` in the file")
    return recipe


def _source(network: Network, recipe: Recipe, asked: Asked) -> "Source":
    """The data set, once the network is known to fit it. Raises Problem; shows what does not fit and exits with 1."""
    from ..training.check import check
    from ..training.data.registry import find_source

    name = recipe.data.name
    assert name is not None
    path = network.source.path
    beside = path.parent if path is not None and ("data", "name") not in asked.recipe else None
    source = find_source(name, beside)
    sink = Sink()
    check(network.graph, source.spec, recipe.data.fit, sink)
    if len(sink):
        _show(sink, network)
        raise SystemExit(1)
    return source


def _training(
    subject: "Subject", source: "Source", recipe: Recipe, run: "Run", asked: Asked, team: "Team"
) -> "Training":
    from rich.console import Console

    from ..training.callbacks.base import Watch
    from ..training.callbacks.progress import watch_on
    from ..training.data.images import Request
    from ..training.runs.interrupt import StopOnSignal
    from ..training.session import Place, Training

    watch = watch_on(Console(highlight=False)) if team.leads else Watch()
    if asked.tensorboard and team.leads:
        from ..training.callbacks.tensorboard import EventWatch

        watch = EventWatch(watch, run)
    folder = Path(asked.data_dir) if asked.data_dir else None
    request = Request(subject.shape, paths.user_cache(), data_dir=folder, download=watch)
    return Training(
        subject, source, recipe, Place(request, asked.device, run), watch, StopOnSignal(team.size > 1), team
    )


def _tell(outcome: "Outcome", team: "Team") -> int:
    """Tell the result, and where it lies. The exit code: 130 where the training was stopped."""
    from ..training.callbacks.progress import duration
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


def _show(sink: Sink, network: Network) -> None:
    text = render(sink, colour=colourful(sys.stderr), root=network.source)
    click.echo(f"{text}\n\n{summary(sink)}", err=True)


def fail(problem: "Problem") -> NoReturn:
    """A mistake outside the network's text, with the ways out. Exits with 1."""
    if _follows():
        click.echo(f"error: process {os.environ['RANK']}: {printable(problem.message())}", err=True)
        raise SystemExit(1)
    click.echo(f"error: {printable(problem.message())}", err=True)
    for line in problem.details():
        click.echo(f"    {printable(line)}", err=True)
    for way in problem.help():
        click.echo(f"  = help: {printable(way)}", err=True)
    raise SystemExit(1)
