"""Losses and scores of regression, from standardized outputs and targets N×K."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.dataset_spec import TaskFacts
from ..recipe.recipe import AnyLoss, Huber, Mae, Mse
from .meter import Gatherer, Loss, Meter, Scores
from .presentation import SHOWN


def make_number_loss(recipe: AnyLoss) -> Loss:
    """The mean over the numbers of a batch, as a scalar."""
    match recipe:
        case Mse():
            return F.mse_loss
        case Mae():
            return F.l1_loss
        case Huber(delta=delta):
            return lambda output, targets: F.huber_loss(output, targets, delta=delta)
        case _:
            raise AssertionError(f"{recipe.name} is not a loss of regression")


def in_units(standardized: Tensor, facts: TaskFacts) -> Tensor:
    """Numbers N×K in the units of the data, float64 on the CPU."""
    mean, deviation = (torch.tensor(each, dtype=torch.float64) for each in (facts.target_mean, facts.target_deviation))
    return standardized.cpu().double() * deviation + mean


@dataclass(frozen=True)
class NumberScores(Scores):
    """The mean loss, and for each number to predict the coefficient of determination, and the mean absolute and the
    root mean squared error in the units of the data.

    R² is 1 − Σ(t−p)² / Σ(t−t̄)², with the mean t̄ over these samples; for constant targets it is 1 if the predictions
    are exact, else 0 (as in scikit-learn). `shown` are the true and predicted numbers of the first samples.
    """

    loss: float
    r2s: list[float]
    maes: list[float]
    rmses: list[float]
    shown: list[tuple[list[float], list[float]]]
    all_finite: bool

    @property
    def finite(self) -> bool:
        return self.all_finite

    def summary(self) -> dict[str, float]:
        """`r2` and `mae` are means over the numbers to predict."""
        return {"loss": self.loss, "r2": _mean(self.r2s), "mae": _mean(self.maes)}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


class NumberMeter(Meter[NumberScores]):
    """Sums errors and squares, in 64 bits."""

    def __init__(self, loss: Loss, facts: TaskFacts) -> None:
        self._loss, self._facts = loss, facts
        self._sums: Tensor | None = None
        self._losses: Tensor | None = None
        self._shown: list[tuple[list[float], list[float]]] = []

    def update(self, output: Tensor, targets: Tensor) -> None:
        if self._sums is None or self._losses is None:
            self._sums = torch.zeros(4, output.shape[1], dtype=torch.float64, device=output.device)
            self._losses = torch.zeros(2, dtype=torch.float64, device=output.device)
        missing = SHOWN - len(self._shown)
        if missing > 0:
            true, made = (in_units(each[:missing], self._facts).tolist() for each in (targets, output))
            self._shown += zip(true, made, strict=True)
        if not len(output):
            return
        wanted, error = targets.double(), output.double() - targets.double()
        self._sums += torch.stack([wanted.sum(0), wanted.square().sum(0), error.abs().sum(0), error.square().sum(0)])
        infinite = (~output.isfinite()).any().double()
        self._losses += torch.stack([self._loss(output, targets).double() * len(output), infinite])

    def scores(self, group: Gatherer, count: int) -> NumberScores:
        assert self._sums is not None
        assert self._losses is not None
        first, squares, absolute, squared = group.total_of(self._sums).cpu()
        loss, infinite = group.total_of(self._losses).tolist()
        deviation = torch.tensor(self._facts.target_deviation, dtype=torch.float64)
        spread = squares - first.square() / count
        constant = spread <= 1e-12 * squares.clamp(min=1e-30)
        r2 = torch.where(
            constant, (squared <= 1e-12 * count).double(), 1 - squared / torch.where(constant, 1.0, spread)
        )
        return NumberScores(
            loss / count,
            r2.tolist(),
            (absolute / count * deviation).tolist(),
            ((squared / count).sqrt() * deviation).tolist(),
            self._shown,
            infinite == 0,
        )
