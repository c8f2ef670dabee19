"""Losses and scores of language modeling, from logits N×T×V and the next IDs N×T."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..recipe.recipe import AnyLoss, CrossEntropy
from .main_output import main_output
from .meter import Gatherer, Loss, Meter, Scores
from .presentation import SHOWN

_TOLERANCE = 1e-4
"""Relative difference of outputs that rounding may cause: other IDs may change the order of summation."""


def make_language_loss(recipe: AnyLoss) -> Loss:
    """The mean over the steps of a batch, as a scalar."""
    match recipe:
        case CrossEntropy(smoothing=smoothing):
            return lambda logits, ids: F.cross_entropy(
                logits.flatten(0, 1), ids.flatten().long(), label_smoothing=smoothing
            )
        case _:
            raise AssertionError(f"{recipe.name} is not a loss of language modeling")


@torch.no_grad()
def first_leak(model: nn.Module, *inputs: Tensor) -> int | None:
    """The first step whose output depends on later inputs, which it is supposed to predict; None if there is none.

    The network's last inputs are IDs N×T; the last ID of each sequence is changed, and the outputs before the last step
    are compared.
    """
    trained = model.training
    model.eval()
    try:
        before = main_output(model(*inputs))
        changed = inputs[-1].clone()
        changed[:, -1] = (changed[:, -1] + 1) % before.shape[-1]
        after = main_output(model(*inputs[:-1], changed))
    finally:
        model.train(trained)
    largest = before.abs().max().clamp(min=1e-6)
    differs = ((after - before).abs()[:, :-1] > _TOLERANCE * largest).any(2).any(0)
    return int(differs.nonzero()[0]) if bool(differs.any()) else None


@dataclass(frozen=True)
class LanguageScores(Scores):
    """The mean loss, and the mean cross-entropy of the next ID in nats; `shown` are the bits per byte of the first
    sequences.
    """

    loss: float
    entropy: float
    shown: tuple[float, ...]
    all_finite: bool
    bytes_per_id: float = 1.0

    @property
    def finite(self) -> bool:
        return self.all_finite

    def summary(self) -> dict[str, float]:
        """Perplexity is the exponential of the cross-entropy; bits per byte is its value in bits, per byte of text."""
        perplexity = math.exp(self.entropy) if self.entropy < 700 else math.inf
        bits = self.entropy / math.log(2) / self.bytes_per_id
        return {"loss": self.loss, "bits_per_byte": bits, "perplexity": perplexity}


class LanguageMeter(Meter[LanguageScores]):
    """Sums cross-entropies in 64 bits. `token_bytes` are the numbers of bytes that each ID stands for; without them,
    each stands for one byte.
    """

    def __init__(self, loss: Loss, token_bytes: Sequence[int] = ()) -> None:
        self._loss = loss
        self._bytes = torch.tensor(token_bytes, dtype=torch.float64) if token_bytes else None
        self._sums: Tensor | None = None
        self._shown: list[float] = []

    def update(self, output: Tensor, targets: Tensor) -> None:
        if self._sums is None:
            self._sums = torch.zeros(4, dtype=torch.float64, device=output.device)
        if not len(output):
            return
        each = F.cross_entropy(output.movedim(-1, 1), targets.long(), reduction="none").double().mean(1)
        size = self._mean_bytes(targets)
        missing = SHOWN - len(self._shown)
        if missing > 0:
            self._shown += (each[:missing] / math.log(2) / size[:missing]).tolist()
        infinite = (~output.isfinite()).any().double()
        loss = self._loss(output, targets).double() * len(output)
        self._sums += torch.stack([loss, each.sum(), infinite, size.sum()])

    def _mean_bytes(self, targets: Tensor) -> Tensor:
        """The mean number of bytes of the IDs in each sequence."""
        if self._bytes is None:
            return torch.ones(len(targets), dtype=torch.float64, device=targets.device)
        self._bytes = self._bytes.to(targets.device)
        return self._bytes[targets.long()].mean(1)

    def scores(self, group: Gatherer, count: int) -> LanguageScores:
        assert self._sums is not None
        loss, entropy, infinite, size = group.total_of(self._sums).tolist()
        return LanguageScores(loss / count, entropy / count, tuple(self._shown), infinite == 0, size / count)
