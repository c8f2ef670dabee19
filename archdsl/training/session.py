"""A training run from start to end: started or resumed, finished or stopped, and the files in its folder."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn

from ..analysis.network_blocks import blocks
from ..backends.weight_files import CannotLoad
from ..backends.weight_loading import load_weights, weight_summary
from ..text.counts import counted
from . import assemble
from .data.dataset_spec import TaskFacts
from .data.images import DataSource, Request, Splits
from .data.tokenizer import TOKENIZER, token_bytes
from .errors.data_errors import UndecodableImage
from .errors.loop_errors import Diverged, NotCausal, WrongTrainSize, variance_needed
from .errors.problem import Problem
from .errors.process_errors import BatchTooSmall, PeerFailed
from .errors.run_errors import CannotResume, UnusableWeights
from .loop.callback import StopRequest, TrainingCallback
from .loop.device_setup import DeviceSetup, Trial, choose_device
from .loop.first_steps import DryRun, dry_run
from .loop.idle_settings import idle_settings
from .loop.loop import Ending, fit, score
from .loop.memory_budget import Budget
from .loop.process_group import SINGLE_PROCESS, ProcessGroup
from .loop.schedule import factor
from .loop.standardization import Standard, Standardizer, brightness_range, measure, of_numbers
from .loop.tensor_parts import copy_tensors, is_sharded, weights_of
from .loop.train_context import TrainContext, on_device
from .loop.training_state import TrainingState
from .model_spec import ModelSpec
from .processes.sharding_limits import refuse_unshardable
from .recipe.recipe import Dice, Fcos, Recipe
from .report import write_report
from .runs.checkpoint import list_checkpoints, read, restore_newest
from .runs.loaded_run import refuse_outputs
from .runs.run_folder import Run
from .runs.run_lock import claimed
from .runs.run_settings import DataSettings, NetworkSettings, RunSettings, SetupSettings, versions
from .runs.text_digests import of_text
from .runs.weights import fitting, part, save_tensors
from .runs.weights import load_weights as load_run_weights
from .tasks.choice import resolved, task_named
from .tasks.class_counts import class_weights
from .tasks.custom_code import CustomCode
from .tasks.later_steps import causal_changes
from .tasks.meter import Scores
from .tasks.outputs import Objective, objective_of
from .tasks.task import Task

_MEASURED = 1024
"""Number of streamed images from which the mean and standard deviation are computed."""


@dataclass(frozen=True)
class RunResources:
    """Inputs and outputs of a training run: the data set request, the device, and the run's folder."""

    request: Request
    device: str
    run: Run


@dataclass(frozen=True)
class Outcome:
    """The outcome of a training run; if it has finished, `tested` is the name of a split and the final scores on it."""

    run: Run
    ending: Ending
    state: TrainingState
    tested: tuple[str, Scores] | None


