"""One point of a sweep: its network, its recipe, its training, and its result."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...diagnostics import Sink
from ...diagnostics.terminal import render
from ...elaborate import Override
from ...network import Analysis, Network, analyze
from ...text.library import Library
from ...text.source import Source
from ..data.dataset_spec import DataSpec, InputShape
from ..data.images import DataSource, Request, Splits
from ..data.registry import find_source
from ..data.stream.image_stream import StreamSettings
from ..errors.data_errors import NothingToLearnFrom
from ..errors.device_errors import OutOfMemory
from ..errors.loop_errors import BatchOfOne, Diverged, NothingToTrain
from ..errors.run_errors import CannotResume, NoRun
from ..loop.callback import Callbacks, StopRequest, TrainingCallback
from ..loop.loop import Ending
from ..model_spec import ModelSpec, model_spec_of
from ..network_check import check
from ..recipe.composition import compose
from ..recipe.recipe import Recipe
from ..runs.run_folder import Run
from ..safe_files import refuse_links
from ..session import Outcome, RunResources, Training
from ..tasks.choice import resolved, task_named
from .epoch_reports import EpochReports
from .search_space import Point, Space
from .trial_result import Trial

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class SweepContext:
    """What all trials of a sweep share. `sizes` are those of the network's input, as given with `--input`."""

    space: Space
    network: Source
    library: Library
    sizes: tuple[str, ...]
    override: Override
    data_dir: Path | None
    cache: Path
    device: str
    metric: str
    callback: TrainingCallback
    stop: "Callable[[], StopRequest]"
    loaded: "dict[Any, Splits]"


class NoValidation(ValueError):
    """A sweep compares trials on validation samples, and there are none."""


class Stopped(Exception):
    """The user wants to stop during a trial; its state is saved."""


def attempt(context: SweepContext, point: Point, folder: Path, reports: EpochReports) -> Trial:
    """Train at a point, in a run's folder, and report the epochs; an existing run of the same point is resumed.

    Errors in the network, a recipe that does not suit it, too little memory and a loss that becomes NaN are not raised:
    they are the result's `why`. Raises Stopped, NoValidation, and Problem for everything else.
    """
    sink, used = Sink(), context.space.used(point)
    analysis = analysed(context, point, sink)
    network = analysis.network
    recipe = recipe_at(context, network, point, sink)
    if recipe is None or network is None:
        return Trial(used, why=_error_text(sink, context.network))
    source = _CachedDataSource(find_source(recipe.data.name or "", packages=network.graph.packages), context.loaded)
    check(network.graph, source.spec, recipe, sink)
    if sink.errors:
        return Trial(used, why=_error_text(sink, context.network))
    recipe = resolved(recipe, source.spec, network.graph)
    metric = task_named(recipe.task, network.graph.packages).metric
    if metric != context.metric:
        return Trial(used, why=f"its metric is {metric}, but the sweep compares {context.metric}")
    cost = network.costs.total
    model_spec = model_spec_of(network, context.space.given(point), context.sizes)
    try:
        outcome = _train(context, model_spec, source, recipe, folder, reports)
    except (Diverged, OutOfMemory, NothingToTrain, NothingToLearnFrom, BatchOfOne) as problem:
        return Trial(used, cost.macs, cost.parameters, run=folder.name, why=problem.message())
    if outcome.ending is Ending.STOPPED:
        raise Stopped
    best = outcome.state.best
    if best is None:
        raise NoValidation
    return Trial(
        point=used,
        macs=cost.macs,
        parameters=cost.parameters,
        value=best.value,
        loss=best.loss,
        epoch=best.epoch,
        seconds=round(outcome.state.seconds, 3),
        run=folder.name,
        pruned=reports.pruned,
    )


def analysed(context: SweepContext, point: Point, sink: Sink) -> Analysis:
    """The network at a point; its errors are reported to the sink."""
    return analyze(context.network, sink, context.space.given(point), context.override, context.library)


def recipe_at(context: SweepContext, network: Network | None, point: Point, sink: Sink) -> Recipe | None:
    """The recipe at a point; None if the text has errors, which are reported to the sink. Raises BadOption."""
    return None if network is None else compose(network.settings, context.space.recipe(point), sink)


def _train(
    context: SweepContext,
    model_spec: ModelSpec,
    source: DataSource,
    recipe: Recipe,
    folder: Path,
    reports: EpochReports,
) -> Outcome:
    def made(run: Run) -> Training:
        request = Request(model_spec.shape, context.cache, data_dir=context.data_dir, download=context.callback)
        resources = RunResources(request, context.device, run)
        return Training(model_spec, source, recipe, resources, Callbacks((context.callback, reports)), context.stop())

    refuse_links(folder.parent.parent, folder)
    if _same(folder, model_spec, recipe):
        try:
            return made(Run.open(folder)).resume()
        except CannotResume:
            pass  # interrupted before its first checkpoint was complete
    shutil.rmtree(folder, ignore_errors=True)
    return made(Run.create(folder, folder.parent, "")).start()


def _same(folder: Path, model_spec: ModelSpec, recipe: Recipe) -> bool:
    """Whether the run in a folder is of this network with this recipe."""
    try:
        settings = Run.open(folder).read_settings()
    except (CannotResume, NoRun):
        return False
    return settings.recipe == recipe and settings.network.given == dict(model_spec.given)


def _error_text(sink: Sink, source: Source) -> str:
    """The errors of a network at a point, as `archdsl check` shows them."""
    return render(sink, root=source)


class _CachedDataSource(DataSource):
    """A data set without its test images, which must not influence the choice among trials; read once."""

    def __init__(self, source: DataSource, loaded: dict[Any, Splits]) -> None:
        self._source, self._loaded = source, loaded

    @property
    def spec(self) -> DataSpec:
        return self._source.spec

    @property
    def origin(self) -> str:
        return self._source.origin

    def load(self, request: Request) -> Splits:
        stream = request.stream if self.spec.streams else None
        key: tuple[str, InputShape, float, StreamSettings | None] = (
            self.origin, request.shape, request.split, stream
        )  # fmt: skip
        if key not in self._loaded:
            self._loaded.clear()  # one at a time, to save memory
            self._loaded[key] = replace(self._source.load(request), test=None)
        return self._loaded[key]
