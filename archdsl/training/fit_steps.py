"""The steps of `archdsl.fit`: what to train is determined and checked, then trained or resumed."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..diagnostics.diagnostic import Finding
from ..network import ArchWarning, Network
from ..shapes.shape import Layout
from ..text import paths
from .callbacks.loggers import logging_callback, refuse_unknown_loggers
from .callbacks.user_callbacks import UserCallbacks, refuse_unknown_methods
from .data.images import DataSource, Request
from .data.memory_source import NetworkInput, memory_source
from .errors.run_errors import CannotResume
from .fit_options import Losses, given_settings, losses_of, named_source, recipe_of, recipe_with_losses, refuse_misfit
from .loop.callback import Callbacks, TrainingCallback
from .model_spec import ModelSpec, model_spec_of
from .network_warnings import network_warnings
from .recipe.composition import BadOption, extend
from .recipe.recipe import Recipe
from .runs.run_folder import Run, run_name
from .safe_files import unwritten
from .session import RunResources, Training
from .tasks.choice import resolved
from .tasks.custom_code import CustomCode, CustomLoss, custom_metrics
from .trained_run import TrainedRun, load_run

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class FitArguments:
    """The arguments of `fit`, apart from the network and the folders."""

    data: Any
    loss: Any
    metrics: Any
    callbacks: tuple[Any, ...]
    loggers: tuple[str, ...]
    classes: Any
    initial: "Path | nn.Module | None"
    data_dir: Path | None
    device: str
    progress: bool
    recipe: Mapping[str, Any]


@dataclass(frozen=True)
class ReadyTraining:
    """What `fit` trains: everything is checked, and no file has been written."""

    network: Network
    arguments: FitArguments
    source: DataSource
    recipe: Recipe
    custom: CustomCode
    findings: tuple[Finding, ...]
    resumed: Run | None


def prepared(network: Network, arguments: FitArguments, resume: Path | None) -> ReadyTraining:
    """The training, ready to start. Raises the same errors as `fit`."""
    for each in arguments.callbacks:
        refuse_unknown_methods(each)
    refuse_unknown_loggers(arguments.loggers)
    options = given_settings(arguments.recipe)
    losses = losses_of(arguments.loss, network, options)
    run = None if resume is None else _opened(resume, network)
    if run is not None:
        _refuse_other_losses(run, losses)
        source, recipe = _resumed(
            network, arguments, run, options if losses.functions else {**options, **losses.settings}
        )
    else:
        source, recipe = _started(network, arguments, options, losses)
    refuse_misfit(network, source, recipe, {**options, **losses.settings})
    recipe = resolved(recipe, source.spec, network.graph)
    custom = CustomCode(
        {name: CustomLoss(function) for name, function in losses.functions.items()}, custom_metrics(arguments.metrics)
    )
    if arguments.data_dir is not None and not source.reads_data_dir:
        raise ValueError(f"data_dir: `{source.spec.name}` does not read files from a folder; leave it out")
    if source.spec.shape is None and "fit" in arguments.recipe:
        raise ValueError("fit: images of a folder are decoded at the network's size; leave it out")
    findings = network_warnings(network, recipe, custom.losses)
    return ReadyTraining(network, arguments, source, recipe, custom, findings, run)


def _refuse_other_losses(run: Run, losses: Losses) -> None:
    """Raise ValueError if the losses besides the user's functions are not those of the run."""
    others = {name: value for path, value in losses.settings.items() for name in path if name == "output_losses"}
    now, before = others.get("output_losses"), run.read_settings().recipe.loss.output_losses
    if losses.functions and now != before:
        raise ValueError(f"loss: the other outputs have the losses `{now}`, but those of the run are `{before}`")


def _started(
    network: Network, arguments: FitArguments, options: Mapping[tuple[str, ...], Any], losses: Losses
) -> tuple[DataSource, Recipe]:
    """The data set and the recipe of a new run."""
    data = arguments.data
    named = isinstance(data, str | Path) or data is None
    if arguments.classes is not None and named:
        raise TypeError("classes: only for data given in Python; a named data set has its own classes")
    if named:
        given = dict(options)
        if data is not None:
            given["data", "name"] = str(data)
        name = recipe_of(network, {path: value for path, value in given.items() if path[0] != "loss"}).data.name
        if name is None:
            raise TypeError('fit needs a data set: fit(network, "digits")')
        source = named_source(network, name, data is None)
        return source, recipe_with_losses(network, given, losses, source)
    plain = {path: value for path, value in options.items() if path[0] != "loss"}
    source = _in_memory(network, arguments, recipe_of(network, plain).task)
    recipe = recipe_with_losses(network, options, losses, source)
    return source, recipe.model_copy(update={"data": recipe.data.model_copy(update={"name": source.origin})})


