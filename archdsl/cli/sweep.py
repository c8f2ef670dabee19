"""`archdsl sweep`: run a hyperparameter sweep and plot its metric against compute."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..diagnostics.terminal import printable
from ..text.word_choice import WordChoice
from ..training.recipe.composition import BadOption
from ..training.recipe.fields import recipe_fields
from ..training.recipe.grouped_options import GroupedCommand, grouped_option
from ..training.recipe.groups import OptionGroup
from ..training.recipe.options import given_options, placeholder, sentence, text_option
from ..training.sweep.search_space import BadRange, Space, space_of
from .allowing import OPTION
from .common import usage
from .named_path import NAMED_PATH
from .network_text import NetworkText, is_sweep, named_network
from .output_path import OUTPUT_PATH, refuse_other_text
from .problems import fail, given, need
from .shell_completion import complete_folder, complete_network
from .sweep_resume import Local, joined, resume_sweep, show_status
from .sweep_trials import checked, run_sweep, start, sweep_context
from .training_options import data_dir_option, device_option, expression_option, input_option

_KEPT = 3
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
    "network are varied in the same way: `--set width=0.5,1,2`. A value that contains commas needs double quotes "
    "inside the shell's quotes: `--at '\"82,123\"'`. A range that spans at least a factor of ten is sampled on a "
    "logarithmic scale. If there are only lists, all combinations are tried by default (grid search).",
)
@click.argument("file", required=False, metavar="[FILE | status SWEEP]", shell_complete=complete_network)
@click.argument("folder", type=NAMED_PATH, required=False, metavar="", shell_complete=complete_folder)
@expression_option
@_values_options
@grouped_option(
    OptionGroup.COMMON,
    "--trials",
    type=click.IntRange(1),
    metavar="N",
    help="Number of trials. [default: all combinations of lists, 20 for ranges]",
)
@grouped_option(
    OptionGroup.OPTIMIZATION,
    "--prune",
    is_flag=True,
    help="Stop unpromising trials early (asynchronous successive halving).",
)
@device_option
@grouped_option(
    OptionGroup.COMMON,
    "--out",
    type=OUTPUT_PATH,
    metavar="FOLDER",
    help="Sweep folder; if this sweep has already been started there, join it. [default: sweeps/NET-DATA-N]",
)
@grouped_option(
    OptionGroup.COMMON, "--resume", type=NAMED_PATH, metavar="SWEEP", help="Resume or join the sweep in this folder."
)
@grouped_option(
    OptionGroup.OUTPUT,
    "--keep",
    type=click.IntRange(0),
    metavar="N",
    help=f"Number of best trials whose weights are kept. [default: {_KEPT}]",
)
@grouped_option(
    OptionGroup.OUTPUT, "--storage", metavar="URL", help="Database that stores the trials: PostgreSQL, MySQL or SQLite."
)
@grouped_option(
    OptionGroup.OUTPUT,
    "--status",
    metavar="SWEEP",
    help="Show the trials of the sweep in this folder, like `archdsl sweep status SWEEP`.",
)
@grouped_option(
    OptionGroup.OUTPUT,
    "--format",
    "output",
    type=WordChoice(["text", "json"]),
    default="text",
    show_default=True,
    help="Output format of --status.",
)
@data_dir_option
@grouped_option(
    OptionGroup.MODEL,
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUES",
    help="Values to try for a parameter of the network.",
)
@grouped_option(OptionGroup.MODEL, "--allow", **OPTION)
@input_option
def command(
    file: str | None,
    folder: str | None,
    text: str | None,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    trials: int | None,
    resume: str | None,
    status: str | None,
    output: str,
    data_dir: str | None,
    out: str | None,
    device: str,
    prune: bool,
    keep: int | None,
    storage: str | None,
    **recipe: Any,
) -> None:
    """Train the network in FILE with different settings, and plot the metric of each trial against its MACs.

    Trials are compared on the validation images; the test images are not used. Each trial is a separate run. Several
    processes work on one sweep if each runs the same command with the same --out.
    """
    refuse_other_text()
    file, status = _network_or_sweep(file, folder, status)
    need("`archdsl sweep`", "sweep")
    options = given_options(recipe)
    local = Local(data_dir=data_dir, device=device if given("device") else None, storage=storage)
    named = bool(file or text or settings or inputs or out or options or prune or keep is not None)
    if given("output") and status is None:
        usage("--format is the format of --status; leave it out, or give --status")
    if status is not None:
        if named or resume or trials or data_dir or local.device:
            usage("--status shows a sweep: only --format and --storage may be given with it")
        show_status(Path(status), output, storage)
    elif resume is not None:
        if named:
            usage("a resumed sweep keeps its settings: only --trials, --device, --data-dir and --storage may be given")
        resume_sweep(Path(resume), trials, local)
    elif file is None and text is None:
        usage("give a network to train, or a sweep to resume: `--resume SWEEP`")
    else:
        if file is not None and is_sweep(file):
            usage(f"{file} is a sweep: `--resume {file}` continues or joins it, and `--status {file}` shows it")
        network = named_network(file, text)
        settings, inputs = _with_those_of_the_run(network, settings), inputs or network.sizes
        try:
            space = space_of(settings, options)
        except BadRange as error:
            usage(str(error))
        if not space.dimensions:
            usage("nothing varies; give a list or a range, such as `--lr 0.01..0.3` or `--set width=0.5,1,2`")
        if storage is not None and out is None:
            usage("--storage: give --out, too; the name of that folder is the name of the sweep in the database")
        typed = {entry.option: options[entry.path] for entry in recipe_fields() if entry.path in options}
        _start(network, space, settings, typed, inputs, trials, out, prune, _KEPT if keep is None else keep, local)


def _network_or_sweep(file: str | None, folder: str | None, status: str | None) -> tuple[str | None, str | None]:
    """The network to train, and the sweep to show: that of --status, or of `status SWEEP`."""
    if folder is not None and file != "status":
        usage(f"unexpected argument `{folder}`: give one network")
    if folder is not None and status is not None:
        usage("--status and `status` name a sweep; leave one of them out")
    if folder is not None:
        return None, folder
    if file == "status" and not Path(file).is_file():
        usage("give the folder of the sweep: `archdsl sweep status SWEEP`")
    return file, status


def _start(
    network: NetworkText,
    space: Space,
    settings: tuple[str, ...],
    typed: dict[str, str],
    inputs: tuple[str, ...],
    trials: int | None,
    out: str | None,
    prune: bool,
    keep: int,
    local: Local,
) -> None:
    from ..training.errors.problem import Problem
    from ..training.model_spec import NETWORK, used_files
    from ..training.runs.text_digests import of_text
    from ..training.sweep.search import DEFAULT_TRIALS
    from ..training.sweep.sweep_settings import SweepSettings
    from ..training.sweep.trial_storage import open_storage, without_password

    device = local.device or "auto"
    context = sweep_context(network, space, inputs, local.data_dir, device)
    try:
        common = checked(context, prune)
        url = without_password(local.storage) if local.storage else None
        if local.storage:
            open_storage(Path(), local.storage)  # before anything is written
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        fail(problem)
    grid = space.grid()
    if trials and grid and trials > len(grid):
        usage(f"--trials {trials}: the lists have {len(grid)} combinations; leave --trials out to try them all")
    texts = {**used_files(context.network, context.library), NETWORK: context.network.text}
    plan = SweepSettings(
        network=common.network,
        data=common.data,
        set=settings,
        sizes=inputs,
        options={**typed, "--data": common.origin},
        data_dir=str(Path(local.data_dir).resolve()) if local.data_dir else None,
        device=device,
        seed=_seed(space),
        trials=trials or (len(grid) if grid else DEFAULT_TRIALS),
        texts={name: of_text(text) for name, text in texts.items()},
        metric=common.metric.name,
        minimize=not common.metric.higher,
        sample=common.sample,
        prune=prune,
        keep=keep,
        storage=url,
        name=Path(out).resolve().name if url and out else "sweep",
    )
    folder, is_new = start(plan, out, texts)
    if not is_new:
        plan = joined(folder, plan, trials)
        click.echo(f"{printable(str(folder))}: joining the sweep")
    context = sweep_context(network, plan.space(), inputs, plan.data_dir, device, plan.metric)
    run_sweep(folder, plan, context, local.storage, create=True)


def _with_those_of_the_run(network: NetworkText, settings: tuple[str, ...]) -> tuple[str, ...]:
    """The values of the network's parameters: those of the command, else those of the run of the network."""
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
