"""What `archdsl train` does in each process: start a run, resume one, or decide by the folder's content."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..diagnostics import Sink
from ..diagnostics.diagnostic import Finding
from ..diagnostics.terminal import render, summary
from ..elaborate.attempts import ElaborationInputs
from ..graph import Graph
from ..network import Network
from ..network.data_suggestions import with_suggestions
from ..text import paths
from ..training.network_warnings import network_warnings
from ..training.recipe.composition import EXTENDABLE, BadOption, compose, extend, option_at
from ..training.recipe.recipe import Recipe
from ..training.tasks.choice import resolved
from .allowing import allowed
from .common import parse_override, parse_settings, usage, use_color
from .given_weights import weights_path
from .network_text import NetworkText, read_network_text
from .new_run import new_run
from .problems import fail, is_main_process

if TYPE_CHECKING:
    from ..training.data.images import DataSource
    from ..training.loop.process_group import ProcessGroup
    from ..training.model_spec import ModelSpec
    from ..training.runs.run_folder import Run
    from ..training.session import Outcome, Training

AUTO = "auto"
"""`--resume auto`: the same command starts a run, and resumes it when given again."""


class TrainOptions(NamedTuple):
    """The options besides the network: recipe fields by path, the data folder, the device, loggers, initial weights."""

    recipe: Mapping[tuple[str, ...], Any]
    data_dir: str | None
    device: str
    loggers: tuple[str, ...] = ()
    initial: str | None = None


Work = Callable[["ProcessGroup"], "Outcome"]
"""The work of each process in its group; returns the outcome."""


class PreparedRun(NamedTuple):
    """A network and everything needed to start a run of it."""

    network: Network
    given: dict[str, Any]
    sizes: tuple[str, ...]
    recipe: Recipe
    source: "DataSource"
    options: TrainOptions


def start(
    text: NetworkText, settings: tuple[str, ...], inputs: tuple[str, ...], out: str | None, options: TrainOptions
) -> Work:
    """Train in a new run. Exits if the network, the recipe or the data set has errors."""
    prepared = prepared_run(text, settings, inputs, options)
    return lambda group: _start(prepared, _new_run(prepared, out, group, leftovers=False), group)


def resume_run(folder: str, file: str | None, options: TrainOptions) -> Work:
    """Resume a run. Exits if that is not possible."""
    from ..training.errors.problem import Problem
    from ..training.runs.run_folder import Run

    try:
        run = Run.open(Path(folder), writes=is_main_process())
        if file is not None:
            run.refuse_changes(read_network_text(file).source.text)
        return _resumed(run, extend(run.read_settings().recipe, options.recipe), options)
    except BadOption as error:
        usage(str(error))
    except Problem as problem:
        fail(problem)


def start_or_resume(
    text: NetworkText, settings: tuple[str, ...], inputs: tuple[str, ...], out: str, options: TrainOptions
) -> Work:
    """Train in the folder `out`: start a new run if there is none yet, otherwise resume it.

    The files of a process that ended before it wrote its settings are not a run, and are overwritten.
    """
    prepared = prepared_run(text, settings, inputs, options)

    def work(group: "ProcessGroup") -> "Outcome":
        from ..training.runs.run_folder import Run

        run = Run(Path(out), writes=group.is_leader)
        if not group.any(group.is_leader and run.exists):  # only the leader checks: others might see the new run
            return _start(prepared, _new_run(prepared, out, group, leftovers=True), group)
        run.refuse_changes(prepared.network.text)
        recipe = _same_recipe(run, prepared)
        return _resumed(run, recipe, options)(group)

    return work


def prepared_run(
    text: NetworkText, settings: tuple[str, ...], inputs: tuple[str, ...], options: TrainOptions
) -> PreparedRun:
    """A network with its recipe and data set. Exits if one of them has errors."""
    given, sizes = text.settings(parse_settings(settings)), inputs or text.sizes
    override = parse_override(sizes)
    network = text.network(given, override)
    recipe = _recipe(network, options)
    from ..training.errors.problem import Problem

    try:
        values = ElaborationInputs(settings=given, override=parse_override(sizes), library=network.library)
        source = _source(network, recipe, options, values)
        if options.initial is not None:
            initial = weights_path(options.initial, "--from")
            _refuse_unusable(network, initial)
            options = options._replace(initial=str(initial))
    except Problem as problem:
        fail(problem)
    recipe = resolved(recipe, source.spec, network.graph)
    if is_main_process() and (warnings := network_warnings(network, recipe)):
        _show(warnings, network)
    return PreparedRun(network, given, sizes, recipe, source, options)


def _refuse_unusable(network: Network, path: Path) -> None:
    """Raise UnusableWeights before the data is read if the weights of a file do not fit the network."""
    import torch

    from ..backends.weight_files import CannotLoad
    from ..backends.weight_loading import compare_weights
    from ..training.errors.run_errors import UnusableWeights

    with torch.device("meta"):
        module = network.to_torch()
    try:
        compare_weights(module, path)
    except CannotLoad as error:
        raise UnusableWeights(error.why, error.details, error.help) from error


def _start(prepared: PreparedRun, run: "Run", group: "ProcessGroup") -> "Outcome":
    from ..training.model_spec import model_spec_of

    try:
        initial = Path(prepared.options.initial) if prepared.options.initial is not None else None
        model_spec = model_spec_of(prepared.network, prepared.given, prepared.sizes, initial)
        return training_of(model_spec, prepared.source, prepared.recipe, run, prepared.options, group).start()
    except BaseException:  # Ctrl-C while images are read, too
        run.discard_empty()
        raise


def _resumed(run: "Run", recipe: Recipe, options: TrainOptions) -> Work:
    """Resume a run with this recipe. Raises Problem, ArchError."""
    from ..training.model_spec import model_spec_of
    from ..training.runs.loaded_run import read_network, refuse_misfit

    settings = run.read_settings()
    network = read_network(run, settings, allowed())
    refuse_misfit(run, settings, network)
    given = ElaborationInputs(
        settings=settings.network.given,
        override=parse_override(settings.network.sizes),
        library=network.library,
    )
    source = _source(network, settings.with_source(recipe), options, given)
    model_spec = model_spec_of(network, settings.network.given, settings.network.sizes)
    where = options._replace(data_dir=options.data_dir or settings.data.folder)
    return lambda group: training_of(model_spec, source, recipe, run, where, group).resume()


def _same_recipe(run: "Run", prepared: PreparedRun) -> Recipe:
    """The recipe for resuming, if the command that started a run is given again; exits with 2 if it differs."""
    settings = run.read_settings()
    if dict(settings.network.given) != prepared.given or settings.network.sizes != prepared.sizes:
        usage(f"--set or --input differs from the run in {run.folder}: give the same values, or another --out")
    if settings.data.source != prepared.source.origin:
        usage(f"--data: the run in {run.folder} trains on {settings.data.source}, not {prepared.source.origin}")
    earlier = resolved(settings.recipe, prepared.source.spec, prepared.network.graph)
    before, now = (each.model_dump(exclude={"data": {"name", "workers"}}) for each in (earlier, prepared.recipe))
    if other := [line for line in now if line not in EXTENDABLE and now[line] != before[line]]:
        option = option_at(_differing(other[0], before[other[0]], now[other[0]]))
        usage(f"{option}: the run in {run.folder} was started with another value; give another --out")
    same_data = settings.recipe.data.model_copy(update={"workers": prepared.recipe.data.workers})
    changes = {"data": same_data, **{name: getattr(prepared.recipe, name) for name in EXTENDABLE}}
    return settings.recipe.model_copy(update=changes)


def _differing(line: str, before: Any, now: Any) -> tuple[str, ...]:
    """The path of the first setting of a line whose values differ: its name, if that differs."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        return (line,)
    names = ["name", *now]
    return line, next(name for name in names if now.get(name) != before.get(name))


