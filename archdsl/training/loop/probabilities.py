"""Class probabilities from a network's outputs, according to its loss function."""

from typing import assert_never

from torch import Tensor

from ..recipe.recipe import AnyLoss, Bce, CrossEntropy, Mse


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
        case _:
            assert_never(loss)


def sum_to_one(loss: AnyLoss) -> bool:
    """Whether the class probabilities of an image sum to one."""
    return isinstance(loss, CrossEntropy)


LOSS_LABELS = {
    "cross_entropy": "cross entropy (nats)",
    "bce": "binary cross entropy (nats)",
    "mse": "mean squared error",
}
"""Axis labels of the losses, with units."""