@dataclass(frozen=True)
class Training:
    """A training run that can be started or resumed. `stop` returns whether the user wants it to stop.

    Each process of a `group` has its own instance, and all call the same methods. `custom` are the user's losses and
    metrics.
    """

    model_spec: ModelSpec
    source: DataSource
    recipe: Recipe
    resources: RunResources
    callback: TrainingCallback
    stop: StopRequest = field(default_factory=StopRequest)
    group: ProcessGroup = SINGLE_PROCESS
    custom: CustomCode = field(default_factory=CustomCode)

    def __post_init__(self) -> None:
        recipe = resolved(self.recipe, self.source.spec, self.model_spec.graph)
        object.__setattr__(self, "recipe", recipe)  # the class is frozen for all other code

    def _objective(self, data: DataSettings) -> Objective:
        """What the training steps minimize."""
        graph = self.model_spec.graph
        task = task_named(self.recipe.task, graph.packages if graph else ())
        facts = data.facts(graph) if graph else TaskFacts(tuple(data.classes), tuple(self.model_spec.shape))
        if self.source.spec.tokenizer is not None:
            facts = replace(facts, token_bytes=token_bytes(self.source.spec.tokenizer))
        return objective_of(task, self.recipe, graph, facts, self.custom)

    @property
    def _texts(self) -> dict[str, str]:
        """The texts that are kept in the run: those of the network and of the tokenizer."""
        tokenizer = self.source.spec.tokenizer
        return {**self.model_spec.texts, **({TOKENIZER: tokenizer} if tokenizer is not None else {})}

    def start(self) -> Outcome:
        """Train from the start. Raises Problem."""
        splits, device = self._load()
        budget = Budget(self.model_spec.graph, self.recipe, device, splits, self.group.size)
        if warning := budget.warning():
            self.callback.warn(warning)
        with self._alone():
            run = self.resources.run
            if run.writes and run.settings.exists():
                raise CannotResume(run.folder, "another process has started a run in it", "give another --out")
            with budget, variance_needed():
                state, context, splits = self._begin(splits, device)
            return self._train(state, context, splits, budget)

    def dry_run(self) -> DryRun:
        """Load the data, take a few steps and evaluate a batch; nothing is written to the run. Raises Problem."""
        assert not self.resources.run.writes
        splits, device = self._load()
        budget = Budget(self.model_spec.graph, self.recipe, device, splits, self.group.size)
        if warning := budget.warning():
            self.callback.warn(warning)
        try:
            with budget, variance_needed():
                state, context, splits = self._begin(splits, device)
                return dry_run(state, context, splits, self.resources.run, self.callback)
        finally:
            splits.close()

    def _begin(self, splits: Splits, device: torch.device) -> tuple[TrainingState, TrainContext, Splits]:
        at_first = self._built_on(device)
        model = assemble.build(self.model_spec, self.recipe, at_first)
        images, rank = self.source.spec.inputs == "image", len(self.model_spec.shape)
        for why in idle_settings(model, self.recipe, images=images, rank=rank):
            self.callback.warn(why)
        some = splits.train.some(_MEASURED).images
        standard = measure(some)
        assemble.prepare(model, self.model_spec, splits, standard, at_first)
        self._load_initial(model)
        data = self._data_settings(splits, standard, brightness_range(some))
        objective = self._objective(data)
        splits = assemble.prepared(splits, objective.task, objective.facts)
        self._verify(model, splits, standard, at_first, objective.task)
        setup, trials = assemble.choose(model, splits, standard, self.recipe, device, self.group, objective)
        tried = ", ".join(f"{s.precision} {s.layout} {speed:,.0f}" for s, speed in trials)
        sample = "image" if data.inputs == "image" else "sample"
        tried = f" (tried, in {sample}s/s: {tried})" if tried else ""
        for note in self.group.notes(model, self.recipe.batch):
            self.callback.note(note)
        if self.group.size > 1 and isinstance(self.recipe.loss, Dice | Fcos):
            name = self.recipe.loss.name
            self.callback.note(f"{name}: each process normalizes over its own images, unlike a single process")
        settings = self._settings(data, setup, trials, sum(p.numel() for p in model.parameters()))
        run = self.resources.run
        run.write_network(self._texts)
        run.write_settings(settings)
        context = assemble.make_context(
            self.recipe, setup, standard, splits, len(data.classes), self.stop, self.group, objective,
            self.model_spec.graph,
        )  # fmt: skip
        steps = f"{counted(context.updates, 'step')} per epoch, {context.steps:,} in total"
        self.callback.note(f"running on {setup}{tried}; {steps}")
        return assemble.first_state(model, context), context, splits

    def _built_on(self, device: torch.device) -> torch.device:
        """The device of the whole network: the CPU if it is sharded, because a GPU may be too small for it."""
        return torch.device("cpu") if self.recipe.shard and self.group.size > 1 else device

    def _verify(self, model: nn.Module, splits: Splits, standard: Standard, device: torch.device, task: Task) -> None:
        """Raise Problem if the network cannot learn the task, for reasons that its text does not show."""
        batch = on_device(splits.train.take(np.arange(min(2, len(splits.train)))), device)
        inputs = Standardizer(standard, device, torch.contiguous_format)(batch.images)
        problem = task.problem(model, inputs, batch.labels)
        if isinstance(problem, NotCausal) and self.model_spec.graph is not None:
            raise NotCausal(problem.step, causal_changes(self.model_spec.graph))
        if problem is not None:
            raise problem
        if (size := self.recipe.augment.train_size) is not None:
            _refuse_size(model, inputs.new_zeros(2, inputs.shape[1], size, size))

    def _load_initial(self, model: nn.Module) -> None:
        """Start from the initial weights, if any are given, and keep them in the run. Raises UnusableWeights."""
        initial = self.model_spec.initial
        if initial is None:
            return
        if isinstance(initial, nn.Module):
            refuse_other_weights(initial, model)
            copy_tensors(weights_of(initial), weights_of(model))
        else:
            try:
                loaded = load_weights(model, initial)
            except CannotLoad as error:
                raise UnusableWeights(error.why, error.details, error.help) from error
            for line in weight_summary(loaded):
                self.callback.note(f"{initial.name}: {line}")
        self.resources.run.keep_initial(model)

    def resume(self) -> Outcome:
        """Resume from the newest checkpoint of the run.

        On the CPU, with the same number of threads and processes, the result is bit for bit that of an uninterrupted
        run. Raises Problem.
        """
        splits, device = self._load()
        budget = Budget(self.model_spec.graph, self.recipe, device, splits, self.group.size)
        with self._alone():
            with budget:
                state, context, splits = self._restored(splits, device)
            return self._train(state, context, splits, budget)

    def _alone(self) -> AbstractContextManager[None]:
        """A context in which no other process writes to the run. Raises CannotResume."""
        run = self.resources.run
        return claimed(run.folder) if run.writes else nullcontext()

    def _restored(self, splits: Splits, device: torch.device) -> tuple[TrainingState, TrainContext, Splits]:
        run = self.resources.run
        settings = run.read_settings()
        self._refuse_other_code(settings)
        if assemble.sizes(splits) != settings.data.images:
            why = f"the data set has changed: {assemble.sizes(splits)} images, previously {settings.data.images}"
            raise CannotResume(run.folder, why)
        if [*self.source.spec.features] != settings.data.features or [
            *self.source.spec.classes
        ] != settings.data.classes:
            raise CannotResume(run.folder, "the data set has changed: its columns, classes or words differ")
        if self.source.spec.sample_rate != settings.data.sample_rate:
            rates = f"{self.source.spec.sample_rate} Hz, previously {settings.data.sample_rate}"
            raise CannotResume(run.folder, f"the data set has changed: its sample rate is {rates}")
        if of_text(self._texts.get(TOKENIZER, "")) != settings.network.texts.get(TOKENIZER, of_text("")):
            raise CannotResume(run.folder, "the data set has changed: it has another tokenizer")
        setup = DeviceSetup(device, settings.setup.precision, settings.setup.layout)
        standard = Standard(tuple(settings.data.mean), tuple(settings.data.deviation))
        objective = self._objective(settings.data)
        splits = assemble.prepared(splits, objective.task, objective.facts)
        context = assemble.make_context(
            self.recipe, setup, standard, splits, len(settings.data.classes), self.stop, self.group, objective,
            self.model_spec.graph,
        )  # fmt: skip
        at_first = self._built_on(device)
        model = assemble.build(self.model_spec, self.recipe, at_first)
        not_started = not run.metrics.exists() and not list_checkpoints(run.checkpoints)
        if not_started:  # interrupted before its first checkpoint: there is nothing to lose
            assemble.prepare(model, self.model_spec, splits, standard, at_first)
            if run.initial.is_file():
                load_run_weights(model, run.folder, run.initial, settings.verified)
        state = assemble.first_state(model, context)
        if not not_started:
            path, passed_over = restore_newest(state, run.checkpoints, self.group)
            if passed_over:
                self.callback.note(f"{passed_over}; using {path.name} instead")
        before = settings.setup
        if before.processes != self.group.size:
            started = f"{before.processes} process{'es' * (before.processes > 1)}"
            self.callback.note(f"started in {started}, resumed in {self.group.size}: random numbers differ")
        now = before.model_copy(update={"processes": self.group.size})
        run.write_settings(settings.model_copy(update={"recipe": self.recipe, "setup": now}))
        self.callback.note(_where(state, context))
        if note := _schedule_change(settings.recipe, state, context):
            self.callback.note(note)
        return state, context, splits

    def _refuse_other_code(self, settings: RunSettings) -> None:
        """Raise CannotResume if the run was started with other user-defined losses or metrics."""
        before, now = settings.custom, self.custom.settings(self.model_spec.graph)
        if before == now:
            return
        functions = ", ".join(f"`{each}`" for each in before.paths) or "no user-defined loss or metric"
        suggestion = "give the same ones: `archdsl.fit(network, data, resume=…, loss=…, metrics=…)`"
        raise CannotResume(self.resources.run.folder, f"it was started in Python with {functions}", suggestion)

    def _load(self) -> tuple[Splits, torch.device]:
        graph = self.model_spec.graph
        if self.recipe.batch < self.group.size:
            raise BatchTooSmall(self.recipe.batch, self.group.size)
        if self.group.size > 1:
            refuse_unshardable(graph, self.recipe, task_named(self.recipe.task, graph.packages if graph else ()))
        elif self.recipe.shard:
            self.callback.warn("`shard` has no effect in a single process: start several with torchrun")
        if self.recipe.activation_checkpointing and not (graph and blocks(graph)):
            self.callback.warn("`activation_checkpointing` has no effect: the network has no blocks")
        device = choose_device(self.group.device(self.resources.device))
        return self._splits(), device

    def _splits(self) -> Splits:
        """The images. One process per machine downloads and decodes them if necessary, then the others load them."""
        splits: Splits | None = None
        problem: Problem | None = None

        def load() -> Splits:
            return assemble.load(self.source, self.recipe, self.resources.request, self.callback, self.group)

        try:
            splits = self.group.prepare_data(load)
        except Problem as error:
            problem = error
        if self.group.any(problem is not None):
            raise problem or PeerFailed
        return splits or load()

    def _train(self, state: TrainingState, context: TrainContext, splits: Splits, budget: Budget) -> Outcome:
        self.callback.model(state.model)
        try:
            return self._with_readable(splits, lambda: self._trained(state, context, splits, budget))
        except BaseException as error:
            self.callback.failed(error)
            raise
        finally:
            splits.close()

    def _with_readable(self, splits: Splits, train: Callable[[], Outcome]) -> Outcome:
        """The outcome of `train`. Raises UndecodableImage, which names all unreadable images in a single process, so
        that they can be replaced at once. One of several processes names only those that it has found.
        """
        try:
            return train()
        except UndecodableImage as problem:
            with suppress(Exception):  # finish the newest checkpoint if possible; the error to report is known
                self.resources.run.finish()
            if self.group.size > 1:
                raise
            found = {*problem.failures, *assemble.unreadable(splits, self.source.spec.name, self.resources.request)}
            raise UndecodableImage(tuple(sorted(found))) from problem

    def _trained(self, state: TrainingState, context: TrainContext, splits: Splits, budget: Budget) -> Outcome:
        run = self.resources.run
        try:
            with budget, variance_needed():
                ending = fit(state, context, run, self.callback)
        except Diverged:
            with suppress(Exception):  # finish the newest checkpoint if possible; the error to report is known
                run.finish()
            if run.writes:
                _keep_finite(state, run)
                write_report(run, state, context.objective.facts, None, splits, allow=self.model_spec.packages)
            raise
        run.keep_weights(state, run.last)
        tested = None
        if ending is not Ending.STOPPED:
            with budget:
                tested = _test(state, context, splits, run)
        if run.writes:
            write_report(run, state, context.objective.facts, tested, splits, ending, self.model_spec.packages)
            self.callback.report_written()
        return Outcome(run, ending, state, tested)

    def _data_settings(
        self, splits: Splits, standard: Standard, brightness: tuple[float, float] | None
    ) -> DataSettings:
        spec, request = self.source.spec, self.resources.request
        targets = of_numbers(splits.train.labels) if spec.targets == "numbers" else Standard((), ())
        return DataSettings(
            name=spec.name,
            source=self.source.origin,
            folder=str(request.data_dir) if request.data_dir else None,
            classes=list(spec.classes),
            shape=spec.shape,
            mean=list(standard.mean),
            deviation=list(standard.deviation),
            images=assemble.sizes(splits),
            inputs=spec.inputs,
            vocabulary=spec.vocabulary,
            features=list(spec.features),
            target_mean=list(targets.mean),
            target_deviation=list(targets.deviation),
            class_weights=list(class_weights(self.recipe.loss, spec.classes, splits.train.labels)),
            brightness=brightness,
            sample_rate=spec.sample_rate,
        )

    def _settings(self, data: DataSettings, setup: DeviceSetup, trials: list[Trial], parameters: int) -> RunSettings:
        return RunSettings(
            network=NetworkSettings(
                name=self.model_spec.name,
                file=self.model_spec.file,
                given=dict(self.model_spec.given),
                sizes=self.model_spec.sizes,
                parameters=parameters,
                texts={name: of_text(text) for name, text in self._texts.items()},
            ),
            data=data,
            recipe=self.recipe,
            custom=self.custom.settings(self.model_spec.graph),
            setup=SetupSettings(
                device=str(setup.device),
                precision=setup.precision,
                layout=setup.layout,
                threads=torch.get_num_threads(),
                processes=self.group.size,
                trial={f"{s.precision} {s.layout}": round(speed, 1) for s, speed in trials},
            ),
            versions=versions(),
        )


