"""`archdsl sweep`: train a network at many points, and show what accuracy costs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..training.recipe.composition import BadOption
from ..training.recipe.fields import entries
from ..training.recipe.options import complete_data, placeholder
from ..training.sweep.search_space import BadRange, Space, space_of
from .common import read, usage
from .problems import fail, given, need
from .sweep_trials import checked, go, make_bench, new_folder

F = TypeVar("F", bound=Callable[..., Any])


def _values_options(command: F) -> F:
    """An option for every field of the recipe, which takes several values."""
    for entry in reversed(entries()):
        metavar = "on|off" if entry.kind is bool else placeholder(entry)
        text = entry.description[0].upper() + entry.description[1:]
        name = "recipe_" + entry.option[2:].replace("-", "_")
        complete = complete_data if entry.path == ("data", "name") else None
        command = click.option(entry.option, name, metavar=metavar, help=text, shell_complete=complete)(command)
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
    need("a sweep", ("optuna",))
    named = {entry.path: recipe["recipe_" + entry.option[2:].replace("-", "_")] for entry in entries()}
    options = {path: text for path, text in named.items() if text is not None}
    if resume is not None:
        if file or settings or inputs or out or options or data_dir or given("device"):
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
    from ..training.errors.problem import Problem
    from ..training.model_spec import NETWORK, used_files
    from ..training.runs.digests import of_text
    from ..training.runs.run_folder import Run
    from ..training.sweep.sweep import DEFAULT_TRIALS
    from ..training.sweep.sweep_settings import SweepSettings

    bench = make_bench(read(file), space, inputs, data_dir, device)
    try:
        name, data, origins = checked(bench)
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        fail(problem)
    grid = space.grid()
    if trials and grid and trials > len(grid):
        usage(f"--trials {trials}: the lists have {len(grid)} combinations; leave it out to try them all")
    texts = {**used_files(bench.network), NETWORK: bench.network.text}
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
        texts={name: of_text(text) for name, text in texts.items()},
    )
    folder = new_folder(told, out)
    try:
        Run(folder).write_network(texts)
    except Problem as problem:
        fail(problem)
    go(folder, told, make_bench(bench.network, told.space(), inputs, told.data_dir, device))


def _resume(folder: Path, trials: int | None) -> None:
    from ..training.errors.problem import Problem
    from ..training.model_spec import NETWORK
    from ..training.runs.loaded_run import verify_texts
    from ..training.sweep.sweep_settings import read_sweep

    try:
        told = read_sweep(folder)
        verify_texts(folder, told.texts)
    except Problem as problem:
        fail(problem)
    if trials is not None and trials < told.trials:
        usage(f"--trials {trials}: the sweep is one of {told.trials:,} already; give more, or leave it out")
    told = told.model_copy(update={"trials": trials or told.trials})
    bench = make_bench(read(str(folder / NETWORK)), told.space(), told.sizes, told.data_dir, told.device)
    go(folder, told, bench)


def _seed(space: Space) -> int:
    """Where the chance of the choice starts: that of the trainings, where it does not vary itself."""
    text = space.options.get("--seed", "0")
    if not text.isdecimal():
        usage(f"--seed: `{text}` is not a whole number")
    return int(text)
