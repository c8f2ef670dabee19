"""A small data set in memory, a small handwritten network, a training with both."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from archdsl.training import report
from archdsl.training.data.dataset_spec import DataSpec, ImageShape
from archdsl.training.data.images import DataSource, ImageSet, Request, Splits
from archdsl.training.loop.callback import StopRequest, TrainingCallback
from archdsl.training.model_spec import ModelSpec
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.runs.run_folder import Run
from archdsl.training.runs.text_digests import of_json
from archdsl.training.session import RunResources, Training

SHAPE = ImageShape(1, 8, 8)


class Patches(DataSource):
    """Noise with a bright patch, whose position among three is the class: learned in seconds."""

    def __init__(self, train: int = 90, validation: int = 30, test: int = 30) -> None:
        self.counts = (train, validation, test)

    @property
    def spec(self) -> DataSpec:
        return DataSpec("patches", ("left", "middle", "right"), SHAPE)

    def load(self, request: Request) -> Splits:
        train, validation, test = (_patches(count, seed) for seed, count in enumerate(self.counts))
        return Splits(train, validation if len(validation) else None, test if len(test) else None)


def _patches(count: int, seed: int) -> ImageSet:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    images = rng.integers(0, 120, (count, *SHAPE)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 2:6, 1 + 2 * label : 3 + 2 * label] = 250
    return ImageSet(images, labels)


def small_network() -> nn.Module:
    """A convolution, batch normalization and dropout: parameters, buffers and random numbers, all parts of a state."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2),
        nn.Flatten(), nn.Linear(128, 3),
    )  # fmt: skip


def model_spec(build: Callable[[], nn.Module] = small_network) -> ModelSpec:
    return ModelSpec("small", "input 1x8x8\n", SHAPE, build)


def training(
    folder: Path, stop: StopRequest | None = None, callback: TrainingCallback | None = None, **recipe: Any
) -> Training:
    """A training in `folder` (a new run, or the existing one), with fixed precision and layout."""
    settings = {"epochs": 3, "batch": 16, "precision": "fp32", "layout": "channels_first", **recipe}
    run = Run(folder) if folder.exists() else Run.create(folder, folder.parent, "unused")
    place = RunResources(Request(SHAPE, folder.parent / "cache"), "cpu", run)
    return Training(
        model_spec(),
        Patches(),
        Recipe.model_validate(settings),
        place,
        callback or TrainingCallback(),
        stop or StopRequest(),
    )


def leave_out_figures(patch: pytest.MonkeyPatch) -> None:
    """Do not draw curves and confusion matrices, which takes longer than training on little data."""
    patch.setattr(report, "draw_curves", lambda *_: None)
    patch.setattr(report, "draw_confusion", lambda *_: None)


def edit_settings(folder: Path, change: Callable[[Any], object]) -> None:
    """Change the settings of a run or a sweep, and update their digest."""
    path = folder / "settings.json"
    settings = json.loads(path.read_text())
    del settings["digest"]
    change(settings)
    path.write_text(json.dumps({**settings, "digest": of_json(settings)}))


class StopAfter(StopRequest):
    """Stops after this many queries: one after each step, one after each epoch."""

    def __init__(self, asked: int) -> None:
        self.left = asked

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0
