"""Train on arrays from Python, with a loss, a metric and a callback: python train_arrays.py [FOLDER]."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import archdsl

TEXT = """\
net Small(classes = 3)
input 1x8x8
conv 8 k3; relu; flatten; fc classes
"""


def patches(count: int, seed: int) -> tuple[Any, Any]:
    """Images of noise with a bright patch, whose position is the class."""
    rng = np.random.default_rng(seed)
    images, labels = rng.integers(0, 120, (count, 1, 8, 8)).astype(np.uint8), rng.integers(0, 3, count)
    for image, label in zip(images, labels, strict=True):
        image[:, 2:6, 1 + 2 * label : 3 + 2 * label] = 250
    return images, labels


def focal(output: Tensor, targets: Tensor) -> Tensor:
    """The focal loss (Lin et al. 2017), with an exponent of 2."""
    wrong = 1 - output.softmax(1).gather(1, targets[:, None])[:, 0]
    return (wrong.square() * torch.nn.functional.cross_entropy(output, targets, reduction="none")).mean()


def confidence(outputs: Tensor, targets: Tensor) -> float:
    """The mean probability of the true class."""
    return outputs.softmax(1).gather(1, targets[:, None]).mean().item()


class UntilAccurate(archdsl.Callback):
    """Ends the training when the validation accuracy reaches a given value."""

    def __init__(self, accuracy: float) -> None:
        self.accuracy = accuracy

    def on_epoch(self, run: archdsl.RunningTraining, epoch: Mapping[str, Any]) -> None:
        """Stop if the accuracy is reached."""
        if epoch["validation"]["accuracy"] >= self.accuracy:
            run.stop()


def main(folder: Path) -> None:
    """Train, and print the results."""
    network = archdsl.loads(TEXT, name="small.arch")
    run = archdsl.fit(
        network,
        {"train": patches(300, 0), "test": patches(60, 1)},
        classes=["left", "middle", "right"],
        loss=focal,
        metrics=[confidence],
        callbacks=[UntilAccurate(1.0)],
        out=folder / "run",
        epochs=20,
        lr=0.01,
    )
    print(f"{len(run.metrics)} epochs, test accuracy {run.result['accuracy']:.1%}")
    print(run.metrics["validation.confidence"])
    images, labels = patches(3, 2)
    for label, ranked in zip(labels, run.predict(images, top=1), strict=True):
        print(run.classes[int(label)], *ranked)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
