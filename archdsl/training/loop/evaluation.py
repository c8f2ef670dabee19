"""Evaluation of a network on labeled images."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .device_setup import Setup
from .loss import Loss, as_logits
from .process_group import SINGLE_PROCESS, ProcessGroup
from .standardization import Standardizer
from .training_state import copy_tensors, weights_of


@dataclass(frozen=True)
class Scores:
    """Mean loss, top-1 and top-5 accuracy as fractions, and the confusion matrix: `confusion[true][predicted]`, int64
    of K×K. `logits` are the network's outputs, float32 of N×K.
    """

    loss: float
    accuracy: float
    top5: float
    confusion: Tensor
    logits: Tensor

    def summary(self) -> dict[str, float]:
        """The scores for a line of the log."""
        return {"loss": self.loss, "accuracy": self.accuracy, "top5": self.top5}


def shows_top5(classes: int) -> bool:
    """Whether there are enough classes for top-5 accuracy to be informative."""
    return classes > 10


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    loss: Loss,
    setup: Setup,
    standardize: Standardizer,
    batch: int = 512,
    tta: str = "none",
    group: ProcessGroup = SINGLE_PROCESS,
) -> Scores:
    """Scores on images, uint8 of N×C×H×W, in the setup's precision; `tta` is the recipe's.

    The network is in evaluation mode meanwhile. Each process of a group evaluates its part; all get the complete
    scores.
    """
    trained = model.training
    model.eval()
    try:
        parts, mine = [], group.slice(len(labels))
        for part in torch.split(images[mine] if mine.start < mine.stop else images[:1], batch):
            inputs = standardize(part.to(setup.device))
            with setup.autocast():
                parts.append(answers(model, inputs, tta))
        logits = torch.cat(parts)[: mine.stop - mine.start]
        return _score(group.gather(logits, len(labels)), labels.to(setup.device), loss)
    finally:
        model.train(trained)


def answers(model: nn.Module, inputs: Tensor, tta: str) -> Tensor:
    """Logits N×K of inputs N×C×H×W: the mean over the augmented copies of the recipe's `tta`."""
    logits = as_logits(model(inputs))
    if tta == "none":
        return logits
    logits = (logits + as_logits(model(inputs.flip(3)))) / 2
    if tta == "flip":
        return logits
    h, w = inputs.shape[2:]
    padded = F.pad(inputs, (1, 1, 1, 1), "reflect" if min(h, w) > 1 else "replicate")
    corners = (padded[:, :, :h, :w], padded[:, :, 2:, 2:])
    moved = [answers(model, corner, "flip") for corner in corners]
    return (logits + (moved[0] + moved[1]) / 2) / 2


def _score(logits: Tensor, labels: Tensor, loss: Loss) -> Scores:
    count, classes = logits.shape
    # topk and argmax may choose differently among equal logits, which are frequent at low precision
    answered = logits.argmax(1)
    right = answered == labels
    among = (logits.topk(min(5, classes), dim=1).indices == labels[:, None]).any(1)
    cells = torch.bincount(labels * classes + answered, minlength=classes * classes)
    return Scores(
        loss=loss(logits, labels).item(),
        accuracy=right.sum().item() / count,
        top5=(among | right).sum().item() / count,
        confusion=cells.view(classes, classes).cpu(),
        logits=logits.cpu(),
    )


@contextmanager
def averaged(model: nn.Module, average: dict[str, Tensor] | None) -> Iterator[None]:
    """The model with the averaged weights, if there are any."""
    if average is None:
        yield
        return
    weights = weights_of(model)
    kept = {name: tensor.clone() for name, tensor in weights.items()}
    try:
        copy_tensors(average, weights)
        yield
    finally:
        copy_tensors(kept, weights)
