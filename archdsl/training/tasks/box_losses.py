"""The loss of detection (FCOS, Tian et al. 2019), from outputs N×(K+5)×P, as in box_levels.py, and boxes N×B×5."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.dataset_spec import TaskFacts
from ..recipe.recipe import AnyLoss, Fcos
from .box_channels import BOX_CHANNELS
from .box_levels import Levels, Locations, assigned, boxes_of
from .meter import Loss

_SMALLEST = 1e-9


def make_box_loss(recipe: AnyLoss, facts: TaskFacts) -> Loss:
    """The focal loss of the classes, divided by the number of locations with an object, plus the mean GIoU loss of
    their boxes, weighted by their center-ness, plus the mean binary cross-entropy of their center-ness: a scalar.
    """
    if not isinstance(recipe, Fcos):
        raise AssertionError(f"{recipe.name} is not a loss of detection")
    levels, settings = Levels(facts), recipe
    return lambda output, boxes: _fcos(output, boxes, levels.on(output.device), settings)


def _fcos(output: Tensor, boxes: Tensor, locations: Locations, recipe: Fcos) -> Tensor:
    classes = output.shape[1] - BOX_CHANNELS
    numbers, wanted = assigned(boxes, locations, recipe.radius, recipe.range)
    positive = numbers >= 0
    count = positive.sum().clamp(min=1)
    one_hot = F.one_hot(numbers.clamp(min=0), classes) * positive[..., None]
    focal = focal_loss(output[:, :classes].mT, one_hot.to(output.dtype), recipe.alpha, recipe.gamma).sum()
    wanted = torch.where(positive[..., None], wanted, boxes_of(torch.zeros_like(output[:, :4]), locations))
    centered = torch.where(positive, centerness(wanted, locations), 0)
    made = boxes_of(output[:, classes : classes + 4], locations)
    box = ((1 - giou(made, wanted)) * centered).sum() / centered.sum().clamp(min=_SMALLEST)
    center = F.binary_cross_entropy_with_logits(output[:, -1], centered, reduction="none")
    return (focal + (center * positive).sum()) / count + box


def focal_loss(logits: Tensor, wanted: Tensor, alpha: float, gamma: float) -> Tensor:
    """−α(1 − p)^γ log p for the probabilities p of positive targets, and the same with 1 − α and 1 − p for negative
    ones (Lin et al. 2017): element by element, from logits and 0 or 1 of the same shape.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    probability = logits.sigmoid()
    # 1 − p for wanted classes, p for the others; not 0, where a root would have an infinite gradient
    wrong = (probability + wanted - 2 * probability * wanted).clamp(min=_SMALLEST)
    return (alpha * wanted + (1 - alpha) * (1 - wanted)) * wrong**gamma * entropy


def centerness(boxes: Tensor, locations: Locations) -> Tensor:
    """√(min(l, r)/max(l, r) · min(t, b)/max(t, b)) of locations inside of their boxes N×P×4: N×P in 0..1."""
    near, far = locations.centers - boxes[..., :2], boxes[..., 2:] - locations.centers
    ratio = torch.minimum(near, far).clamp(min=0) / torch.maximum(near, far).clamp(min=_SMALLEST)
    return ratio.prod(-1).sqrt()


def giou(one: Tensor, other: Tensor) -> Tensor:
    """Generalized intersection over union of pairs of boxes …×4, in −1..1 (Rezatofighi et al. 2019)."""
    both, union = overlaps(one, other)
    hull = torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])
    around = hull.prod(-1).clamp(min=_SMALLEST)
    return both / union - (around - union) / around


def iou(one: Tensor, other: Tensor) -> Tensor:
    """Intersection over union of pairs of boxes …×4, in 0..1; 0 for boxes without area."""
    both, union = overlaps(one, other)
    return both / union


def overlaps(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """The areas of the intersections and of the unions of pairs of boxes …×4."""
    size = torch.minimum(one[..., 2:], other[..., 2:]) - torch.maximum(one[..., :2], other[..., :2])
    both = size.clamp(min=0).prod(-1)
    areas = [(each[..., 2:] - each[..., :2]).clamp(min=0).prod(-1) for each in (one, other)]
    return both, (areas[0] + areas[1] - both).clamp(min=_SMALLEST)
