"""The parts of a training run, built from its recipe: images in memory, network, device, and initial state."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

import numpy as np
import torch
from torch import Tensor, nn

from ..analysis.network_blocks import blocks, sharded_parts
from ..graph import Graph
from ..text.counts import counted, sizes_of
from ..text.word_lists import first_of
from .data.dataset_spec import DataSpec, TaskFacts
from .data.images import DataSource, Request, Splits
from .data.resize import fit_splits
from .loop.augmentation import changes_pixels
from .loop.averages import start
from .loop.callback import StopRequest, TrainingCallback
from .loop.device_setup import DeviceSetup, Trial, choose_setup
from .loop.metrics import EpochMetrics
from .loop.optimizers import make_optimizer
from .loop.process_group import SINGLE_PROCESS, ProcessGroup
from .loop.standardization import Standard, Standardizer
from .loop.stream_settings import stream_settings
from .loop.tensor_parts import weights_of
from .loop.train_context import Batches, TrainContext, on_device
from .loop.training_state import RandomGenerators, TrainingState, derive, process_purpose
from .loop.whitening import WHITENING_IMAGES, whiten
from .model_spec import ModelSpec
from .recipe.recipe import Recipe, Step
from .tasks.choice import TASKS
from .tasks.outputs import Objective, objective_of
from .tasks.task import Task

_MOST_NAMED = 4
"""Number of targets that the first line of a training run names."""
_MOST_STANDARDIZED = 1 << 26
"""Largest size in bytes of a second copy of the images in memory, standardized and in float32."""


def load(
    source: DataSource,
    recipe: Recipe,
    request: Request,
    callback: TrainingCallback,
    group: ProcessGroup = SINGLE_PROCESS,
) -> Splits:
    """The images at the network's size. Raises the errors of a data source."""
    request = replace(request, split=recipe.split, stream=stream_settings(recipe, group.local_size))
    splits = fit_splits(source.load(request), request.shape, recipe.data.fit)
    for note in splits.notes:
        callback.note(note)
    counts = ", ".join(f"{count:,} for {name}" for name, count in sizes(splits).items() if count)
    callback.note(f"{source.spec.name}: {_described(source.spec, recipe, request)}: {counts}")
    if recipe.task != "reconstruction" and (empty := note_of_empty_classes(splits, source.spec)):
        callback.warn(empty)
    warn_of_idle_settings(recipe, splits, callback)
    return splits


def _described(spec: DataSpec, recipe: Recipe, request: Request) -> str:
    """The targets and the inputs in words: `10 classes, images of 1x8x8`."""
    match spec.inputs:
        case "image":
            inputs = f"images of {request.image}"
        case "numbers":
            inputs = f"samples of {sizes_of(request.shape, 'number')}"
            if spec.sample_rate is not None:
                seconds = request.shape[1] / spec.sample_rate
                inputs = f"audio of {sizes_of(request.shape, 'sample')}, {seconds:.3g} s"
        case "ids":
            inputs = f"sequences of {request.shape[0]} IDs"
        case _:
            assert_never(spec.inputs)
    match spec.targets:
        case "next":
            return inputs
        case "caption":
            return f"captions of {counted(len(spec.classes), 'different word')}, {inputs}"
        case "numbers":
            return f"predicts {first_of(spec.classes, _MOST_NAMED)} from {inputs}"
        case _:
            return f"{counted(len(spec.classes), 'class')}, {inputs}" if recipe.task != "reconstruction" else inputs


def note_of_empty_classes(splits: Splits, spec: DataSpec) -> str | None:
    """A note that names the classes of which there is no training sample, as with classes numbered from 1."""
    if spec.targets != "class" or len(splits.train) == 0:
        return None
    known = set(np.unique(splits.train.labels).tolist())
    empty = [name for number, name in enumerate(spec.classes) if number not in known]
    if not empty:
        return None
    return f"{spec.name}: no training samples of the {'class' if len(empty) == 1 else 'classes'} {first_of(empty, 5)}"


