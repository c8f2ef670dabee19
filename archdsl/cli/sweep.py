"""`archdsl sweep`: train a network at many points, and show what accuracy costs."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from ..diagnostics import Sink
from ..diagnostics.terminal import printable, render, summary
from ..text import paths
from ..training.recipe.composition import BadOption
from ..training.recipe.fields import entries
from ..training.recipe.options import placeholder
from ..training.sweep.search_space import BadRange, Space, space_of
from .common import colourful, in_shell, parse_override, read, usage
from .train import fail

if TYPE_CHECKING:
    from ..training.data.images import Source
    from ..training.sweep.sweep import Sweep
    from ..training.sweep.sweep_settings import SweepSettings
    from ..training.sweep.trial import Bench, Trial

F = TypeVar("F", bound=Callable[..., Any])

_STOPPED = 130
_UNKNOWN_PARAMETER = "E0206"


def _values_options(command: F) -> F:
    """An option for every field of the recipe, which takes several values."""
    for entry in reversed(entries()):
        metavar = "on|off" if entry.kind is bool else placeholder(entry)
        text = entry.description[0].upper() + entry.description[1:]
        command = click.option(
            entry.option, "recipe_" + entry.option[2:].replace("-", "_"), metavar=metavar, help=text
        )(command)
    return command


@click.command(
    "sweep",
    epilog="Every option of `archdsl train` is varied where it is given a list, `--lr 0.1,0.01`, or a range, "
    "`--lr 0.01..0.3`; so is a parameter of the network, `--set width=0.5,1,2`. A range that spans a factor of ten is "
    "tried evenly by its logarithm. Lists alone are tried in all combinations.",
)
@click.argument("file", required=False)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUES", help="Values for a parameter of the network.")
@click.option("--input", "inputs", multiple=True, metavar="SIZES", help="Other sizes for the input: 3x224x224.")
@click.option("--trials", type=click.IntRange(1), help="How many points to try [default: all of lists, 20 of ranges].")
@click.option("--resume", metavar="SWEEP", help="Go on with the sweep in this folder.")
@click.option("--data-dir", metavar="FOLDER", help="Read the data set from here; nothing is fetched then.")
@click.option("--out", metavar="FOLDER", help="The folder of the sweep [default: sweeps/NET-DATA-N].")
@click.option("--device", default="auto", metavar="auto|cpu|cuda", show_default=True, help="Where to compute.")
@_values_options
def command(
    file: str | None,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    trials: int | None,
    resume: str | None,
    data_dir: str | None,
    out: str | None,
    device: str,
    **recipe: Any,
) -> None:
    """Train the network of FILE at many points, and show which accuracy can be had for how many MACs.

    Accuracies are those of validation images; the test images are not looked at. Each trial is a run of its own.
    """
    if importlib.util.find_spec("optuna") is None:
        usage("a sweep needs optuna, not installed here: pip install 'archdsl[sweep]'")
    named = {entry.path: recipe["recipe_" + entry.option[2:].replace("-", "_")] for entry in entries()}
    options = {path: text for path, text in named.items() if text is not None}
    if resume is not None:
        if file or settings or inputs or out or options or data_dir:
            usage("a sweep that is resumed keeps what it varies: `--trials` alone may be given")
        _resume(Path(resume), trials)
    elif file is None:
        usage("give the network to train, or a sweep to go on with: `--resume SWEEP`")
    else:
        try:
            space = space_of(settings, options)
        except BadRange as error:
            usage(str(error))
        if not space.dimensions:
            usage("nothing varies; give a list or a range: `--lr 0.01..0.3`, `--set width=0.5,1,2`")
        typed = {entry.option: options[entry.path] for entry in entries() if entry.path in options}
        _start(file, space, settings, typed, inputs, trials, data_dir, out, device)


def _start(
    file: str,
    space: Space,
    settings: tuple[str, ...],
    typed: dict[str, str],
    inputs: tuple[str, ...],
    trials: int | None,
    data_dir: str | None,
    out: str | None,
    device: str,
) -> None:
    from ..training.errors import Problem
    from ..training.sweep.sweep import DEFAULT_TRIALS
    from ..training.sweep.sweep_settings import SweepSettings

    bench = _bench(read(file), space, inputs, data_dir, device)
    try:
        name, data, origins = _checked(bench)
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        fail(problem)
    grid = space.grid()
    told = SweepSettings(
        network=name,
        data=data,
        set=settings,
        sizes=inputs,
        options={**typed, "--data": origins},
        data_dir=str(Path(data_dir).resolve()) if data_dir else None,
        device=device,
        seed=_seed(space),
        trials=trials or (len(grid) if grid else DEFAULT_TRIALS),
    )
    folder = _new_folder(told, out)
    _write_network(folder, bench)
    _go(folder, told, _bench(bench.network, told.space(), inputs, told.data_dir, device))


def _resume(folder: Path, trials: int | None) -> None:
    from ..training.errors import Problem
    from ..training.runs.run_folder import NETWORK
    from ..training.sweep.sweep_settings import read_sweep

    try:
        told = read_sweep(folder)
    except Problem as problem:
        fail(problem)
    told = told.model_copy(update={"trials": trials or told.trials})
    bench = _bench(read(str(folder / NETWORK)), told.space(), told.sizes, told.data_dir, told.device)
    _go(folder, told, bench)


def _seed(space: Space) -> int:
    """Where the chance of the choice starts: that of the trainings, where it does not vary itself."""
    text = space.options.get("--seed", "0")
    if not text.isdecimal():
        usage(f"--seed: `{text}` is not a whole number")
    return int(text)


def _bench(network: Any, space: Space, inputs: tuple[str, ...], data_dir: str | None, device: str) -> "Bench":
    from rich.console import Console

    from ..training.callbacks.base import Watch
    from ..training.callbacks.progress import BarWatch
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


def _checked(bench: "Bench") -> tuple[str, str, str]:
    """The names of network and data, and the data named so that they are found from anywhere.

    Shows the network's mistakes and exits with 1 where no point is without. Raises BadOption, Problem.
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
            usage("say what to learn from: `--data digits`, or `train { data digits }` in the file")
        if recipe.split == 1:
            usage("a sweep compares on validation images: `--split` must leave some")
        sources.setdefault(recipe.data.name, find_source(recipe.data.name, beside))
    if not network_name and first is not None:
        _show(first, bench)
    every = sources.values()
    return network_name, "-".join(source.spec.name for source in every), ",".join(source.origin for source in every)


