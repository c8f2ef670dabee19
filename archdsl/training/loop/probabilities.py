"""What a network gives, as the chances of the classes, by what it was trained to make small."""

from typing import assert_never

from torch import Tensor

from ..recipe.recipe import AnyLoss, Bce, CrossEntropy, Mse


def chances(logits: Tensor, loss: AnyLoss) -> Tensor:
    """The chance of each class, N×K in 0..1, from outputs N×K.

    Softmax for cross entropy. For binary cross entropy each class has a chance of its own, and they need not sum to
    one. The mean squared distance to 1 and 0 is smallest where an output is the chance itself, so that outputs are only
    cut to 0..1.
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
    """Whether the chances of an image's classes sum to one."""
    return isinstance(loss, CrossEntropy)


LOSS_LABELS = {
    "cross_entropy": "cross entropy (nats)",
    "bce": "binary cross entropy (nats)",
    "mse": "mean squared error",
}
"""What each loss is called beside an axis, with its unit."""