def prepared(splits: Splits, task: Task, facts: TaskFacts) -> Splits:
    """The samples with the targets that the task learns from."""
    train, validation, test = (
        task.prepare(part, facts) if part else None for part in (splits.train, splits.validation, splits.test)
    )
    assert train is not None
    return Splits(train, validation, test, splits.notes)


def warn_of_idle_settings(recipe: Recipe, splits: Splits, callback: TrainingCallback) -> None:
    """Report the settings that have no effect because of other settings or of these samples."""
    epochs, schedule, count = recipe.epochs, recipe.schedule, len(splits.train)
    if splits.validation is None and recipe.split < 1 and round(count * recipe.split) == count:
        callback.warn(f"`split {recipe.split:g}` leaves no sample of {count:,} for validation")
    in_all = f"in {counted(epochs, 'epoch')}"
    if recipe.patience is not None and splits.validation is None:
        callback.warn(
            f"`patience {recipe.patience}` has no effect: there are no validation images (`split {recipe.split:g}`)"
        )
    elif recipe.patience is not None and recipe.patience >= epochs:
        callback.warn(f"`patience {recipe.patience}` has no effect {in_all}")
    if isinstance(schedule, Step) and schedule.drops_after(math.nextafter(epochs, 0)) == 0:
        drops = (
            f"after the epochs {schedule.at}"
            if schedule.at is not None
            else f"every {counted(schedule.every, 'epoch')}"
        )
        callback.warn(f"the learning rate never drops {in_all}: `schedule step` drops it {drops}")
    if recipe.freeze.name is not None and recipe.freeze.after >= epochs and not recipe.freeze.anneal:
        callback.warn(f"`freeze after={recipe.freeze.after}` has no effect {in_all}")
    if splits.train.images.ndim == 4:
        _warn_of_lost_images(recipe, splits.train.images.shape[2:], callback)
    if recipe.data.workers is not None and splits.train.stream is None:
        callback.warn(
            f"`workers {recipe.data.workers}` has no effect: the images are decoded once (`loading=stream` decodes "
            "them in every epoch)"
        )
    steps = math.ceil(len(splits.train) / recipe.batch / recipe.accumulate * epochs)
    if recipe.lookahead.every is not None and recipe.lookahead.every > steps:
        callback.warn(f"`lookahead every={recipe.lookahead.every}` has no effect in {counted(steps, 'step')}")


def _warn_of_lost_images(recipe: Recipe, size: tuple[int, ...], callback: TrainingCallback) -> None:
    """Report augmentation that may leave nothing of an image of this height and width."""
    shown = "×".join(map(str, size))
    if recipe.augment.crop is not None and recipe.augment.crop >= min(size):
        callback.warn(f"`crop={recipe.augment.crop}` shifts some images of {shown} completely out of view")
    if recipe.augment.cutout is not None and recipe.augment.cutout >= 2 * max(size):
        callback.warn(f"`cutout={recipe.augment.cutout}` erases images of {shown} completely")


def sizes(splits: Splits) -> dict[str, int]:
    """Number of images in each split."""
    parts = {"training": splits.train, "validation": splits.validation, "test": splits.test}
    return {name: len(part) if part else 0 for name, part in parts.items()}


def unreadable(splits: Splits, name: str, request: Request) -> set[tuple[str, str]]:
    """All streamed images that cannot be decoded, with the reasons. Raises DecoderEnded."""
    found: set[tuple[str, str]] = set()
    request.download.start_decoding(f"{name}, to list all unreadable images", sum(sizes(splits).values()))
    try:
        for part in (splits.train, splits.validation, splits.test):
            if part is not None and part.stream is not None:
                found |= {*part.stream.unreadable(request.download.advance)}
    finally:
        request.download.finish()
    return found


def build(model_spec: ModelSpec, recipe: Recipe, device: torch.device) -> nn.Module:
    """The network with its initial weights, which depend on the seed."""
    torch.manual_seed(derive(recipe.seed, "weights"))
    return model_spec.build().to(device)


def prepare(model: nn.Module, model_spec: ModelSpec, splits: Splits, standard: Standard, device: torch.device) -> None:
    """Set the weights that are computed from the first training images."""
    if model_spec.whitened:
        batch = on_device(splits.train.take(np.arange(min(WHITENING_IMAGES, len(splits.train)))), device)
        whiten(model, model_spec.whitened, batch.images, Standardizer(standard, device, torch.contiguous_format))


