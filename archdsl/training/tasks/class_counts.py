"""The number of training samples of each class, and the weights that follow from them."""

import numpy as np

from ..data.images import TargetArray
from ..errors.loop_errors import ClassWithoutSamples
from ..recipe.class_weights import BALANCED, numbers, parse_class_weights
from ..recipe.loss_sections import WeightedLoss
from ..recipe.recipe import AnyLoss


def class_weights(loss: AnyLoss, classes: tuple[str, ...], labels: TargetArray) -> tuple[float, ...]:
    """The weights of the classes in a loss, from the training labels, or masks; none if all have weight 1.

    Raises ClassWithoutSamples if a balanced weight would be infinite.
    """
    if not isinstance(loss, WeightedLoss) or loss.class_weights is None:
        return ()
    weights, counts = parse_class_weights(loss.class_weights), class_counts(labels, len(classes))
    if weights == BALANCED and 0 in counts:
        raise ClassWithoutSamples(classes[counts.index(0)], labels.ndim > 1)
    return numbers(weights, classes, counts)


def class_counts(labels: TargetArray, classes: int) -> list[int]:
    """How often each class occurs in labels, integers of N, or in masks, uint8 of N×H×W, where 255 means no class."""
    counts = np.zeros(256 if labels.ndim > 1 else classes, np.int64)
    for part in np.array_split(labels, max(1, labels.size >> 24)):  # bincount converts its input to int64
        counts += np.bincount(part.ravel(), minlength=len(counts))
    return [int(count) for count in counts[:classes]]
