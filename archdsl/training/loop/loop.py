"""The training loop: epochs, validation, the best epoch, and checkpoints."""

from enum import Enum

import torch

from ..errors.device_errors import CannotCompile
from ..errors.problem import Problem
from ..tasks.meter import Scores
from ..tasks.metric import METRICS
from .activation_checkpointing import recomputed
from .callback import TrainingCallback
from .epoch import Epoch, Forward
from .evaluation import averaged, evaluate
from .memory_budget import is_memory
from .metrics import EpochMetrics
from .run_store import RunStore
from .train_context import Batches, TrainContext
from .training_state import Best, TrainingState

_LARGEST_BATCH = 512


class Ending(Enum):
    """Why a training run has ended."""

    FINISHED = "finished"
    EARLY = "no improvement for `patience` epochs"
    STOPPED_BY_CALLBACK = "a callback stopped it"
    STOPPED = "stopped by the user"


def fit(state: TrainingState, context: TrainContext, run: RunStore, callback: TrainingCallback) -> Ending:
    """Train until the recipe's last epoch, early stopping or a stop request, saving checkpoints in the run.

    Raises Diverged, UndecodableImage, DecoderEnded, PeerLost, CannotCompile, or DiskFull. The newest checkpoint is
    always finite.
    """
    forward = wrapped(state, context)
    images = context.train.images
    sample = "image" if images.dtype == torch.uint8 and images.ndim == 4 else "sample"
    callback.begin(context.epochs, len(context.train), sample)
    try:
        with context.stop, recomputed(state.model, context.recomputed):
            ending = _epochs(state, context, forward, run, callback)
            run.finish()
            return ending
    except RuntimeError as error:
        if problem := _meaning(error, context):
            raise problem from error
        raise
    finally:
        callback.end()


def wrapped(state: TrainingState, context: TrainContext) -> Forward:
    """The network as the steps call it: with the gradients of all processes, and compiled if the recipe requires it."""
    with context.setup.autocast():
        inputs = context.standardize(context.train.example().to(context.setup.device))
        example = context.task.feed(inputs, context.train.labels[:1].to(context.setup.device))
        changing = context.recipe.freeze.name is not None
        model = context.group.wrap(state.model, context.objective, example, changing)
    return torch.compile(model) if context.recipe.compile else model


def _meaning(error: RuntimeError, context: TrainContext) -> Problem | None:
    """The problem that a torch error indicates, if known."""
    if lost := context.group.explain_error(error):
        return lost
    if context.recipe.compile:
        from torch._dynamo.exc import BackendCompilerFailed

        if isinstance(error, BackendCompilerFailed) and not is_memory(error):
            return CannotCompile(str(error.inner_exception).partition("\n")[0])
    return None


def _epochs(
    state: TrainingState, context: TrainContext, forward: Forward, run: RunStore, callback: TrainingCallback
) -> Ending:
    run.keep(state)  # fails at once if the disk is full or not writable
    while state.epoch < context.epochs:
        if context.recipe.is_out_of_patience(state.stale):
            return Ending.EARLY
        if context.group.any(callback.should_stop()):
            return Ending.STOPPED_BY_CALLBACK
        if not Epoch(state, context, forward, run, callback).run():
            run.keep(state)
            return Ending.STOPPED
        _close(state, context, run, callback)
        if context.group.agree(context.stop(), False, at_once=True)[0] and state.epoch < context.epochs:
            return Ending.STOPPED
    return Ending.FINISHED


def score(state: TrainingState, context: TrainContext, images: Batches, tta: str = "none") -> Scores:
    """Scores of the state's network on images, with its averaged weights if there are any."""
    task, objective = context.task, context.objective
    with averaged(state.model, state.average):
        return evaluate(
            state.model,
            images.images,
            images.images if task.of_input else images.labels,
            objective.custom.meter(task.meter(objective.main, context.recipe.loss, objective.facts)),
            context.setup,
            context.standardize,
            feed=task.feed,
            combined=task.combined,
            # no backward pass, so it may be larger; streamed batches are decoded ahead
            batch=min(_LARGEST_BATCH, (4 if images.stream is None else 1) * context.recipe.batch),
            tta=tta,
            group=context.group,
            noise=context.recipe.augment.noise if task.of_input else None,
            stream=images.stream,
        )


def _close(state: TrainingState, context: TrainContext, run: RunStore, callback: TrainingCallback) -> None:
    """Validate, log and save; the state is then at the start of the next epoch."""
    metrics, seconds = state.metrics, state.seconds
    speed_over = seconds - (state.history[-1]["seconds"] if state.history else 0.0)
    scores = score(state, context, context.validation) if context.validation else None
    line = {
        "epoch": state.epoch + 1,
        "step": state.step,
        "lr": state.optimizer.param_groups[0]["lr"],
        "train": metrics.summary(),
        "validation": scores.values() if scores else None,
        "seconds": round(seconds, 3),
        "images_per_second": round(metrics.seen / speed_over, 1) if speed_over > 0 else None,
    }
    better = scores is not None and _is_better(scores, state.best, context.task.metric)
    if scores is not None and better:
        values, metric = scores.summary(), context.task.metric
        state.best = Best(state.epoch + 1, metric, values[metric], values["loss"])
    state.stale = 0 if better or scores is None else state.stale + 1
    state.history.append(line)
    state.epoch, state.batch = state.epoch + 1, 0
    state.metrics = EpochMetrics(context.setup.device, context.task.count())
    if better:
        run.keep_weights(state, run.best)
    run.keep(state)
    callback.epoch(line, better)


def _is_better(scores: Scores, best: Best | None, name: str) -> bool:
    metric, values = METRICS[name], scores.summary()
    return best is None or (metric.key(values[name]), -values["loss"]) > (metric.key(best.value), -best.loss)
