"""Losses of classification: of logits N×K and classes N, or class probabilities N×K (mixed labels); probabilities."""

from typing import assert_never

import torch.nn.functional as F
from torch import Tensor

from ..recipe.recipe import AnyLoss, Bce, CrossEntropy, Custom, Dice, Huber, Mae, Mse
from .meter import Loss


def make_loss(recipe: AnyLoss) -> Loss:
    """The mean over a batch, as a scalar."""
    match recipe:
        case CrossEntropy(smoothing=smoothing):
            return lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=smoothing)
        case Bce(smoothing=smoothing):

            def bce(logits: Tensor, labels: Tensor) -> Tensor:
                wanted = _probabilities(labels, logits) * (1 - smoothing) + smoothing / logits.shape[1]
                return F.binary_cross_entropy_with_logits(logits, wanted)

            return bce
        case Mse():
            return lambda logits, labels: F.mse_loss(logits, _probabilities(labels, logits))
        case Dice() | Mae() | Huber() | Custom():
            raise AssertionError("not a loss of classification")
        case _:
            assert_never(recipe)


def _probabilities(labels: Tensor, logits: Tensor) -> Tensor:
    if labels.is_floating_point():
        return labels.to(logits.dtype)
    return F.one_hot(labels, logits.shape[1]).to(logits.dtype)


def hard(labels: Tensor) -> Tensor:
    """Classes, from labels that may be probabilities: the most likely one."""
    return labels.argmax(1) if labels.is_floating_point() else labels


def count_right(logits: Tensor, labels: Tensor) -> Tensor:
    """Number of rows of the logits N×K whose maximum is at their class, an int64 scalar."""
    return (logits.argmax(1) == hard(labels)).sum()


def class_probabilities(logits: Tensor, loss: AnyLoss) -> Tensor:
    """The probability of each class, N×K in 0..1, from outputs N×K.

    Softmax for cross entropy. For binary cross entropy each class has its own probability, and they need not sum to
    one. The mean squared error against 1 and 0 is minimal if an output is the probability itself, so outputs are only
    clipped to 0..1.
    """
    match loss:
        case CrossEntropy():
            return logits.softmax(1)
        case Bce():
            return logits.sigmoid()
        case Mse():
            return logits.clamp(0, 1)
        case Dice() | Mae() | Huber() | Custom():
            raise AssertionError("not a loss of classification")
        case _:
            assert_never(loss)


def sum_to_one(loss: AnyLoss) -> bool:
    """Whether the class probabilities of an image sum to one."""
    return isinstance(loss, CrossEntropy)
