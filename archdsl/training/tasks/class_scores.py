"""Scores of classification: accuracies and the confusion matrix."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .meter import Gatherer, Loss, Meter, Scores


@dataclass(frozen=True)
class ClassScores(Scores):
    """Mean loss, top-1 and top-5 accuracy as fractions, and the confusion matrix: `confusion[true][predicted]`, int64
    of K×K. `logits` are the network's outputs, float32 of N×K.
    """

    loss: float
    accuracy: float
    top5: float
    confusion: Tensor
    logits: Tensor

    @property
    def finite(self) -> bool:
        return bool(self.logits.isfinite().all())

    def summary(self) -> dict[str, float]:
        return {"loss": self.loss, "accuracy": self.accuracy, "top5": self.top5}


def shows_top5(classes: int) -> bool:
    """Whether there are enough classes for top-5 accuracy to be informative."""
    return classes > 10


class ClassMeter(Meter[ClassScores]):
    """Keeps all logits: the loss is that of all samples at once."""

    def __init__(self, loss: Loss) -> None:
        self._loss = loss
        self._parts: list[tuple[Tensor, Tensor]] = []

    def update(self, output: Tensor, targets: Tensor) -> None:
        self._parts.append((output, targets))

    def scores(self, group: Gatherer, count: int) -> ClassScores:
        logits, labels = (group.gather(torch.cat(each), count) for each in zip(*self._parts, strict=True))
        return _score(logits, labels, self._loss)


def _score(logits: Tensor, labels: Tensor, loss: Loss) -> ClassScores:
    count, classes = logits.shape
    # topk and argmax may choose differently among equal logits, which are frequent at low precision
    answered = logits.argmax(1)
    right = answered == labels
    among = (logits.topk(min(5, classes), dim=1).indices == labels[:, None]).any(1)
    cells = torch.bincount(labels * classes + answered, minlength=classes * classes)
    return ClassScores(
        loss=loss(logits, labels).item(),
        accuracy=right.sum().item() / count,
        top5=(among | right).sum().item() / count,
        confusion=cells.view(classes, classes).cpu(),
        logits=logits.cpu(),
    )