def _new_run(prepared: PreparedRun, out: str | None, group: "ProcessGroup", *, leftovers: bool) -> "Run":
    """The leader's new run; the other processes get its path and write nothing."""
    from ..training.runs.run_folder import Run

    run = _create_run(prepared, out, leftovers=leftovers) if group.is_leader else None
    folder = group.broadcast_text(str(run.folder) if run else "")
    return run or Run(Path(folder), writes=False)


def _create_run(prepared: PreparedRun, out: str | None, *, leftovers: bool) -> "Run":
    from ..training.runs.run_folder import run_name

    name = run_name(prepared.network.graph.name, prepared.source.spec.name)
    return new_run(out, "runs", name, "run", leftovers=leftovers)


def _recipe(network: Network, options: TrainOptions) -> Recipe:
    """The recipe; shows errors in the block and exits with 1, or with 2 for an invalid option."""
    sink = Sink()
    try:
        recipe = compose(network.settings, options.recipe, sink)
    except BadOption as error:
        usage(str(error))
    from ..training.network_check import check_names

    if recipe is not None and (why := check_names(network.graph, recipe, sink)):
        usage(why)
    if recipe is None or len(sink):
        _show(sink, network)
        raise SystemExit(1)
    if recipe.data.name is None:
        usage("no data set: give `--data digits`, or write `train { data digits }` in the file")
    return recipe


