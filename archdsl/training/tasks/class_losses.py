"""Losses and class probabilities of classification: from logits N×K, and classes N or class probabilities N×K (mixed
labels).
"""

from typing import assert_never

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.dataset_spec import TaskFacts
from ..recipe.loss_sections import WeightedLoss
from ..recipe.recipe import AnyLoss, Bce, CrossEntropy, Custom, Dice, Fcos, Huber, Mae, Mse
from .meter import BatchWeight, Loss


class ClassWeightTensor:
    """The weights of the classes in a loss, as a tensor on the device of its output; None if all have weight 1."""

    def __init__(self, recipe: AnyLoss, facts: TaskFacts) -> None:
        weighted = isinstance(recipe, WeightedLoss) and recipe.class_weights is not None
        self._values = facts.class_weights if weighted else ()
        self._tensor: Tensor | None = None

    def on(self, device: torch.device) -> Tensor | None:
        """The weights, float32 of K."""
        if self._values and (self._tensor is None or self._tensor.device != device):
            self._tensor = torch.tensor(self._values, device=device)
        return self._tensor


def make_loss(recipe: AnyLoss, facts: TaskFacts | None = None) -> Loss:
    """The mean over a batch, as a scalar; with class weights, the weighted mean, as in torch."""
    weights = ClassWeightTensor(recipe, facts or TaskFacts())
    match recipe:
        case CrossEntropy(smoothing=smoothing):
            return lambda logits, labels: F.cross_entropy(
                logits, labels, weight=weights.on(logits.device), label_smoothing=smoothing
            )
        case Bce(smoothing=smoothing):

            def bce(logits: Tensor, labels: Tensor) -> Tensor:
                wanted = _probabilities(labels, logits) * (1 - smoothing) + smoothing / logits.shape[1]
                return F.binary_cross_entropy_with_logits(logits, wanted, weight=weights.on(logits.device))

            return bce
        case Mse():
            return lambda logits, labels: F.mse_loss(logits, _probabilities(labels, logits))
        case Dice() | Fcos() | Mae() | Huber() | Custom():
            raise AssertionError("not a loss of classification")
        case _:
            assert_never(recipe)


def label_weight(recipe: AnyLoss, facts: TaskFacts) -> BatchWeight | None:
    """The sum of the weights of the classes, if they have any; mixed labels count as samples, as in torch."""
    if not isinstance(recipe, CrossEntropy) or recipe.class_weights is None:
        return None
    weights = ClassWeightTensor(recipe, facts)

    def batch_weight(labels: Tensor) -> Tensor:
        values = weights.on(labels.device)
        if values is None or labels.is_floating_point():
            return torch.tensor(len(labels), device=labels.device)
        return values[labels].sum()

    return batch_weight


def _probabilities(labels: Tensor, logits: Tensor) -> Tensor:
    if labels.is_floating_point():
        return labels.to(logits.dtype)
    return F.one_hot(labels, logits.shape[1]).to(logits.dtype)


def class_indices(labels: Tensor) -> Tensor:
    """Classes, from labels that may be probabilities: the most likely one."""
    return labels.argmax(1) if labels.is_floating_point() else labels


def count_right(logits: Tensor, labels: Tensor) -> Tensor:
    """Number of rows of the logits N×K whose maximum is at their class, an int64 scalar."""
    return (logits.argmax(1) == class_indices(labels)).sum()


def class_probabilities(logits: Tensor, loss: AnyLoss) -> Tensor:
    """The probability of each class, N×K in 0..1, from outputs N×K.

    It is the softmax for cross-entropy. For binary cross-entropy, each class has its own probability, and the
    probabilities need not sum to one. The mean squared error against 1 and 0 is minimal if an output is the probability
    itself, so outputs are only clipped to 0..1.
    """
    match loss:
        case CrossEntropy():
            return logits.softmax(1)
        case Bce():
            return logits.sigmoid()
        case Mse():
            return logits.clamp(0, 1)
        case Dice() | Fcos() | Mae() | Huber() | Custom():
            raise AssertionError("not a loss of classification")
        case _:
            assert_never(loss)


def sum_to_one(loss: AnyLoss) -> bool:
    """Whether the class probabilities of an image sum to one."""
    return isinstance(loss, CrossEntropy)
