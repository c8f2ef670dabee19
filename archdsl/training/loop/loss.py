"""Loss functions of a recipe: functions of logits N×K and classes N, or of class probabilities N×K (mixed labels)."""

from collections.abc import Callable
from typing import assert_never

import torch
import torch.nn.functional as F
from torch import Tensor

from ..recipe.recipe import AnyLoss, Bce, CrossEntropy, Mse

Loss = Callable[[Tensor, Tensor], Tensor]


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
        case _:
            assert_never(recipe)


def _probabilities(labels: Tensor, logits: Tensor) -> Tensor:
    if labels.is_floating_point():
        return labels.to(logits.dtype)
    return F.one_hot(labels, logits.shape[1]).to(logits.dtype)


def hard(labels: Tensor) -> Tensor:
    """Classes, from labels that may be probabilities: the most likely one."""
    return labels.argmax(1) if labels.is_floating_point() else labels


def as_logits(output: object) -> Tensor:
    """The main output of a network, N×K in 32 bits; auxiliary outputs follow it in a tuple."""
    main = output[0] if isinstance(output, tuple | list) else output
    assert isinstance(main, torch.Tensor)
    return main.float()