def _refuse_size(model: nn.Module, inputs: Tensor) -> None:
    """Raise WrongTrainSize if a network for one size cannot take inputs of another, N×C×H×W."""
    trained = model.training
    model.eval()  # uses no random numbers, changes no statistics
    try:
        with torch.no_grad():
            model(inputs)
    except RuntimeError as error:
        raise WrongTrainSize(inputs.shape[2], str(error).splitlines()[0]) from error
    finally:
        model.train(trained)


def refuse_other_weights(given: nn.Module, model: nn.Module) -> None:
    """Raise UnusableWeights unless both modules have the same weights, by name and shape."""
    found, wanted = ({name: tuple(t.shape) for name, t in weights_of(each).items()} for each in (given, model))
    for name in (*wanted, *found):
        if found.get(name) != wanted.get(name):
            there, here = (each.get(name, "missing") for each in (found, wanted))
            why = f"`{name}` is {there} in the module, but {here} in the network"
            raise UnusableWeights(why, (), "give a module of the same network, or a file: `initial=PATH`")


def _where(state: TrainingState, context: TrainContext) -> str:
    """A message about where a resumed run continues."""
    if state.epoch < context.epochs:
        return f"resuming in epoch {state.epoch + 1}, after {counted(state.step, 'step')}"
    finished = f"all {counted(state.epoch, 'epoch')} are finished" if state.epoch > 1 else "the only epoch is finished"
    return f"{finished}; `--epochs {2 * state.epoch}` trains for {state.epoch} more"


