"""`archdsl sweep`: run a hyperparameter sweep and plot accuracy against compute."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..training.recipe.composition import BadOption
from ..training.recipe.fields import entries
from ..training.recipe.grouped_options import GroupedCommand, GroupedOption
from ..training.recipe.groups import Group
from ..training.recipe.options import complete_data, placeholder, sentence
from ..training.sweep.search_space import BadRange, Space, space_of
from .common import read, usage
from .problems import fail, given, need
from .sweep_trials import checked, go, make_bench, new_folder

F = TypeVar("F", bound=Callable[..., Any])


def _values_options(command: F) -> F:
    """An option for every field of the recipe, which accepts one or several values."""
    for entry in reversed(entries()):
        metavar = "on|off" if entry.kind is bool else placeholder(entry)
        name = "recipe_" + entry.option[2:].replace("-", "_")
        complete = complete_data if entry.path == ("data", "name") else None
        command = click.option(
            entry.option,
            name,
            cls=GroupedOption,
            group=entry.group,
            metavar=metavar,
            help=sentence(entry),
            shell_complete=complete,
        )(command)
    return command


@click.command(
    "sweep",
    cls=GroupedCommand,
    epilog="To vary an option, give it a list, `--lr 0.1,0.01`, or a range, `--lr 0.01..0.3`. Parameters of the "
    "network are varied in the same way: `--set width=0.5,1,2`. A range that spans at least a factor of ten is sampled "
    "on a logarithmic scale. If there are only lists, all combinations are tried (grid search).",
)
@click.argument("file", required=False)
@_values_options
@click.option(
    "--trials",
    cls=GroupedOption,
    group=Group.COMMON,
    type=click.IntRange(1),
    help="Number of trials. [default: all combinations of lists, 20 for ranges]",
)
@click.option(
    "--device",
    cls=GroupedOption,
    group=Group.COMMON,
    default="auto",
    metavar="auto|cpu|cuda",
    show_default=True,
    help="Device to train on.",
)
@click.option(
    "--out",
    cls=GroupedOption,
    group=Group.COMMON,
    metavar="FOLDER",
    help="Folder of the sweep. [default: sweeps/NET-DATA-N]",
)
@click.option(
    "--resume", cls=GroupedOption, group=Group.COMMON, metavar="SWEEP", help="Resume the sweep in this folder."
)
@click.option(
    "--data-dir",
    cls=GroupedOption,
    group=Group.DATA,
    metavar="FOLDER",
    help="Read the data set from this folder instead of downloading it.",
)
@click.option(
    "--set",
    "settings",
    cls=GroupedOption,
    group=Group.MODEL,
    multiple=True,
    metavar="NAME=VALUES",
    help="Values of a parameter of the network.",
)
@click.option(
    "--input",
    "inputs",
    cls=GroupedOption,
    group=Group.MODEL,
    multiple=True,
    metavar="SIZE",
    help="Set the input size: 3x224x224.",
)
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
    """Train the network in FILE with many settings, and plot the accuracy of each trial against its MACs.

    Accuracies are measured on the validation images; the test images are not used. Each trial is a separate run.
    """
    need("a sweep", ("optuna",))
    named = {entry.path: recipe["recipe_" + entry.option[2:].replace("-", "_")] for entry in entries()}
    options = {path: text for path, text in named.items() if text is not None}
    if resume is not None:
        if file or settings or inputs or out or options or data_dir or given("device"):
            usage("a resumed sweep keeps its settings: only `--trials` may be given")
        _resume(Path(resume), trials)
    elif file is None:
        usage("give a network to train, or a sweep to resume: `--resume SWEEP`")
    else:
        try:
            space = space_of(settings, options)
        except BadRange as error:
            usage(str(error))
        if not space.dimensions:
            usage("nothing varies; give a list or a range, such as `--lr 0.01..0.3` or `--set width=0.5,1,2`")
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
    from ..training.sweep.search import DEFAULT_TRIALS
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
        usage(f"--trials {trials}: the lists have {len(grid)} combinations; leave --trials out to try them all")
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
        usage(f"--trials {trials}: the sweep already has {told.trials:,} trials; give more, or leave --trials out")
    told = told.model_copy(update={"trials": trials or told.trials})
    bench = make_bench(read(str(folder / NETWORK)), told.space(), told.sizes, told.data_dir, told.device)
    go(folder, told, bench)


def _seed(space: Space) -> int:
    """The random seed of the search: the seed of the training runs, unless that varies."""
    text = space.options.get("--seed", "0")
    if not text.isdecimal():
        usage(f"--seed: `{text}` is not an integer")
    return int(text)
