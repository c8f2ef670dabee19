"""Losses of segmentation, from logits N×K×H×W and masks N×H×W, whose pixels of value 255 are ignored."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.dataset_spec import IGNORED, TaskFacts
from ..recipe.recipe import AnyLoss, CrossEntropy, Dice
from .class_losses import ClassWeightTensor
from .meter import BatchWeight, Loss


def make_mask_loss(recipe: AnyLoss, facts: TaskFacts | None = None) -> Loss:
    """The recipe's loss, one scalar for a batch. Cross-entropy is the mean over the pixels that have a class, weighted
    if the classes have weights.
    """
    weights = ClassWeightTensor(recipe, facts or TaskFacts())
    match recipe:
        case CrossEntropy(smoothing=smoothing):
            return lambda logits, masks: _cross_entropy(logits, masks, smoothing, weights.on(logits.device))
        case Dice():
            return soft_dice
        case _:
            raise AssertionError(f"{recipe.name} is not a loss of segmentation")


def mask_weight(recipe: AnyLoss, facts: TaskFacts) -> BatchWeight | None:
    """The number of pixels that have a class, or the sum of the weights of their classes; None for Dice, which is one
    value for a batch.
    """
    if not isinstance(recipe, CrossEntropy):
        return None
    weights = ClassWeightTensor(recipe, facts)
    return lambda masks: _sum_of_weights(masks, weights.on(masks.device))


def _sum_of_weights(masks: Tensor, weights: Tensor | None) -> Tensor:
    known = masks != IGNORED
    return known.sum() if weights is None else (weights[masks.long() * known] * known).sum()


def _cross_entropy(logits: Tensor, masks: Tensor, smoothing: float, weights: Tensor | None) -> Tensor:
    classes = masks.long()
    total = F.cross_entropy(
        logits, classes, weight=weights, ignore_index=IGNORED, label_smoothing=smoothing, reduction="sum"
    )
    sum_of_weights = _sum_of_weights(masks, weights)
    return total / torch.where(sum_of_weights > 0, sum_of_weights, 1)  # zero, not NaN, for a batch without classes


def soft_dice(logits: Tensor, masks: Tensor) -> Tensor:
    """One minus the mean of 2·|p·t| / (|p| + |t|) over all classes; p are the probabilities, t the targets, summed over
    the batch. A term of 1 in numerator and denominator avoids division by zero.
    """
    known = masks != IGNORED
    targets = F.one_hot(masks.long() * known, logits.shape[1]).movedim(-1, 1) * known[:, None]
    probabilities = logits.softmax(1) * known[:, None]
    axes = (0, *range(2, logits.ndim))
    both = (probabilities * targets).sum(axes)
    return 1 - ((2 * both + 1) / (probabilities.sum(axes) + targets.sum(axes) + 1)).mean()


def dice_of(confusion: Tensor) -> tuple[list[float | None], list[float | None]]:
    """IoU and Dice coefficient of each class, from K×K counts of pixels, true classes by predictions; None for a class
    that is neither present nor predicted.
    """
    right = confusion.diagonal().double()
    both = (confusion.sum(0) + confusion.sum(1)).double()
    ious = torch.where(both > 0, right / (both - right), torch.nan).tolist()
    dices = torch.where(both > 0, 2 * right / both, torch.nan).tolist()
    return [None if x != x else x for x in ious], [None if x != x else x for x in dices]
