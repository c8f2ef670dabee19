"""A dry run: a few training steps and one validation batch, whose results are not kept."""

import sys
from dataclasses import dataclass

import numpy as np
import torch

from ..data.images import Splits
from ..errors.loop_errors import Diverged
from ..tasks.meter import Scores
from .callback import TrainingCallback
from .epoch import Epoch
from .loop import score, wrapped
from .run_store import RunStore
from .train_context import TrainContext, on_device
from .training_state import TrainingState

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]  # marks the missing module

_STEPS = 3
"""Number of training steps: the first ones are slower than the others."""


@dataclass(frozen=True)
class DryRun:
    """What a dry run did: its steps, the training images of each, the mean loss, and the seconds of the last step.

    The `scores` are those of `evaluated` images of `split`; None without validation and test images. `peak` is the
    largest memory that was used, in bytes: of the device if it is a GPU, else of the process; None where it is not
    known.
    """

    steps: int
    images: int
    loss: float
    seconds: float
    split: str
    evaluated: int
    scores: Scores | None
    peak: int | None


def dry_run(
    state: TrainingState, context: TrainContext, splits: Splits, run: RunStore, callback: TrainingCallback
) -> DryRun:
    """Train for a few steps, then evaluate a batch. Raises the errors of a training run."""
    forward = wrapped(state, context)
    steps = min(_STEPS, context.updates)
    try:
        seconds = Epoch(state, context, forward, run, callback).run_steps(steps)
    except Diverged as error:
        raise error.without_run() from None
    split, samples = next(
        ((name, part) for name, part in (("validation", splits.validation), ("test", splits.test)) if part is not None),
        ("", None),
    )
    count = min(context.recipe.batch, len(samples)) if samples is not None else 0
    scores = None
    if samples is not None:
        some = on_device(samples.take(np.arange(count)), context.setup.device, context.setup.memory_format)
        scores = score(state, context, some, context.recipe.tta)
    images = min(context.recipe.batch * context.recipe.accumulate, len(context.train))
    loss = state.metrics.summary()["loss"]
    return DryRun(steps, images, loss, seconds, split, count, scores, _peak(context.setup.device))


def _peak(device: torch.device) -> int | None:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if resource is None:
        return None
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024  # bytes on macOS, else kibibytes
