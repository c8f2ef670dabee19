"""Images are converted to the form of the batches once."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from archdsl.training import assemble
from archdsl.training.data.dataset_spec import DataSpec
from archdsl.training.data.images import ImageSet, Splits
from archdsl.training.loop import train_context
from archdsl.training.loop.callback import StopRequest
from archdsl.training.loop.device_setup import DeviceSetup
from archdsl.training.loop.standardization import measure
from archdsl.training.loop.train_context import TrainContext
from archdsl.training.loop.training_state import RandomGenerators
from archdsl.training.recipe.recipe import Recipe

CPU = torch.device("cpu")


def images(count: int = 20, channels: int = 3) -> ImageSet:
    rng = np.random.default_rng(0)
    return ImageSet(rng.integers(0, 256, (count, channels, 6, 7)).astype(np.uint8), np.arange(count) % 4)


def made(layout: str, **recipe: Any) -> TrainContext:
    given = images()
    wanted = Recipe.model_validate({"batch": 5, **recipe})
    return assemble.make_context(
        wanted, DeviceSetup(CPU, "fp32", layout), measure(given.images), Splits(given, None, None), 4, StopRequest()
    )


def batch(context: TrainContext) -> tuple[Tensor, Tensor]:
    return context.feed(context.order(0)[:5], context.mirrored(0), RandomGenerators(0, CPU))


@pytest.mark.parametrize("layout", ["channels_first", "channels_last"])
@pytest.mark.parametrize(
    "augment",
    [{}, {"cutout": 2}, {"mixup": 0.5}, {"crop": 1, "flip": True}, {"alternate": True, "border": "reflect", "crop": 2}],
    ids=["plain", "cutout", "mixup", "crop and flip", "alternate"],
)
def test_batch_does_not_depend_on_how_images_are_stored(
    layout: str, augment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = made(layout, augment=augment)
    assert (kept.inputs is None) == bool({"crop", "alternate"} & augment.keys())
    monkeypatch.setattr(assemble, "_MOST_STANDARDIZED", 0)
    monkeypatch.setattr(train_context, "_MOST_COPIED", 0)
    each = made(layout, augment=augment)
    assert each.inputs is None
    assert each.train.images.is_contiguous()
    (inputs, labels), (theirs, same) = batch(kept), batch(each)
    assert torch.equal(inputs, theirs)
    assert torch.equal(labels, same)
    assert inputs.is_contiguous(memory_format=DeviceSetup(CPU, "fp32", layout).memory_format)
    assert inputs.dtype == torch.float32


def test_preconverted_images_are_not_modified_in_place() -> None:
    context = made("channels_last", augment={"cutout": 3, "cutmix": 1.0})
    assert context.inputs is not None
    before = context.inputs.clone()
    for _ in range(3):
        batch(context)
    assert torch.equal(context.inputs, before)


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (4, None),
        (5, "pets: no training samples of the class 4"),
        (7, "pets: no training samples of the classes 4, 5, 6"),
    ],
)
def test_classes_without_training_samples_are_named(classes: int, words: str | None) -> None:
    spec = DataSpec("pets", tuple(map(str, range(classes))), None)
    assert assemble.note_of_empty_classes(Splits(images(), None, None), spec) == words
