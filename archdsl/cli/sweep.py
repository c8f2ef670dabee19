"""`archdsl sweep`: run a hyperparameter sweep and plot accuracy against compute."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..training.recipe.composition import BadOption
from ..training.recipe.fields import recipe_fields
from ..training.recipe.grouped_options import GroupedCommand, grouped_option
from ..training.recipe.groups import OptionGroup
from ..training.recipe.options import given_options, placeholder, sentence, text_option
from ..training.sweep.search_space import BadRange, Space, space_of
from .allowing import OPTION
from .common import usage
from .network_text import NetworkText, named_network, read_network_text
from .output_path import OUTPUT_PATH
from .problems import fail, given, need
from .shell_completion import complete_network
from .sweep_trials import checked, go, new_folder, sweep_context
from .training_options import data_dir_option, device_option, expression_option, input_option

if TYPE_CHECKING:
    from ..training.sweep.sweep_settings import SweepSettings

F = TypeVar("F", bound=Callable[..., Any])


def _values_options(command: F) -> F:
    """An option for every field of the recipe, which accepts one or several values."""
    for entry in reversed(recipe_fields()):
        metavar = "on|off" if entry.kind is bool else placeholder(entry)
        command = text_option(entry, metavar, sentence(entry))(command)
    return command


@click.command(
    "sweep",
    cls=GroupedCommand,
    epilog="To vary an option, give it a list, `--lr 0.1,0.01`, or a range, `--lr 0.01..0.3`. Parameters of the "
    "network are varied in the same way: `--set width=0.5,1,2`. A range that spans at least a factor of ten is sampled "
    "on a logarithmic scale. If there are only lists, all combinations are tried (grid search).",
)
@click.argument("file", required=False, shell_complete=complete_network)
@expression_option
@_values_options
@grouped_option(
    OptionGroup.COMMON,
    "--trials",
    type=click.IntRange(1),
    help="Number of trials. [default: all combinations of lists, 20 for ranges]",
)
@device_option
@grouped_option(
    OptionGroup.COMMON,
    "--out",
    type=OUTPUT_PATH,
    metavar="FOLDER",
    help="Folder of the sweep. [default: sweeps/NET-DATA-N]",
)
@grouped_option(OptionGroup.COMMON, "--resume", metavar="SWEEP", help="Resume the sweep in this folder.")
@data_dir_option
@grouped_option(
    OptionGroup.MODEL,
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUES",
    help="Values of a parameter of the network.",
)
@grouped_option(OptionGroup.MODEL, "--allow", **OPTION)
@input_option
def command(
    file: str | None,
    text: str | None,
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
    need("`archdsl sweep`", "sweep")
    options = given_options(recipe)
    if resume is not None:
        if file or text or settings or inputs or out or options or data_dir or given("device"):
            usage("a resumed sweep keeps its settings: only `--trials` may be given")
        _resume(Path(resume), trials)
    elif file is None and text is None:
        usage("give a network to train, or a sweep to resume: `--resume SWEEP`")
    else:
        network = named_network(file, text)
        settings, inputs = _with_those_of_the_run(network, settings), inputs or network.sizes
        try:
            space = space_of(settings, options)
        except BadRange as error:
            usage(str(error))
        if not space.dimensions:
            usage("nothing varies; give a list or a range, such as `--lr 0.01..0.3` or `--set width=0.5,1,2`")
        typed = {entry.option: options[entry.path] for entry in recipe_fields() if entry.path in options}
        _start(network, space, settings, typed, inputs, trials, data_dir, out, device)


def _start(
    network: NetworkText,
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
    from ..training.runs.text_digests import of_text
    from ..training.sweep.search import DEFAULT_TRIALS
    from ..training.sweep.sweep_settings import SweepSettings

    context = sweep_context(network, space, inputs, data_dir, device)
    try:
        name, data, origins = checked(context)
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        fail(problem)
    grid = space.grid()
    if trials and grid and trials > len(grid):
        usage(f"--trials {trials}: the lists have {len(grid)} combinations; leave --trials out to try them all")
    texts = {**used_files(context.network, context.library), NETWORK: context.network.text}
    plan = SweepSettings(
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
    folder = _new_sweep(plan, out, texts)
    go(folder, plan, sweep_context(network, plan.space(), inputs, plan.data_dir, device))


def _new_sweep(plan: "SweepSettings", out: str | None, texts: Mapping[str, str]) -> Path:
    """The folder of a new sweep with the texts of its network. Exits if it cannot be written."""
    from ..training.errors.problem import Problem
    from ..training.runs.run_folder import Run

    folder = new_folder(plan, out)
    try:
        Run(folder).write_network(texts)
    except Problem as problem:
        fail(problem)
    return folder


def _resume(folder: Path, trials: int | None) -> None:
    from ..training.errors.problem import Problem
    from ..training.model_spec import NETWORK
    from ..training.runs.run_network import verify_texts
    from ..training.sweep.sweep_settings import read_sweep

    try:
        plan = read_sweep(folder)
        verify_texts(folder, plan.texts)
    except Problem as problem:
        fail(problem)
    if trials is not None and trials < plan.trials:
        usage(f"--trials {trials}: the sweep already has {plan.trials:,} trials; give more, or leave --trials out")
    plan = plan.model_copy(update={"trials": trials or plan.trials})
    network = read_network_text(str(folder / NETWORK))
    context = sweep_context(network, plan.space(), plan.sizes, plan.data_dir, plan.device)
    go(folder, plan, context)


def _with_those_of_the_run(network: NetworkText, settings: tuple[str, ...]) -> tuple[str, ...]:
    """The values of the network's parameters: those of the command, and of the run that it comes from the others."""
    typed = {setting.partition("=")[0] for setting in settings}
    others = {name: value for name, value in network.given.items() if name not in typed}
    for name, value in others.items():
        if isinstance(value, list):
            usage(f"--set: the run has a list for `{name}`, which a sweep would vary; sweep its net.arch instead")
    return (*(f"{name}={value}" for name, value in others.items()), *settings)


def _seed(space: Space) -> int:
    """The random seed of the search: the seed of the training runs, unless that varies."""
    text = space.options.get("--seed", "0")
    if not text.isdecimal():
        usage(f"--seed: `{text}` is not an integer")
    return int(text)