def _source(network: Network, recipe: Recipe, options: TrainOptions, given: ElaborationInputs) -> "DataSource":
    """The data set, after checking that the network fits it. Raises Problem; shows mismatches and exits with 1."""
    from ..training.data.registry import find_source
    from ..training.network_check import check
    from ..training.recipe.refused_option import refused_option

    name = recipe.data.name or ""
    path = network.program.source.path
    relative_to = path.parent if path is not None and ("data", "name") not in options.recipe else None
    source = find_source(name, relative_to, network.graph.packages)
    if options.data_dir is not None and not source.reads_data_dir:
        usage(f"--data-dir: `{source.spec.name}` does not read files from a folder; leave it out")
    if source.spec.shape is None and ("data", "fit") in options.recipe:
        usage("--fit: images of a folder are decoded at the network's size; leave it out")

    def check_data(graph: Graph, sink: Sink) -> None:
        check(graph, source.spec, recipe, sink)

    found = Sink()
    check_data(network.graph, found)
    if refused := refused_option(found, options.recipe, network.graph):
        usage(str(refused))
    if len(found):
        _show(with_suggestions(network, found, check_data, given), network)
        raise SystemExit(1)
    return source


def training_of(
    model_spec: "ModelSpec",
    source: "DataSource",
    recipe: Recipe,
    run: "Run",
    options: TrainOptions,
    group: "ProcessGroup",
) -> "Training":
    """The training of a run, with a progress bar."""
    from rich.console import Console

    from ..training.callbacks.progress import progress_for
    from ..training.data.images import Request
    from ..training.loop.callback import Callbacks, TrainingCallback
    from ..training.runs.interrupt import StopOnSignal
    from ..training.session import RunResources, Training

    callback = progress_for(Console(highlight=False)) if group.is_leader else TrainingCallback()
    if options.loggers and group.is_leader:
        from ..training.callbacks.loggers import logging_callback

        callback = Callbacks([callback, *(logging_callback(name, run) for name in options.loggers)])
    folder = Path(options.data_dir) if options.data_dir else None
    request = Request(model_spec.shape, paths.user_cache(), data_dir=folder, download=callback)
    return Training(
        model_spec,
        source,
        recipe,
        RunResources(request, options.device, run),
        callback,
        StopOnSignal(group.size > 1),
        group,
    )


def _show(found: Iterable[Finding], network: Network) -> None:
    each = tuple(found)
    text = render(each, color=use_color(sys.stderr), root=network.program.source)
    click.echo(f"{text}\n\n{summary(each)}", err=True)
