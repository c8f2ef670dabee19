"""Images are converted to the form of the batches once."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from archdsl.training import assemble
from archdsl.training.data.images import ImageSet, Splits
from archdsl.training.loop import train_context
from archdsl.training.loop.callback import Stop
from archdsl.training.loop.device_setup import Setup
from archdsl.training.loop.standardization import measure
from archdsl.training.loop.train_context import Job
from archdsl.training.loop.training_state import Chance
from archdsl.training.recipe.recipe import Recipe

CPU = torch.device("cpu")


def images(count: int = 20, channels: int = 3) -> ImageSet:
    chance = np.random.default_rng(0)
    return ImageSet(chance.integers(0, 256, (count, channels, 6, 7)).astype(np.uint8), np.arange(count) % 4)


def made(layout: str, **recipe: Any) -> Job:
    given = images()
    wanted = Recipe.model_validate({"batch": 5, **recipe})
    return assemble.job(wanted, Setup(CPU, "fp32", layout), measure(given.images), Splits(given, None, None), 4, Stop())


def batch(job: Job) -> tuple[Tensor, Tensor]:
    return job.feed(job.order(0)[:5], job.mirrored(0), Chance(0, CPU))


@pytest.mark.parametrize("layout", ["channels_first", "channels_last"])
@pytest.mark.parametrize(
    "augment",
    [{}, {"cutout": 2}, {"mixup": 0.5}, {"crop": 1, "flip": True}, {"alternate": True, "border": "reflect", "crop": 2}],
    ids=["plain", "cutout", "mixup", "crop and flip", "alternate"],
)
def test_a_batch_is_the_same_however_images_are_kept(
    layout: str, augment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = made(layout, augment=augment)
    assert (kept.inputs is None) == bool({"crop", "alternate"} & augment.keys())
    monkeypatch.setattr(assemble, "_MOST_STANDARDISED", 0)
    monkeypatch.setattr(train_context, "_MOST_TURNED", 0)
    each = made(layout, augment=augment)
    assert each.inputs is None
    assert each.train.images.is_contiguous()
    (inputs, labels), (theirs, same) = batch(kept), batch(each)
    assert torch.equal(inputs, theirs)
    assert torch.equal(labels, same)
    assert inputs.is_contiguous(memory_format=Setup(CPU, "fp32", layout).memory_format)
    assert inputs.dtype == torch.float32


def test_images_that_are_kept_ready_are_not_written_into() -> None:
    job = made("channels_last", augment={"cutout": 3, "cutmix": 1.0})
    assert job.inputs is not None
    before = job.inputs.clone()
    for _ in range(3):
        batch(job)
    assert torch.equal(job.inputs, before)
