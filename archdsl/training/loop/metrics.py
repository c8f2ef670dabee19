"""Metrics of an epoch: sums over its images."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..tasks.class_losses import count_right

Count = Callable[[Tensor, Tensor], Tensor]

_MOST_WAITING = 16
_MOST_HELD = 1 << 20
"""Largest number of logits kept for later counting: 4 MiB."""


class EpochMetrics:
    """Sums over the images of the current epoch so far, on the device, so that no step waits for a value.

    Correct predictions are counted for several batches together: counting them one by one would take a tenth of the
    time of a tiny network's step. `count` counts them; without it, only the loss is summed.
    """

    def __init__(self, device: torch.device, count: Count | None = count_right) -> None:
        self._counter = count
        self._loss = torch.zeros((), dtype=torch.float64, device=device)
        self._correct = torch.zeros((), dtype=torch.int64, device=device)
        self._waiting: list[tuple[Tensor, Tensor, Tensor]] = []
        self._held = 0
        self.seen = 0

    @property
    def loss(self) -> Tensor:
        """The sum of the images' losses, a float64 scalar."""
        self._count()
        return self._loss

    @property
    def correct(self) -> Tensor:
        """Number of correct predictions, an int64 scalar."""
        self._count()
        return self._correct

    def update(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Add a batch: its mean loss, its logits N×K, and its classes N or class probabilities N×K."""
        if self._counter is None:
            self.add(loss, None, len(logits))
            return
        self._waiting.append((loss, logits.detach(), labels))
        self._held += logits.numel()
        self.seen += len(logits)
        if len(self._waiting) >= _MOST_WAITING or self._held >= _MOST_HELD:
            self._count()

    def add(self, loss: Tensor, correct: Tensor | None, count: int) -> None:
        """Add a batch whose correct predictions are counted: its mean loss, that count, and its number of images."""
        self._loss.add_(loss, alpha=count)
        if correct is not None:
            self._correct.add_(correct)
        self.seen += count

    def summary(self) -> dict[str, float]:
        """The mean loss, and the accuracy if correct predictions are counted, for a line of the log."""
        means = {"loss": self.loss.item() / self.seen}
        if self._counter is not None:
            means["accuracy"] = self.correct.item() / self.seen
        return means

    def restore(self, loss: Tensor, correct: Tensor, seen: int) -> None:
        """Continue from these sums."""
        self._waiting, self._held, self.seen = [], 0, seen
        self._loss.copy_(loss)
        self._correct.copy_(correct)

    def _count(self) -> None:
        if not self._waiting or self._counter is None:
            return
        # one by one: the sum must not depend on how many were waiting
        if self._loss.device.type == "cpu":
            total = self._loss.item()
            for loss, logits, _ in self._waiting:
                total += loss.item() * len(logits)
            self._loss.fill_(total)
        else:
            for loss, logits, _ in self._waiting:
                self._loss.add_(loss, alpha=len(logits))
        all_logits, all_labels = (torch.cat([batch[part] for batch in self._waiting]) for part in (1, 2))
        self._correct.add_(self._counter(all_logits, all_labels))
        self._waiting, self._held = [], 0