def _show(sink: Sink, bench: "Bench") -> NoReturn:
    click.echo(f"{render(sink, colour=colourful(sys.stderr), root=bench.network)}\n\n{summary(sink)}", err=True)
    raise SystemExit(1)


def _new_folder(told: "SweepSettings", out: str | None) -> Path:
    from ..training.runs.run_folder import Run, run_name

    try:
        run = Run.create(Path(out) if out else None, Path("sweeps"), run_name(told.network, told.data))
    except FileExistsError as error:
        usage(f"{error.filename or out}: there is something in it; `--resume {out}` goes on with a sweep")
    except OSError as error:
        usage(f"{error.filename}: {error.strerror}")
    (run.folder / "trials").mkdir()
    return run.folder


def _write_network(folder: Path, bench: "Bench") -> None:
    from ..training.errors import Problem
    from ..training.model_spec import used_files
    from ..training.runs.run_folder import Run

    try:
        Run(folder).write_network(bench.network.text, used_files(bench.network))
    except Problem as problem:
        fail(problem)


def _go(folder: Path, told: "SweepSettings", bench: "Bench") -> None:
    """Make what trials are left, in a folder in which no other process is at work."""
    from ..training.errors import Problem
    from ..training.runs.run_files import write_text
    from ..training.runs.run_folder import SETTINGS
    from ..training.runs.run_lock import claimed

    try:
        with claimed(folder):
            write_text(folder / SETTINGS, told.model_dump_json(indent=2) + "\n")
            _make_trials(folder, told, bench)
    except Problem as problem:
        fail(problem)


def _make_trials(folder: Path, told: "SweepSettings", bench: "Bench") -> None:
    from ..training.errors import Problem
    from ..training.sweep.sweep import Sweep
    from ..training.sweep.trial import NoValidation, Stopped, attempt

    sweep = Sweep(folder, bench.space, told.seed, told.trials)
    stopped = False
    try:
        sweep.go(lambda point, run: attempt(bench, point, run), lambda number, trial: _told(sweep, told, number, trial))
    except (Stopped, KeyboardInterrupt):
        stopped = True
    except NoValidation:
        usage("a sweep compares on validation images, and there are none")
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        _finish(sweep, told)
        fail(problem)
    good = _finish(sweep, told)
    if stopped:
        click.echo(f"stopped; what is over is kept. To go on: archdsl sweep --resume {in_shell(folder)}")
        raise SystemExit(_STOPPED)
    if not good:
        click.echo("error: no trial came to an accuracy; what was wrong with each is said above", err=True)
        raise SystemExit(1)


def _told(sweep: "Sweep", told: "SweepSettings", number: int, trial: "Trial") -> None:
    """A line for a trial that is over; all that is wrong with one that could not be made."""
    from ..training.sweep.sweep_report import line, write_json

    write_json(sweep, told.network, told.data)
    click.echo(f"trial {number}/{sweep.trials}  {printable(line(trial))}")
    if trial.why is not None:
        click.echo("\n".join(f"    {printable(text)}" for text in trial.why.splitlines()))


def _finish(sweep: "Sweep", told: "SweepSettings") -> bool:
    """Write and show what came of the trials. False where not one of them came to an accuracy."""
    from ..training.errors import Problem
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
    click.echo(f"{where}: sweep.json, the picture sweep.svg, and each trial's run in {where}/trials")
    return whole or not trials
