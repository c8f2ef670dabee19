"""The loss and the scores of ordinal regression. This module imports torch; the task does so when it trains."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from archdsl.extension import Gatherer, Loss, Meter, Scores


def ordinal_loss(output: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy of the logits N×(K−1), each against whether the class is this one or a later one."""
    steps = torch.arange(output.shape[1], device=output.device)
    return F.binary_cross_entropy_with_logits(output, (labels[:, None] > steps).to(output.dtype))


def classes_of(output: Tensor) -> Tensor:
    """The predicted classes: how many of the logits are positive."""
    return (output > 0).sum(1)


@dataclass(frozen=True)
class OrdinalScores(Scores):
    """The mean loss, the mean distance between the predicted and the true class, and the accuracy."""

    loss: float
    distance: float
    accuracy: float
    all_finite: bool

    @property
    def finite(self) -> bool:
        return self.all_finite

    def summary(self) -> dict[str, float]:
        return {"loss": self.loss, "class_distance": self.distance, "accuracy": self.accuracy}


class OrdinalMeter(Meter[OrdinalScores]):
    """Sums over the samples, on the device."""

    def __init__(self, loss: Loss) -> None:
        self._loss = loss
        self._sums: Tensor | None = None

    def update(self, output: Tensor, targets: Tensor) -> None:
        if self._sums is None:
            self._sums = torch.zeros(4, dtype=torch.float64, device=output.device)
        if len(output):
            distance = (classes_of(output) - targets).abs()
            loss = self._loss(output, targets).double() * len(output)
            infinite = (~output.isfinite()).any()
            self._sums += torch.stack([loss, distance.sum(), (distance == 0).sum(), infinite])

    def scores(self, group: Gatherer, count: int) -> OrdinalScores:
        assert self._sums is not None
        loss, distance, right, infinite = group.total_of(self._sums).tolist()
        return OrdinalScores(loss / count, distance / count, right / count, infinite == 0)
