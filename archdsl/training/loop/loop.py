"""The training loop: epochs, validation, the best epoch, checkpoints."""

from enum import Enum

import torch

from ..errors.device_errors import CannotCompile
from ..errors.problem import Problem
from .callback import Watch
from .epoch import Epoch, Forward
from .evaluation import Scores, averaged, evaluate
from .memory_budget import is_memory
from .metrics import Tally
from .run_store import RunStore
from .train_context import Batches, Job
from .training_state import Best, State

_LARGEST_BATCH = 512


class Ending(Enum):
    """Why a training has ended."""

    FINISHED = "finished"
    EARLY = "no improvement within the patience"
    STOPPED = "stopped by the user"


def fit(state: State, job: Job, run: RunStore, watch: Watch) -> Ending:
    """Train until the recipe's last epoch, early stopping or a stop request, saving checkpoints in the run.

    Raises Diverged, PeerLost, CannotCompile, DiskFull; the newest checkpoint is then complete and finite.
    """
    with job.setup.autocast():
        example = job.standardise(job.train.images[:1].to(job.setup.device))
        model = job.team.wrap(state.model, example, changing=job.recipe.freeze.name is not None)
    forward: Forward = torch.compile(model) if job.recipe.compile else model
    watch.begin(job.epochs, len(job.train))
    try:
        with job.stop:
            return _epochs(state, job, forward, run, watch)
    except RuntimeError as error:
        if problem := _meaning(error, job):
            raise problem from error
        raise
    finally:
        watch.end()


def _meaning(error: RuntimeError, job: Job) -> Problem | None:
    """The problem that a torch error indicates, if known."""
    if lost := job.team.meaning(error):
        return lost
    if job.recipe.compile:
        from torch._dynamo.exc import BackendCompilerFailed

        if isinstance(error, BackendCompilerFailed) and not is_memory(error):
            return CannotCompile(str(error.inner_exception).partition("\n")[0])
    return None


def _epochs(state: State, job: Job, forward: Forward, run: RunStore, watch: Watch) -> Ending:
    run.keep(state)  # fails at once if the disk is full or not writable
    while state.epoch < job.epochs:
        if job.recipe.patience is not None and state.stale >= job.recipe.patience:
            return Ending.EARLY
        if not Epoch(state, job, forward, run, watch).go():
            run.keep(state)
            return Ending.STOPPED
        _close(state, job, run, watch)
        if job.team.agree(job.stop(), False, at_once=True)[0] and state.epoch < job.epochs:
            return Ending.STOPPED
    return Ending.FINISHED


def score(state: State, job: Job, images: Batches, tta: str = "none") -> Scores:
    """Scores of the state's network on images, with its averaged weights if there are any."""
    with averaged(state.model, state.average):
        return evaluate(
            state.model,
            images.images,
            images.labels,
            job.loss,
            job.setup,
            job.standardise,
            batch=min(_LARGEST_BATCH, 4 * job.recipe.batch),  # no backward pass, so it may be larger
            tta=tta,
            team=job.team,
        )


def _close(state: State, job: Job, run: RunStore, watch: Watch) -> None:
    """Validate, log and save; the state is then at the start of the next epoch."""
    tally, seconds = state.tally, state.seconds
    speed_over = seconds - (state.history[-1]["seconds"] if state.history else 0.0)
    scores = score(state, job, job.validation) if job.validation else None
    line = {
        "epoch": state.epoch + 1,
        "step": state.step,
        "lr": state.optimizer.param_groups[0]["lr"],
        "train": {"loss": tally.loss.item() / tally.seen, "accuracy": tally.correct.item() / tally.seen},
        "validation": scores.summary() if scores else None,
        "seconds": round(seconds, 3),
        "images_per_second": round(tally.seen / speed_over, 1) if speed_over > 0 else None,
    }
    better = scores is not None and _is_better(scores, state.best)
    if scores is not None and better:
        state.best = Best(state.epoch + 1, scores.accuracy, scores.loss)
    state.stale = 0 if better or scores is None else state.stale + 1
    state.history.append(line)
    state.epoch, state.batch, state.tally = state.epoch + 1, 0, Tally(job.setup.device)
    if better:
        run.keep_weights(state, run.best)
    run.keep(state)
    watch.epoch(line, better)


def _is_better(scores: Scores, best: Best | None) -> bool:
    return best is None or (scores.accuracy, -scores.loss) > (best.accuracy, -best.loss)
