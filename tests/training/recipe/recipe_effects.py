"""What a recipe changes in a training of a few steps: weights, log, scores and checkpoints."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from torch import nn

from archdsl.training import assemble
from archdsl.training.data.images import ImageSet, Request, Splits, hold_out
from archdsl.training.loop.callback import StopRequest, TrainingCallback
from archdsl.training.loop.device_setup import DeviceSetup
from archdsl.training.loop.loop import fit, score
from archdsl.training.loop.standardization import measure
from archdsl.training.loop.tensor_parts import weights_of
from archdsl.training.loop.train_context import on_device
from archdsl.training.loop.training_state import TrainingState
from archdsl.training.recipe.fields import recipe_fields
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.tasks.choice import TASKS
from archdsl.training.tasks.outputs import objective_of
from archdsl.training.tasks.task import STREAMED_AUGMENTATIONS

Settings = tuple[tuple[tuple[str, ...], Any], ...]
"""Values by the path of their field."""

BASE: Mapping[tuple[str, ...], Any] = {
    ("epochs",): 3, ("batch",): 16, ("precision",): "fp32", ("layout",): "channels_first", ("optimizer", "lr"): 0.02,
}  # fmt: skip
NOT_HERE: dict[tuple[str, ...], str] = {
    ("data", "name"): "another data set", ("data", "fit"): "images of another size: tests/training/data",
    ("task",): "another network and data set: tests/training/tasks", ("compile",): "changes the speed alone",
    ("loss", "output_losses"): "a network with several outputs: tests/training/tasks/test_outputs.py",
    ("loss", "delta"): "the Huber loss of regression: tests/training/tasks", ("patience",): "a loss that gets worse",
    ("layout",): "changes the speed alone", ("precision",): "depends on the machine",
    **{("loss", name): "the loss of detection: tests/training/tasks" for name in ("radius", "range", "alpha", "gamma")},
    ("data", "loading"): "a folder of images: tests/training/data/stream",
    ("data", "workers"): "changes the speed alone",
    ("data", "test_resize"): "a folder of images: tests/training/data/stream",
    **{("augment", name): "a folder of images: tests/training/data/stream" for name in sorted(STREAMED_AUGMENTATIONS)},
    ("activation_checkpointing",): "changes the memory alone: tests/training/loop/test_activation_checkpointing.py",
    ("shard",): "several processes: tests/training/processes/test_sharding.py",
}  # fmt: skip
"""The fields that change nothing in this training, and the reasons."""

# An option with those that it needs. One field may have several values.
SETTINGS: Mapping[str, Settings] = {
    "split": ((("split",), 0.6),),
    "flip": ((("augment", "flip"), True),),
    "alternate": ((("augment", "alternate"), True),),
    "crop": ((("augment", "crop"), 1),),
    "border": ((("augment", "crop"), 2), (("augment", "border"), "reflect")),
    "rotate": ((("augment", "rotate"), 20),),
    "jitter": ((("augment", "jitter"), 0.4),),
    "cutout": ((("augment", "cutout"), 3),),
    "mixup": ((("augment", "mixup"), 0.5),),
    "cutmix": ((("augment", "cutmix"), 1.0),),
    "noise": ((("augment", "noise"), 0.3),),
    "sgd": ((("optimizer", "name"), "sgd"),),
    "adamw": ((("optimizer", "name"), "adamw"),),
    "rmsprop": ((("optimizer", "name"), "rmsprop"),),
    "muon": ((("optimizer", "name"), "muon"),),
    "lr": ((("optimizer", "lr"), 0.005),),
    "weight_decay": ((("optimizer", "weight_decay"), 0.3),),
    "decay_all": ((("optimizer", "weight_decay"), 0.3), (("optimizer", "decay_all"), True)),
    "norm_bias_lr": ((("optimizer", "norm_bias_lr"), 8.0),),
    "bias_lr": ((("optimizer", "bias_lr"), 8.0),),
    "ns_steps": ((("optimizer", "name"), "muon"), (("optimizer", "ns_steps"), 3)),
    "adjust_lr": ((("optimizer", "name"), "muon"), (("optimizer", "adjust_lr"), "original")),
    "normalize": ((("optimizer", "name"), "muon"), (("optimizer", "normalize"), True)),
    "other": ((("optimizer", "name"), "muon"), (("optimizer", "other"), "sgd")),
    "other_lr": ((("optimizer", "name"), "muon"), (("optimizer", "other_lr"), 0.3)),
    "other_momentum": (
        (("optimizer", "name"), "muon"),
        (("optimizer", "other"), "sgd"),
        (("optimizer", "other_momentum"), 0.5),
    ),
    "momentum": ((("optimizer", "name"), "sgd"), (("optimizer", "momentum"), 0.5)),
    "nesterov": ((("optimizer", "name"), "sgd"), (("optimizer", "nesterov"), True)),
    "beta1": ((("optimizer", "beta1"), 0.5),),
    "beta2": ((("optimizer", "beta2"), 0.9),),
    "eps": ((("optimizer", "eps"), 0.01),),
    "warmup": ((("schedule", "warmup"), 0.5),),
    "step": ((("schedule", "name"), "step"), (("schedule", "every"), 1)),
    "factor": ((("schedule", "name"), "step"), (("schedule", "every"), 1), (("schedule", "factor"), 0.5)),
    "at": ((("schedule", "name"), "step"), (("schedule", "at"), "1")),
    "cosine": ((("schedule", "name"), "cosine"),),
    "onecycle": ((("schedule", "name"), "onecycle"),),
    "end": ((("schedule", "name"), "cosine"), (("schedule", "end"), 0.5)),
    "start": ((("schedule", "name"), "triangular"), (("schedule", "start"), 0.7)),
    "bce": ((("loss", "name"), "bce"),),
    "mse": ((("loss", "name"), "mse"),),
    "smoothing": ((("loss", "smoothing"), 0.3),),
    "class_weights": ((("loss", "class_weights"), "left=4"),),
    "sum": ((("loss", "sum"), True),),
    "epochs": ((("epochs",), 2),),
    "batch": ((("batch",), 8),),
    "accumulate": ((("accumulate",), 2),),
    "clip": ((("clip",), 0.01),),
    "ema": ((("ema",), 0.7),),
    "lookahead": ((("lookahead", "every"), 2),),
    "alpha": ((("lookahead", "every"), 2), (("lookahead", "alpha"), 0.9)),
    "ramp": ((("lookahead", "every"), 2), (("lookahead", "ramp"), 2.0)),
    "freeze": ((("freeze", "name"), "0"),),
    "freeze_after": ((("freeze", "name"), "0"), (("freeze", "after"), 1)),
    "anneal": ((("freeze", "name"), "0"), (("freeze", "after"), 2), (("freeze", "anneal"), True)),
    "tta": ((("tta",), "shift"),),
    "checkpoint": ((("checkpoint",), 1e-9),),
    "seed": ((("seed",), 5),),
}


class _Store:
    """Counts the checkpoints."""

    folder, best = Path("unused"), Path("unused")

    def __init__(self) -> None:
        self.kept = 0

    def keep(self, state: TrainingState) -> None:
        self.kept += 1

    def finish(self) -> None:
        pass

    def keep_weights(self, state: TrainingState, path: Path) -> None:
        pass


class Notes(TrainingCallback):
    """Keeps the warnings."""

    def __init__(self) -> None:
        self.warned: list[str] = []

    def warn(self, text: str) -> None:
        self.warned.append(text)


def tree_of(settings: Settings) -> dict[str, Any]:
    """The settings as the sections of a recipe; a kind of a section replaces the values of the base."""
    tree: dict[str, Any] = {}
    given = {**BASE, **dict(settings)}
    for path, value in sorted(given.items(), key=lambda item: item[0][-1] != "name"):
        if len(path) == 1:
            tree[path[0]] = value
        else:
            tree.setdefault(path[0], {})[path[1]] = value
    for line, default in (("optimizer", "adam"), ("schedule", "constant"), ("loss", "cross_entropy")):
        if line in tree:
            tree[line].setdefault("name", default)
    return tree


@cache
def effect(settings: Settings) -> str | None:
    """A digest of everything that a training with these settings does; None if the recipe is refused, or what is
    without effect is reported.
    """
    try:
        recipe = Recipe.model_validate(tree_of(settings))
    except ValidationError:
        return None
    learn, validate = hold_out(_samples(60, 0), recipe.split)
    splits = Splits(learn, validate, _samples(24, 1))
    notes, store = Notes(), _Store()
    assemble.warn_of_idle_settings(recipe, splits, notes)
    if notes.warned:
        return None
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3)
    )
    device, facts = torch.device("cpu"), _facts(recipe)
    objective = objective_of(TASKS["classification"], recipe, None, facts)
    standard = measure(splits.train.images)
    context = assemble.make_context(
        recipe, DeviceSetup(device), standard, splits, 3, StopRequest(), objective=objective
    )
    state = assemble.first_state(model, context)
    fit(state, context, store, notes)
    digest = hashlib.sha256(str(store.kept).encode())
    for tensor in (state.average or weights_of(state.model)).values():
        digest.update(tensor.contiguous().numpy().tobytes())
    assert splits.test is not None
    digest.update(str(score(state, context, on_device(splits.test, device), recipe.tta).summary()).encode())
    lines = [{name: value for name, value in line.items() if "second" not in name} for line in state.history]
    digest.update(str(lines).encode())
    return digest.hexdigest()


def _facts(recipe: Recipe) -> Any:
    from archdsl.training.data.dataset_spec import TaskFacts
    from archdsl.training.tasks.class_counts import class_weights

    classes = ("left", "middle", "right")
    return TaskFacts(classes, class_weights=class_weights(recipe.loss, classes, _samples(60, 0).labels))


@cache
def _samples(count: int, seed: int) -> ImageSet:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    images = rng.integers(0, 200, (count, 1, 8, 8)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 2:6, 1 + 2 * label : 3 + 2 * label] //= 2
    return ImageSet(images, labels)


def together(one: str, other: str) -> Settings | None:
    """The settings of both; None if they give one field two values."""
    a, b = dict(SETTINGS[one]), dict(SETTINGS[other])
    if any(path in b and b[path] != value for path, value in a.items()):
        return None
    return tuple(sorted({**a, **b}.items()))


def pairs() -> Iterator[tuple[str, str]]:
    """Every ordered pair of options: the first, next to the second, which does not include it."""
    for one in SETTINGS:
        for other in SETTINGS:
            if together(one, other) is not None and not set(SETTINGS[one]) <= set(SETTINGS[other]):
                yield one, other


def same_line(one: str, other: str) -> bool:
    """Whether both options are of one line of the recipe."""
    return SETTINGS[one][-1][0][0] == SETTINGS[other][-1][0][0]


def missing_fields() -> set[tuple[str, ...]]:
    """The fields of the recipe that neither an entry of the table nor a reason covers."""
    covered = {path for settings in SETTINGS.values() for path, _ in settings} | NOT_HERE.keys()
    return {entry.path for entry in recipe_fields()} - covered


def request(shape: Any) -> Request:
    """A request for data that are made in memory."""
    return Request(shape, Path("unused"))
