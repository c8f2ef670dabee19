"""Scores of segmentation, from the counts of pixels by true and predicted class."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..data.dataset_spec import IGNORED
from .mask_losses import dice_of
from .meter import BatchWeight, Gatherer, Loss, Meter, Scores
from .presentation import SHOWN


@dataclass(frozen=True)
class MaskScores(Scores):
    """The mean loss of the pixels; `confusion[true][predicted]`, int64 of K×K, counts the pixels that have a class.

    `shown` are the predictions of the first images: uint8 of at most 12×H×W.
    """

    loss: float
    confusion: Tensor
    shown: Tensor
    all_finite: bool

    @property
    def finite(self) -> bool:
        return self.all_finite

    @property
    def ious(self) -> list[float | None]:
        """Intersection over union of each class; None for a class that is neither present nor predicted."""
        return dice_of(self.confusion)[0]

    @property
    def dices(self) -> list[float | None]:
        """The Dice coefficient of each class, which is its F1 score; None as in `ious`."""
        return dice_of(self.confusion)[1]

    def summary(self) -> dict[str, float]:
        """`miou` and `dice` are means over the classes that are present or predicted, with equal weights."""
        total = int(self.confusion.sum())
        return {
            "loss": self.loss,
            "miou": _mean(self.ious),
            "dice": _mean(self.dices),
            "pixel_accuracy": int(self.confusion.trace()) / total if total else 0.0,
        }


def _mean(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0


class MaskMeter(Meter[MaskScores]):
    """Counts pixels by true and predicted class."""

    def __init__(self, loss: Loss, batch_weight: BatchWeight | None = None) -> None:
        self._loss, self._batch_weight, self._classes = loss, batch_weight, 0
        self._sum: Tensor | None = None
        self._cells: Tensor | None = None
        self._finite: Tensor | None = None
        self._shown: Tensor | None = None

    def update(self, output: Tensor, targets: Tensor) -> None:
        classes = output.shape[1]
        if self._sum is None or self._cells is None or self._finite is None:
            self._classes = classes
            self._sum = torch.zeros(2, dtype=torch.float64, device=output.device)
            self._cells = torch.zeros(classes * classes, dtype=torch.int64, device=output.device)
            self._finite = torch.ones((), dtype=torch.bool, device=output.device)
        predicted = output.argmax(1)
        if self._shown is None:
            self._shown = predicted[:SHOWN].to("cpu", torch.uint8)
        elif len(self._shown) < SHOWN:
            self._shown = torch.cat([self._shown, predicted[: SHOWN - len(self._shown)].to("cpu", torch.uint8)])
        if not len(output):
            return
        self._finite &= output.isfinite().all()
        loss = self._loss(output, targets).double()
        weight = self._batch_weight(targets).double() if self._batch_weight else torch.full_like(loss, len(output))
        self._sum += torch.stack([loss * weight, weight])
        known = targets != IGNORED
        cells = targets[known].long() * classes + predicted[known]
        self._cells += torch.bincount(cells, minlength=classes * classes)

    def scores(self, group: Gatherer, count: int) -> MaskScores:
        assert self._sum is not None
        assert self._cells is not None
        assert self._finite is not None
        assert self._shown is not None
        loss, weight = group.total_of(self._sum).tolist()
        cells = group.total_of(self._cells)
        infinite = group.total_of((~self._finite).long())
        confusion = cells.view(self._classes, self._classes).cpu()
        return MaskScores(loss / weight if weight else 0.0, confusion, self._shown, not bool(infinite))
