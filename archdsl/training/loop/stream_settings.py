"""The settings of a recipe for images that are decoded in every epoch."""

import os

from ..data.stream.image_stream import StreamSettings
from ..data.stream.transform import RandomChanges
from ..recipe.recipe import Recipe
from .training_state import derive


def stream_settings(recipe: Recipe, processes: int = 1) -> StreamSettings | None:
    """The settings, for one of several training processes on this machine; None if images are decoded once."""
    data, augment = recipe.data, recipe.augment
    if data.loading == "cache":
        return None
    changes = RandomChanges(
        crop=augment.random_resized_crop,
        ratio=augment.aspect_ratio,
        flip=augment.flip,
        magnitude=augment.randaugment,
        operations=augment.operations,
        erasing=augment.random_erasing,
    )
    return StreamSettings(
        needed=recipe.streams,
        workers=data.workers if data.workers is not None else max(1, _cores() // processes),
        resize=data.test_resize,
        train_size=augment.train_size,
        changes=changes,
        repeats=augment.repeats or 1,
        seed=derive(recipe.seed, "stream"),
    )


def _cores() -> int:
    """Number of cores that this process may use, if the system reports it; else all cores."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
