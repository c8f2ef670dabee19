"""Losses and scores of multilabel classification, from logits N×K and sets of classes, 0 or 1 of N×K."""

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from ..recipe.recipe import AnyLoss, Bce
from .meter import Gatherer, Loss, Meter, Scores
from .presentation import SHOWN


def make_set_loss(recipe: AnyLoss) -> Loss:
    """The mean over the classes and the samples of a batch, as a scalar."""
    match recipe:
        case Bce(smoothing=smoothing):

            def bce(logits: Tensor, sets: Tensor) -> Tensor:
                wanted = sets.to(logits.dtype) * (1 - smoothing) + smoothing / 2
                return F.binary_cross_entropy_with_logits(logits, wanted)

            return bce
        case _:
            raise AssertionError(f"{recipe.name} is not a loss of multilabel classification")


def average_precision(scores: Tensor, wanted: Tensor) -> float | None:
    """Σ (Rₙ − Rₙ₋₁) Pₙ over the thresholds, from scores and true values of one class (as in scikit-learn).

    Samples with equal scores have the same threshold. None without a positive sample.
    """
    positives = int(wanted.sum())
    if not positives:
        return None
    order = scores.argsort(descending=True, stable=True)
    ranked, right = scores[order], wanted[order].double().cumsum(0)
    last = torch.cat([ranked[1:] != ranked[:-1], torch.ones(1, dtype=torch.bool)])
    precision = (right / torch.arange(1, len(right) + 1))[last]
    recall = right[last] / positives
    return float(((recall - torch.cat([torch.zeros(1), recall[:-1]])) * precision).sum())


@dataclass(frozen=True)
class SetScores(Scores):
    """The mean loss; `logits`, float32 of N×K, and `wanted`, bool of N×K, of all samples, on the CPU."""

    loss: float
    logits: Tensor
    wanted: Tensor

    @property
    def finite(self) -> bool:
        return bool(self.logits.isfinite().all())

    @property
    def shown(self) -> Tensor:
        """The predicted sets of the first samples, bool of at most 12×K."""
        return self.logits[:SHOWN] > 0

    @cached_property
    def average_precisions(self) -> list[float | None]:
        """The average precision of each class; None for a class without samples."""
        return [average_precision(*pair) for pair in zip(self.logits.T, self.wanted.T, strict=True)]

    @cached_property
    def _counts(self) -> tuple[list[int], list[int], list[int]]:
        made = self.logits > 0
        return (made & self.wanted).sum(0).tolist(), made.sum(0).tolist(), self.wanted.sum(0).tolist()

    @property
    def counts(self) -> list[int]:
        """The number of samples of each class."""
        return self._counts[2]

    @property
    def f1s(self) -> list[float]:
        """The F1 score of each class; 0 for a class that is neither present nor predicted (as in scikit-learn)."""
        both = zip(*self._counts, strict=True)
        return [2 * right / (made + true) if made + true else 0.0 for right, made, true in both]

    @property
    def precisions(self) -> list[float | None]:
        """The precision of each class; None for a class that is never predicted."""
        return [right / made if made else None for right, made, _ in zip(*self._counts, strict=True)]

    @property
    def recalls(self) -> list[float | None]:
        """The recall of each class; None for a class without samples."""
        return [right / true if true else None for right, _, true in zip(*self._counts, strict=True)]

    def summary(self) -> dict[str, float]:
        """`mean_ap` is the mean over the classes that have samples, and `mean_f1` that over all classes."""
        known = [value for value in self.average_precisions if value is not None]
        return {
            "loss": self.loss,
            "mean_ap": sum(known) / len(known) if known else 0.0,
            "mean_f1": sum(self.f1s) / len(self.f1s),
        }


class SetMeter(Meter[SetScores]):
    """Keeps all logits: average precision depends on the order of all samples."""

    def __init__(self, loss: Loss) -> None:
        self._loss = loss
        self._parts: list[tuple[Tensor, Tensor]] = []

    def update(self, output: Tensor, targets: Tensor) -> None:
        self._parts.append((output, targets))

    def scores(self, group: Gatherer, count: int) -> SetScores:
        logits, wanted = (group.gather(torch.cat(each), count) for each in zip(*self._parts, strict=True))
        return SetScores(self._loss(logits, wanted).item(), logits.cpu(), wanted.cpu() > 0)
