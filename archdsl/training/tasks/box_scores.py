"""Scores of detection: average precision of the objects that a network finds."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..data.dataset_spec import TaskFacts
from .average_precision import PrecisionTable, average_precision
from .box_levels import Levels
from .box_search import detect
from .meter import Gatherer, Loss, Meter, Scores
from .presentation import SHOWN

_AP50, _AP75 = 0, 5
"""Indices of these thresholds."""


@dataclass(frozen=True)
class BoxScores(Scores):
    """The mean loss; the objects that were found, float32 of N×100×6, and the true boxes N×B×5, on the CPU."""

    loss: float
    found: Tensor
    boxes: Tensor
    classes: int
    all_finite: bool

    @property
    def finite(self) -> bool:
        return self.all_finite

    @property
    def shown(self) -> Tensor:
        """The objects of the first images, at most 12×100×6."""
        return self.found[:SHOWN]

    @cached_property
    def precisions(self) -> PrecisionTable:
        """The average precision of each class."""
        return average_precision(self.found.numpy(), self.boxes.numpy(), self.classes)

    def by_class(self) -> list[tuple[float | None, float | None, float | None, int]]:
        """AP, AP50, AP75 and the number of objects of each class; None for a class without objects."""
        return [
            (float(row.mean()), float(row[_AP50]), float(row[_AP75]), count) if count else (None, None, None, 0)
            for row, count in zip(self.precisions.values, self.precisions.counts, strict=True)
        ]

    def summary(self) -> dict[str, float]:
        """`ap` is the mean over IoUs from 0.5 to 0.95; all are means over the classes that have objects."""
        mean = self.precisions.mean
        return {"loss": self.loss, "ap": mean(), "ap50": mean(_AP50), "ap75": mean(_AP75)}


class BoxMeter(Meter[BoxScores]):
    """Keeps the objects that are found: average precision depends on the order of all of them."""

    def __init__(self, loss: Loss, facts: TaskFacts) -> None:
        self._loss, self._levels, self._classes = loss, Levels(facts), len(facts.classes)
        self._parts: list[tuple[Tensor, Tensor]] = []
        self._sums: Tensor | None = None

    def update(self, output: Tensor, targets: Tensor) -> None:
        if self._sums is None:
            self._sums = torch.zeros(2, dtype=torch.float64, device=output.device)
        self._parts.append((detect(output, self._levels), targets))
        if len(output):
            infinite = (~output.isfinite()).any().double()
            self._sums += torch.stack([self._loss(output, targets).double() * len(output), infinite])

    def scores(self, group: Gatherer, count: int) -> BoxScores:
        assert self._sums is not None
        loss, infinite = group.total_of(self._sums).tolist()
        found, boxes = (group.gather(torch.cat(each), count).cpu() for each in zip(*self._parts, strict=True))
        return BoxScores(loss / count, found, boxes, self._classes, infinite == 0)
