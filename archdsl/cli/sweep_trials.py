"""The trials of `archdsl sweep`: checked, run and reported."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ..diagnostics import Sink
from ..diagnostics.terminal import printable, render, summary
from ..network import default_library
from ..record import Record
from ..text import paths
from ..training.recipe.composition import BadOption
from ..training.sweep.search_space import Space
from ..training.tasks.choice import resolved, task_named
from ..training.tasks.metric import Metric, metric_of
from .allowing import allow_words
from .common import in_shell, parse_override, usage, use_color
from .network_text import NetworkText
from .new_run import new_run
from .problems import fail

if TYPE_CHECKING:
    from ..training.data.images import DataSource
    from ..training.recipe.recipe import Recipe
    from ..training.sweep.search import Sweep
    from ..training.sweep.sweep_settings import SweepSettings
    from ..training.sweep.trial import SweepContext

_STOPPED = 130
_UNKNOWN_PARAMETER = "E0206"


class CheckedSweep(Record):
    """What the points of a sweep have in common: the names of the network and of the data set, its location
    independent of the working folder, the metric, and what a sample is.
    """

    network: str
    data: str
    origin: str
    metric: Metric
    sample: str


def sweep_context(
    network: NetworkText,
    space: Space,
    inputs: tuple[str, ...],
    data_dir: str | None,
    device: str,
    metric: str = "accuracy",
) -> "SweepContext":
    from rich.console import Console

    from ..training.callbacks.progress import BarProgress
    from ..training.loop.callback import TrainingCallback
    from ..training.runs.interrupt import StopOnSignal
    from ..training.sweep.trial import SweepContext

    console = Console(highlight=False)
    return SweepContext(
        space=space,
        network=network.source,
        library=network.library or default_library(network.source),
        sizes=inputs,
        override=parse_override(inputs),
        data_dir=Path(data_dir) if data_dir else None,
        cache=paths.user_cache(),
        device=device,
        metric=metric,
        callback=BarProgress(console) if console.is_terminal else TrainingCallback(),
        stop=StopOnSignal,
        loaded={},
    )


def checked(context: "SweepContext", prune: bool) -> CheckedSweep:
    """What the points have in common. Shows the network's errors and exits with 1 if every point has errors; exits with
    2 if the points cannot be compared. Raises BadOption, Problem.
    """
    from ..training.data.registry import find_source
    from ..training.sweep.trial import analysed, recipe_at

    first: Sink | None = None
    sources: dict[str, DataSource] = {}
    metrics: dict[str, str] = {}
    samples: set[str] = set()
    network_name = ""
    path = context.network.path
    given = "--data" in {*context.space.options, *context.space.dimensions}
    relative_to = path.parent if path is not None and not given else None
    for point in context.space.corners():
        sink = Sink()
        network = analysed(context, point, sink).network
        recipe = recipe_at(context, network, point, sink)
        if recipe is None or network is None:
            if any(found.diagnostic.code == _UNKNOWN_PARAMETER for found in sink):
                _show(sink, context)
            first = first or sink
            continue
        network_name = network.graph.name
        if recipe.data.name is None:
            usage("no data set: give `--data digits`, or write `train { data digits }` in the file")
        if recipe.split == 1:
            usage("a sweep compares trials on validation images, but `--split 1` leaves none")
        source = sources.setdefault(
            recipe.data.name, find_source(recipe.data.name, relative_to, network.graph.packages)
        )
        if context.data_dir is not None and not source.reads_data_dir:
            usage(f"--data-dir: `{source.spec.name}` does not read files from a folder; leave it out")
        task = task_named(resolved(recipe, source.spec, network.graph).task, network.graph.packages)
        metrics.setdefault(task.metric, task.name)
        samples.add("image" if source.spec.inputs == "image" else "sample")
        if prune:
            _refuse_pruning(context, recipe)
    if not network_name and first is not None:
        _show(first, context)
    if len(metrics) > 1:
        listed = ", ".join(f"{task} has {metric_of(name).label}" for name, task in metrics.items())
        usage(f"trials are compared by one metric, but {listed}; run two sweeps")
    every = sources.values()
    return CheckedSweep(
        network=network_name,
        data="-".join(source.spec.name for source in every),
        origin=",".join(source.origin for source in every),
        metric=metric_of(next(iter(metrics))),
        sample=samples.pop() if len(samples) == 1 else "sample",
    )


def _refuse_pruning(context: "SweepContext", recipe: "Recipe") -> None:
    from ..training.sweep.halving import rungs

    if "--epochs" in context.space.dimensions:
        usage("--prune compares trials after the same number of epochs, but `--epochs` varies; leave one of them out")
    if not rungs(recipe.epochs):
        usage(f"--prune compares trials after a third of the epochs: give 2 epochs or more, not {recipe.epochs:g}")


def _show(sink: Sink, context: "SweepContext") -> NoReturn:
    click.echo(f"{render(sink, color=use_color(sys.stderr), root=context.network)}\n\n{summary(sink)}", err=True)
    raise SystemExit(1)


def start(plan: "SweepSettings", out: str | None, texts: Mapping[str, str]) -> tuple[Path, bool]:
    """The folder of the sweep, and whether it is new: otherwise this process joins. Exits if it cannot be used."""
    from ..training.errors.problem import Problem
    from ..training.runs.run_folder import run_name
    from ..training.sweep.shared_start import start_or_join

    folder = (
        Path(out) if out is not None else new_run(None, "sweeps", run_name(plan.network, plan.data), "sweep").folder
    )
    try:
        return folder, start_or_join(folder, plan, texts)
    except FileExistsError as error:
        if folder.is_dir():
            usage(f"--out {folder}: the folder is not empty, and has no sweep; choose another one")
        usage(f"{error.filename}: a file of that name exists")
    except OSError as error:
        usage(f"{error.filename}: the folder cannot be created: {error.strerror}")
    except Problem as problem:
        fail(problem)


def sweep_of(folder: Path, plan: "SweepSettings", url: str | None) -> "Sweep":
    """The sweep in a folder; `url` is its database, with the password."""
    from ..training.sweep.search import Sweep

    metric = plan.metric_of_task()
    return Sweep(folder, plan.space(), plan.seed, plan.trials, metric, plan.prune, plan.keep, url, plan.name)


def run_sweep(folder: Path, plan: "SweepSettings", context: "SweepContext", url: str | None, create: bool) -> None:
    """Train the remaining trials together with other processes. Without `create`, a database must contain the sweep."""
    from ..training.errors.problem import Problem
    from ..training.sweep.shared_start import share

    sweep = sweep_of(folder, plan, url)
    try:
        if url is not None:
            share(folder, plan, sweep.store(create))
        else:
            sweep.trials_done()  # refuses a damaged journal before anything is trained
        _make_trials(sweep, plan, context)
    except Problem as problem:
        fail(problem)


def _make_trials(sweep: "Sweep", plan: "SweepSettings", context: "SweepContext") -> None:
    from ..training.errors.problem import Problem
    from ..training.sweep.trial import NoValidation, Stopped, attempt
    from .sweep_progress import Shown

    metric = sweep.metric
    better = "higher" if metric.higher else "lower"
    click.echo(f"trials are compared by the validation {metric.label} of the best epoch; {better} is better")
    stopped = False
    try:
        sweep.run(lambda point, run, reports: attempt(context, point, run, reports), Shown(sweep, plan))
    except (Stopped, KeyboardInterrupt):
        stopped = True
    except NoValidation:
        usage("a sweep compares trials on validation images, but there are none")
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        _finish(sweep, plan)
        fail(problem)
    good = _finish(sweep, plan)
    if stopped:
        resume = f"archdsl sweep --resume {in_shell(sweep.folder)}{allow_words()}"
        click.echo(f"stopped; finished trials are kept. To resume: {resume}")
        raise SystemExit(_STOPPED)
    if not good:
        click.echo("error: no trial succeeded; see the errors above", err=True)
        raise SystemExit(1)


def _finish(sweep: "Sweep", plan: "SweepSettings") -> bool:
    """Write and show the results of the trials. False if all trials failed."""
    from ..training.errors.problem import Problem
    from ..training.sweep.sweep_report import table, write_sweep

    try:
        trials = sweep.trials_done()
        write_sweep(sweep, trials, plan.network, plan.data, plan.sample)
    except Problem as problem:
        fail(problem)
    whole = any(trial.state == "done" for trial in trials.values())
    if whole:
        click.echo("\n" + "\n".join(map(printable, table(trials, sweep.metric).splitlines())) + "\n")
    where = printable(str(sweep.folder))
    click.echo(f"{where}: sweep.json, the figure sweep.svg, and each trial's run in {where}/trials")
    return whole or not trials
