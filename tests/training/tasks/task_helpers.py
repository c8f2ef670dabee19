"""Training runs of tasks on tiny synthetic data."""

from pathlib import Path
from typing import Any

import numpy as np

import archdsl
from archdsl.diagnostics import Sink
from archdsl.training.data.dataset_spec import DataSpec, ImageShape
from archdsl.training.data.drawn_shapes import draw
from archdsl.training.data.images import DataSource, Request, Splits
from archdsl.training.data.registry import find_source
from archdsl.training.loop.callback import StopRequest, TrainingCallback
from archdsl.training.model_spec import model_spec_of
from archdsl.training.network_check import check
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.runs.run_folder import Run
from archdsl.training.session import RunResources, Training
from tests.training.helpers import StopAfter

SIDE = 16
SEGMENTS = "input 3x16x16\nconv 8 k3 p1; bn; relu; conv 4 k3 p1\n"
REPRODUCES = "input 3x16x16\nconv 8 k3 p1; relu; conv 3 k3 p1\n"


class TinyShapes(DataSource):
    """The first images of `shapes`, at 16×16 pixels."""

    @property
    def spec(self) -> DataSpec:
        names = ("background", "circle", "rectangle", "triangle")
        return DataSpec("tiny", names, ImageShape(3, SIDE, SIDE), targets="mask")

    def load(self, request: Request) -> Splits:
        made = draw(48, SIDE)
        train, validation, test = (made.take(np.arange(*of)) for of in ((0, 32), (32, 40), (40, 48)))
        return Splits(train, validation, test)


def task_training(text: str, folder: Path, stop: StopRequest | None = None, **recipe: Any) -> Training:
    """A training of a text on tiny shapes, in a new run or the existing one."""
    settings = {"epochs": 2, "batch": 8, "precision": "fp32", "layout": "channels_first", **recipe}
    run = Run(folder) if folder.exists() else Run.create(folder, folder.parent, "unused")
    resources = RunResources(Request(ImageShape(3, SIDE, SIDE), folder.parent / "cache"), "cpu", run)
    network = archdsl.loads(text)
    given = Recipe.model_validate(settings)
    sink = Sink()
    check(network.graph, TinyShapes().spec, given, sink)
    assert not tuple(sink)
    callback = TrainingCallback()
    return Training(model_spec_of(network, {}, ()), TinyShapes(), given, resources, callback, stop or StopRequest())


def errors(text: str, spec: DataSpec, **recipe: Any) -> list[tuple[str, str]]:
    """The codes and messages of a network's check against data, before any are read."""
    sink = Sink()
    check(archdsl.loads(text).graph, spec, Recipe.model_validate(recipe), sink)
    return [(found.diagnostic.code, found.diagnostic.message()) for found in sink]


def sample_training(text: str, data: str, folder: Path, stop: StopRequest | None = None, **recipe: Any) -> Training:
    """A training of a text on a data set by name, in a new run or the existing one."""
    settings = {"epochs": 2, "batch": 8, "precision": "fp32", "layout": "channels_first", **recipe}
    given, network, source = Recipe.model_validate(settings), archdsl.loads(text), find_source(data)
    sink = Sink()
    check(network.graph, source.spec, given, sink)
    assert not tuple(sink), [found.diagnostic.message() for found in sink]
    run = Run(folder) if folder.exists() else Run.create(folder, folder.parent, "unused")
    spec = model_spec_of(network, {}, ())
    resources = RunResources(Request(spec.shape, folder.parent / "cache"), "cpu", run)
    return Training(spec, source, given, resources, TrainingCallback(), stop or StopRequest())


class Killed(BaseException):
    """The end of a process, as far as its state is concerned."""


class KillAfter(StopAfter):
    """Ends the training after this many queries, without saving anything."""

    def __call__(self) -> bool:
        if super().__call__():
            raise Killed
        return False