def _schedule_change(before: Recipe, state: TrainingState, context: TrainContext) -> str | None:
    """A message about the learning rate if epochs were added: a schedule covers the whole training."""
    now, lr = context.recipe, state.optimizer.param_groups[0]["peak_lr"]
    if not 0 < state.step < context.steps or now.epochs == before.epochs:
        return None
    steps = replace(context, recipe=before).steps
    last, following = (
        lr * factor(now.schedule, step, of, context.updates)
        for step, of in ((state.step - 1, steps), (state.step, context.steps))
    )
    if math.isclose(last, following, rel_tol=0.05):
        return None
    course = f"the {now.schedule.name} schedule now spans {counted(now.epochs, 'epoch')}"
    return f"{course}: the learning rate changes from {last:.3g} to {following:.3g}"


def _test(state: TrainingState, context: TrainContext, splits: Splits, run: Run) -> tuple[str, Scores] | None:
    """Scores on the test images with the best epoch's weights, or the last ones if nothing was validated.

    Without a test set, the scores are those of the validation images; None if there is neither. The state does not
    change.
    """
    name, images = ("test", splits.test) if splits.test else ("validation", splits.validation)
    if images is None:
        return None
    if context.group.any(run.writes and run.best.is_file()):
        best = {k: v.clone() for k, v in weights_of(state.model).items()}
        context.group.receive(fitting(run.best, best, verified=True) if run.writes else None, best)
        state = replace(state, average=best)
    scores = score(state, context, on_device(images, context.setup.device), context.recipe.tta)
    refuse_outputs(scores.finite, run)
    return name, scores


def _keep_finite(state: TrainingState, run: Run) -> None:
    """Write the last finite weights: the current ones, else those of the newest checkpoint.

    The current weights of a sharded network are not used: gathering them needs all processes, and some may have ended.
    """
    current = state.average or weights_of(state.model)
    if not is_sharded(state.model) and all(bool(tensor.isfinite().all()) for tensor in current.values()):
        run.keep_weights(state, run.last)
        return
    newest = list_checkpoints(run.checkpoints)[-1]
    tensors, _ = read(newest)
    save_tensors(part(tensors, "average") or part(tensors, "model"), run.last, {"format": "pt"})