def choose(
    model: nn.Module,
    splits: Splits,
    standard: Standard,
    recipe: Recipe,
    device: torch.device,
    group: ProcessGroup = SINGLE_PROCESS,
    objective: Objective | None = None,
) -> tuple[DeviceSetup, list[Trial]]:
    """Precision and memory layout; `auto` is resolved by timing one batch, unless the network is sharded. All processes
    use the leader's choice.
    """
    count = min(math.ceil(recipe.batch / group.size), len(splits.train))
    batch = on_device(splits.train.take(np.arange(count)), device)
    inputs = Standardizer(standard, device, torch.contiguous_format)(batch.images)
    if recipe.shard and group.size > 1:  # timing needs the whole network on one device
        return DeviceSetup(device, "fp32" if recipe.precision == "auto" else recipe.precision), []
    learned = objective or objective_of(TASKS["classification"], recipe)
    targets = batch.images if learned.task.of_input else batch.labels
    layout: str = recipe.layout if inputs.ndim == 4 else "channels_first"
    chosen, trials = choose_setup(model, learned, (inputs, targets), device, recipe.precision, layout)
    precision, layout = group.broadcast_text(f"{chosen.precision} {chosen.layout}").split()
    return DeviceSetup(device, precision, layout), trials


def make_context(
    recipe: Recipe,
    setup: DeviceSetup,
    standard: Standard,
    splits: Splits,
    classes: int,
    stop: StopRequest,
    group: ProcessGroup = SINGLE_PROCESS,
    objective: Objective | None = None,
    graph: Graph | None = None,
) -> TrainContext:
    """The constants of a training run; without an `objective`, it learns classification."""
    learned = objective or objective_of(TASKS["classification"], recipe)
    train = on_device(splits.train, setup.device, setup.memory_format)
    standardize = Standardizer(standard, setup.device, setup.memory_format)
    return TrainContext(
        recipe=recipe,
        setup=setup,
        objective=learned,
        standardize=standardize,
        classes=classes,
        train=train,
        validation=on_device(splits.validation, setup.device, setup.memory_format) if splits.validation else None,
        stop=stop,
        group=group,
        inputs=_inputs(train, recipe, standardize, setup.device) if not learned.task.of_input else None,
        sharded=_names(sharded_parts, graph) if recipe.shard and group.size > 1 else None,
        recomputed=_names(blocks, graph) if recipe.activation_checkpointing else (),
    )


def _names(parts: Callable[[Graph], tuple[tuple[str, ...], ...]], graph: Graph | None) -> tuple[str, ...]:
    """The names of modules; empty for a handwritten network, which has no graph."""
    return tuple(".".join(path) for path in parts(graph)) if graph is not None else ()


def _inputs(train: Batches, recipe: Recipe, standardize: Standardizer, device: torch.device) -> Tensor | None:
    """All images standardized, if that saves work for each batch: for small data sets without random augmentation."""
    if train.stream is not None:
        return None
    if train.images.nbytes > _MOST_STANDARDIZED or train.images.device != device or changes_pixels(recipe.augment):
        return None
    return standardize(train.images)


def first_state(model: nn.Module, context: TrainContext) -> TrainingState:
    """The initial state of a training run, with the weights in the setup's memory layout."""
    device, recipe = context.setup.device, context.recipe
    model = model.to(memory_format=context.setup.memory_format)  # type: ignore[call-overload]  # torch's types lack this overload
    model = context.group.prepare(model, device, context.sharded)
    torch.manual_seed(derive(recipe.seed, process_purpose("steps", context.group)))
    return TrainingState(
        model=model,
        optimizer=make_optimizer(model, recipe.optimizer, recipe.freeze),
        rng=RandomGenerators(recipe.seed, device, context.group),
        metrics=EpochMetrics(device, context.task.count()),
        average=start(recipe, weights_of(model)),
        scaler=torch.amp.GradScaler(device.type) if context.setup.precision == "fp16" else None,
    )