def _in_memory(network: Network, arguments: FitArguments, task: str) -> DataSource:
    """The data of the Python program."""
    return memory_source(arguments.data, network_input(network), task, "arrays", arguments.classes)


def network_input(network: Network) -> NetworkInput:
    """What the network takes, for data in memory."""
    shape = network.graph.nodes[network.graph.inputs[0]].shape
    dims = tuple(int(size) for size in shape.dims)
    match shape.layout:
        case Layout.IMAGE:
            return NetworkInput("image", dims)
        case Layout.IDS:
            return NetworkInput("ids", dims, shape.vocabulary)
        case _:
            return NetworkInput("numbers", dims)


def _opened(folder: Path, network: Network) -> Run:
    """The run to resume, which must train the same text. Raises Problem."""
    run = Run.open(folder)
    run.refuse_changes(network.text)
    settings = run.read_settings()
    if dict(settings.network.given) != dict(network.given):
        why = f"its parameters are {dict(settings.network.given)}, not {dict(network.given)}"
        raise CannotResume(folder, why, "give the same values of the network's parameters")
    return run


def _resumed(
    network: Network, arguments: FitArguments, run: Run, options: Mapping[tuple[str, ...], Any]
) -> tuple[DataSource, Recipe]:
    """The data set and the recipe of a resumed run. Raises ValueError or Problem."""
    settings = run.read_settings()
    if arguments.initial is not None:
        raise ValueError("initial: a resumed run continues with its own weights; leave it out")
    try:
        recipe = extend(settings.recipe, options)
    except BadOption as error:
        raise ValueError(f"{error.option.removeprefix('--').replace('-', '_')}: {error.why}") from None
    data = arguments.data
    if data is None or isinstance(data, str | Path):
        source = named_source(network, settings.data.source if data is None else str(data), in_text=False)
    else:
        source = _in_memory(network, arguments, settings.recipe.task)
    if source.origin != settings.data.source:
        raise CannotResume(run.folder, f"it was trained on other data (`{settings.data.name}`)", "give the same data")
    return source, settings.with_source(recipe)


def trained(ready: ReadyTraining, out: Path | None) -> TrainedRun:
    """Train or resume, and return the run. Raises FileExistsError or Problem."""
    arguments, network = ready.arguments, ready.network
    model_spec = _model_spec(ready)
    run = ready.resumed or _new_run(out, run_name(network.name, ready.source.spec.name))
    try:
        callback = _callback(arguments, run)
        data_dir = arguments.data_dir
        if ready.resumed is not None and data_dir is None:
            folder = run.read_settings().data.folder
            data_dir = Path(folder) if folder else None
        request = Request(model_spec.shape, paths.user_cache(), data_dir=data_dir, download=callback)
        resources = RunResources(request, arguments.device, run)
        training = Training(model_spec, ready.source, ready.recipe, resources, callback, custom=ready.custom)
        if ready.resumed is None:
            training.start()
        else:
            training.resume()
    except BaseException:
        if ready.resumed is None:
            run.discard_empty()
        raise
    made = load_run(run.folder, device=arguments.device, allow=model_spec.packages)
    made.attach(ready.source)
    return made


def _new_run(out: Path | None, name: str) -> Run:
    """A new folder. Raises FileExistsError if `out` is not empty, and DiskFull or CannotWrite."""
    try:
        return Run.create(out, Path("runs"), name)
    except FileExistsError as error:
        if out is not None and out.is_dir():
            raise FileExistsError(f"out: {out} is not empty; `resume={str(out)!r}` resumes the run in it") from None
        raise unwritten(Path(error.filename), error) from None
    except OSError as error:
        raise unwritten(out or Path(error.filename or "runs"), error) from error


def _model_spec(ready: ReadyTraining) -> ModelSpec:
    network, initial = ready.network, ready.arguments.initial
    if ready.resumed is not None:
        settings = ready.resumed.read_settings().network
        return model_spec_of(network, settings.given, settings.sizes)
    sizes = tuple("x".join(map(str, shape)) for shape in network.inputs.values())
    return model_spec_of(network, network.given, sizes, initial)


def _callback(arguments: FitArguments, run: Run) -> TrainingCallback:
    shown = _Warnings()
    callbacks: list[TrainingCallback] = [shown]
    if arguments.progress:
        from rich.console import Console

        from .callbacks.progress import progress_for

        callbacks = [progress_for(Console(highlight=False))]
    if arguments.callbacks:
        callbacks.append(UserCallbacks(arguments.callbacks, run))
    callbacks += [logging_callback(name, run) for name in arguments.loggers]
    return Callbacks(callbacks)


class _Warnings(TrainingCallback):
    """Shows nothing but warnings, as Python warnings."""

    def warn(self, text: str) -> None:
        warnings.warn(text, ArchWarning, stacklevel=2)
