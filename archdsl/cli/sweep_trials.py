"""The trials of `archdsl sweep`: checked, run and reported."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ..diagnostics import Sink
from ..diagnostics.terminal import printable, render, summary
from ..text import paths
from ..training.recipe.composition import BadOption
from ..training.sweep.search_space import Space
from .common import colourful, in_shell, parse_override, usage
from .problems import fail

if TYPE_CHECKING:
    from ..training.data.images import Source
    from ..training.sweep.search import Sweep
    from ..training.sweep.sweep_settings import SweepSettings
    from ..training.sweep.trial import Bench, Trial

_STOPPED = 130
_UNKNOWN_PARAMETER = "E0206"


def make_bench(network: Any, space: Space, inputs: tuple[str, ...], data_dir: str | None, device: str) -> "Bench":
    from rich.console import Console

    from ..training.callbacks.progress import BarWatch
    from ..training.loop.callback import Watch
    from ..training.runs.interrupt import StopOnSignal
    from ..training.sweep.trial import Bench

    console = Console(highlight=False)
    return Bench(
        space=space,
        network=network,
        sizes=inputs,
        override=parse_override(inputs),
        data_dir=Path(data_dir) if data_dir else None,
        cache=paths.user_cache(),
        device=device,
        watch=BarWatch(console) if console.is_terminal else Watch(),
        stop=StopOnSignal,
        loaded={},
    )


def checked(bench: "Bench") -> tuple[str, str, str]:
    """The names of the network and the data set, and the data set's location, independent of the working folder.

    Shows the network's errors and exits with 1 if every point has errors. Raises BadOption, Problem.
    """
    from ..training.data.registry import find_source
    from ..training.sweep.trial import analysed, recipe_at

    first: Sink | None = None
    sources: dict[str, Source] = {}
    network_name = ""
    path = bench.network.path
    given = "--data" in {*bench.space.options, *bench.space.dimensions}
    beside = path.parent if path is not None and not given else None
    for point in bench.space.corners():
        sink = Sink()
        network = analysed(bench, point, sink).network
        recipe = recipe_at(bench, network, point, sink)
        if recipe is None or network is None:
            if any(found.diagnostic.code == _UNKNOWN_PARAMETER for found in sink):
                _show(sink, bench)
            first = first or sink
            continue
        network_name = network.graph.name
        if recipe.data.name is None:
            usage("no data set: give `--data digits`, or write `train { data digits }` in the file")
        if recipe.split == 1:
            usage("a sweep compares accuracies on validation images, and `--split 1` leaves none")
        source = sources.setdefault(recipe.data.name, find_source(recipe.data.name, beside))
        if bench.data_dir is not None and not source.reads_data_dir:
            usage(f"--data-dir: `{source.spec.name}` does not read files from a folder; leave it out")
    if not network_name and first is not None:
        _show(first, bench)
    every = sources.values()
    return network_name, "-".join(source.spec.name for source in every), ",".join(source.origin for source in every)


def _show(sink: Sink, bench: "Bench") -> NoReturn:
    click.echo(f"{render(sink, color=colourful(sys.stderr), root=bench.network)}\n\n{summary(sink)}", err=True)
    raise SystemExit(1)


def new_folder(told: "SweepSettings", out: str | None) -> Path:
    from ..training.runs.run_folder import Run, run_name

    try:
        run = Run.create(Path(out) if out else None, Path("sweeps"), run_name(told.network, told.data))
    except FileExistsError as error:
        usage(f"{error.filename or out}: the folder is not empty; `--resume {out}` resumes a sweep")
    except OSError as error:
        usage(f"{error.filename}: {error.strerror}")
    (run.folder / "trials").mkdir()
    return run.folder


def go(folder: Path, told: "SweepSettings", bench: "Bench") -> None:
    """Run the remaining trials while no other process works in the folder."""
    from ..training.errors.problem import Problem
    from ..training.runs.run_folder import SETTINGS
    from ..training.runs.run_lock import claimed
    from ..training.runs.sealed_json import seal
    from ..training.safe_files import write_text

    try:
        with claimed(folder):
            write_text(folder / SETTINGS, seal(told))
            _make_trials(folder, told, bench)
    except Problem as problem:
        fail(problem)


def _make_trials(folder: Path, told: "SweepSettings", bench: "Bench") -> None:
    from ..training.errors.problem import Problem
    from ..training.sweep.search import Sweep
    from ..training.sweep.trial import NoValidation, Stopped, attempt

    sweep = Sweep(folder, bench.space, told.seed, told.trials)
    stopped = False
    try:
        sweep.go(lambda point, run: attempt(bench, point, run), lambda number, trial: _told(sweep, told, number, trial))
    except (Stopped, KeyboardInterrupt):
        stopped = True
    except NoValidation:
        usage("a sweep compares accuracies on validation images, and there are none")
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        _finish(sweep, told)
        fail(problem)
    good = _finish(sweep, told)
    if stopped:
        click.echo(f"stopped; finished trials are kept. To resume: archdsl sweep --resume {in_shell(folder)}")
        raise SystemExit(_STOPPED)
    if not good:
        click.echo("error: no trial succeeded; see the errors above", err=True)
        raise SystemExit(1)


def _told(sweep: "Sweep", told: "SweepSettings", number: int, trial: "Trial") -> None:
    """Print a line for a finished trial, and all errors of a failed one."""
    from ..training.sweep.sweep_report import line, write_json

    write_json(sweep, told.network, told.data)
    click.echo(f"trial {number}/{sweep.trials}  {printable(line(trial))}")
    if trial.why is not None:
        click.echo("\n".join(f"    {printable(text)}" for text in trial.why.splitlines()))


def _finish(sweep: "Sweep", told: "SweepSettings") -> bool:
    """Write and show the results of the trials. False if all trials failed."""
    from ..training.errors.problem import Problem
    from ..training.sweep.sweep_report import table, write_sweep

    trials = sweep.trials_done()
    try:
        write_sweep(sweep, trials, told.network, told.data)
    except Problem as problem:
        fail(problem)
    whole = any(trial.accuracy is not None for trial in trials)
    if whole:
        click.echo("\n" + "\n".join(map(printable, table(trials).splitlines())) + "\n")
    where = printable(str(sweep.folder))
    click.echo(f"{where}: sweep.json, the figure sweep.svg, and each trial's run in {where}/trials")
    return whole or not trials
