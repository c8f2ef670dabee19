"""The trials of `archdsl sweep`: checked, run and reported."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ..diagnostics import Sink
from ..diagnostics.terminal import printable, render, summary
from ..network import default_library
from ..text import paths
from ..training.recipe.composition import BadOption
from ..training.sweep.search_space import Space
from .common import in_shell, parse_override, usage, use_color
from .network_text import NetworkText
from .new_run import new_run
from .problems import fail

if TYPE_CHECKING:
    from ..training.data.images import DataSource
    from ..training.sweep.search import Sweep
    from ..training.sweep.sweep_settings import SweepSettings
    from ..training.sweep.trial import SweepContext, Trial

_STOPPED = 130
_UNKNOWN_PARAMETER = "E0206"


def sweep_context(
    network: NetworkText, space: Space, inputs: tuple[str, ...], data_dir: str | None, device: str
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
        callback=BarProgress(console) if console.is_terminal else TrainingCallback(),
        stop=StopOnSignal,
        loaded={},
    )


def checked(context: "SweepContext") -> tuple[str, str, str]:
    """The names of the network and the data set, and the data set's location, independent of the working folder.

    Shows the network's errors and exits with 1 if every point has errors. Raises BadOption, Problem.
    """
    from ..training.data.registry import find_source
    from ..training.sweep.trial import analysed, recipe_at

    first: Sink | None = None
    sources: dict[str, DataSource] = {}
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
            usage("a sweep compares accuracies on validation images, and `--split 1` leaves none")
        source = sources.setdefault(
            recipe.data.name, find_source(recipe.data.name, relative_to, network.graph.packages)
        )
        if context.data_dir is not None and not source.reads_data_dir:
            usage(f"--data-dir: `{source.spec.name}` does not read files from a folder; leave it out")
    if not network_name and first is not None:
        _show(first, context)
    every = sources.values()
    return network_name, "-".join(source.spec.name for source in every), ",".join(source.origin for source in every)


def _show(sink: Sink, context: "SweepContext") -> NoReturn:
    click.echo(f"{render(sink, color=use_color(sys.stderr), root=context.network)}\n\n{summary(sink)}", err=True)
    raise SystemExit(1)


def new_folder(plan: "SweepSettings", out: str | None) -> Path:
    from ..training.runs.run_folder import run_name

    run = new_run(out, "sweeps", run_name(plan.network, plan.data), "sweep")
    (run.folder / "trials").mkdir()
    return run.folder


def go(folder: Path, plan: "SweepSettings", context: "SweepContext") -> None:
    """Run the remaining trials while no other process works in the folder."""
    from ..training.errors.problem import Problem
    from ..training.runs.run_folder import SETTINGS
    from ..training.runs.run_lock import claimed
    from ..training.runs.sealed_json import seal
    from ..training.safe_files import write_text

    try:
        with claimed(folder):
            write_text(folder / SETTINGS, seal(plan))
            _make_trials(folder, plan, context)
    except Problem as problem:
        fail(problem)


def _make_trials(folder: Path, plan: "SweepSettings", context: "SweepContext") -> None:
    from ..training.errors.problem import Problem
    from ..training.sweep.search import Sweep
    from ..training.sweep.trial import NoValidation, Stopped, attempt

    sweep = Sweep(folder, context.space, plan.seed, plan.trials)
    stopped = False
    try:
        sweep.go(
            lambda point, run: attempt(context, point, run),
            lambda number, trial: _report_trial(sweep, plan, number, trial),
        )
    except (Stopped, KeyboardInterrupt):
        stopped = True
    except NoValidation:
        usage("a sweep compares accuracies on validation images, and there are none")
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        _finish(sweep, plan)
        fail(problem)
    good = _finish(sweep, plan)
    if stopped:
        click.echo(f"stopped; finished trials are kept. To resume: archdsl sweep --resume {in_shell(folder)}")
        raise SystemExit(_STOPPED)
    if not good:
        click.echo("error: no trial succeeded; see the errors above", err=True)
        raise SystemExit(1)


def _report_trial(sweep: "Sweep", plan: "SweepSettings", number: int, trial: "Trial") -> None:
    """Print a line for a finished trial, and all errors of a failed one."""
    from ..training.sweep.sweep_report import line, write_json

    write_json(sweep, plan.network, plan.data)
    click.echo(f"trial {number}/{sweep.trials}  {printable(line(trial))}")
    if trial.why is not None:
        click.echo("\n".join(f"    {printable(text)}" for text in trial.why.splitlines()))


def _finish(sweep: "Sweep", plan: "SweepSettings") -> bool:
    """Write and show the results of the trials. False if all trials failed."""
    from ..training.errors.problem import Problem
    from ..training.sweep.sweep_report import table, write_sweep

    trials = sweep.trials_done()
    try:
        write_sweep(sweep, trials, plan.network, plan.data)
    except Problem as problem:
        fail(problem)
    whole = any(trial.accuracy is not None for trial in trials)
    if whole:
        click.echo("\n" + "\n".join(map(printable, table(trials).splitlines())) + "\n")
    where = printable(str(sweep.folder))
    click.echo(f"{where}: sweep.json, the figure sweep.svg, and each trial's run in {where}/trials")
    return whole or not trials
