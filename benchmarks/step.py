"""Time of a training step of a tiny network: a bare loop, archdsl's training, and Lightning and Keras if installed.

A step takes 32 images of 1×4×4 from memory through two linear layers, so that nearly all of the time is the loop's own.
The target is at most 150 µs on a machine where the bare loop takes 127 µs, so at most 1.18 times as much on any
machine. Exits with status 1 if it is missed.

Lightning (`pip install lightning`) and Keras (`pip install keras`, on torch) are not dependencies of archdsl.
"""

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from _harness import compare, report
from _nets import CPU, TINY, ModelSpec, Tiny, images
from torch import Tensor

from archdsl.training import assemble
from archdsl.training.data.images import Splits
from archdsl.training.loop.callback import StopRequest, TrainingCallback
from archdsl.training.loop.device_setup import DeviceSetup
from archdsl.training.loop.epoch import Epoch
from archdsl.training.loop.standardization import measure
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.runs.run_folder import Run

TARGET = 150 / 127
ROUNDS = 31
SHAPE = (1, 4, 4)
SUBJECT = ModelSpec("tiny", TINY, Tiny, batch=32, batches=300)


def inputs() -> tuple[Tensor, Tensor]:
    """Standardized images and their classes."""
    given = images(SUBJECT.batch * SUBJECT.batches, SHAPE)
    pixels = torch.from_numpy(given.images).float()
    return (pixels - pixels.mean()) / pixels.std(), torch.from_numpy(given.labels)


def raw() -> Callable[[], None]:
    """The minimum work of a training run."""
    pixels, labels = inputs()
    model = Tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, fused=True)

    def run() -> None:
        for indices in torch.split(torch.randperm(len(labels)), SUBJECT.batch):
            loss = F.cross_entropy(model(pixels[indices]), labels[indices])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
            optimizer.step()

    return run


def ours() -> Callable[[], None]:
    """A step as `archdsl train` runs it: a schedule, metrics, and in each step a check of the loss and of stop
    requests.
    """
    setup = DeviceSetup(CPU)
    splits = Splits(images(SUBJECT.batch * SUBJECT.batches, SHAPE), None, None)
    optimizer = {"name": "sgd", "lr": 0.01, "momentum": 0.9, "nesterov": True}
    recipe = Recipe.model_validate({"optimizer": optimizer, "epochs": 1, "batch": SUBJECT.batch})
    context = assemble.make_context(recipe, setup, measure(splits.train.images), splits, 10, StopRequest())
    state = assemble.first_state(SUBJECT.network().to_torch(), context)
    folder = Path(tempfile.mkdtemp(prefix="archdsl-bench-"))

    def run() -> None:
        state.batch = state.step = 0
        Epoch(state, context, state.model, Run(folder), TrainingCallback()).run()

    return run


def lightning() -> Callable[[], None]:
    """Lightning's Trainer, without logging, checkpoints, progress bar and model summary. Raises ImportError."""
    pl: Any = import_module("lightning")

    class Module(pl.LightningModule):  # type: ignore[misc]  # it has no types here
        def __init__(self) -> None:
            super().__init__()
            self.model = Tiny()

        def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
            return F.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.01, momentum=0.9, nesterov=True, fused=True)

    for name in ("lightning.pytorch", "lightning.fabric", "pytorch_lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
    pixels, labels = inputs()
    data = torch.utils.data.TensorDataset(pixels, labels)
    loader: Any = torch.utils.data.DataLoader(data, batch_size=SUBJECT.batch, shuffle=True)

    def run() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer = pl.Trainer(
                max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
                enable_model_summary=False, barebones=False,
            )  # fmt: skip
            trainer.fit(Module(), loader)

    return run


def keras() -> Callable[[], None]:
    """Keras's fit on torch. Raises ImportError."""
    os.environ["KERAS_BACKEND"] = "torch"
    keras: Any = import_module("keras")

    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(16, "relu"), keras.layers.Dense(10)])
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    pixels, labels = (tensor.numpy() for tensor in inputs())
    return lambda: model.fit(pixels, labels, batch_size=SUBJECT.batch, epochs=1, verbose=0)


def main() -> int:
    contenders = {"raw loop": raw(), "archdsl": ours()}
    for name, make in (("Lightning's Trainer", lightning), ("Keras' fit, on torch", keras)):
        try:
            contenders[name] = make()
        except (ImportError, RuntimeError) as error:  # torchvision without its operators raises the latter
            print(f"{name} is left out: {error}")
    timings = compare(contenders, rounds=ROUNDS)
    # a round consists of this many steps: milliseconds per round become milliseconds per step
    steps = [replace(t, median_ms=t.median_ms / SUBJECT.batches, min_ms=t.min_ms / SUBJECT.batches) for t in timings]
    for step in steps:
        print(f"{step.name:22} {step.median_ms * 1000:7.0f} µs a step, at best {step.min_ms * 1000:5.0f}")
    report("step", timings)
    ratio = timings[1].ratio
    print(f"target: at most {TARGET:.2f}; {'met' if ratio <= TARGET else 'missed'} with {ratio:.2f}")
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main())
