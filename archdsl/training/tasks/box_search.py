"""The objects that a detector finds: candidates by score, and non-maximum suppression."""

import torch
from torch import Tensor

from ..data.box_arrays import PADDING
from .box_channels import BOX_CHANNELS
from .box_levels import Levels, boxes_of
from .box_losses import iou

CANDIDATES, FOUND = 400, 100
"""The largest numbers of candidates and of objects per image."""
LEAST_SCORE = 0.05
OVERLAP = 0.6
"""If the IoU of two candidates of a class is larger, the one with the lower score is dropped."""
_CHUNK = 32
"""Number of images whose candidates are compared at once: 400×400 numbers each."""


def detect(output: Tensor, levels: Levels) -> Tensor:
    """The objects of N images, from N×(K+5)×P: N×100×6 of class, score, left, top, right, bottom, best first.

    The score is √(class probability · center-ness). Missing rows have the class −1 and the score 0.
    """
    parts = [_detect(part, levels) for part in output.split(_CHUNK)]  # type: ignore[no-untyped-call]  # torch has no types here
    return torch.cat(parts)


def _detect(output: Tensor, levels: Levels) -> Tensor:
    locations, classes = levels.on(output.device), output.shape[1] - BOX_CHANNELS
    scores = (output[:, :classes].sigmoid() * output[:, -1:].sigmoid()).sqrt().flatten(1)  # N×KP
    best, index = scores.topk(min(CANDIDATES, scores.shape[1]), dim=1)
    likely = int((best > LEAST_SCORE).sum(1).max()) if len(best) else 0  # the candidates of an image are sorted
    best, index = best[:, :likely], index[:, :likely]
    where, numbers = index % output.shape[2], index.div(output.shape[2], rounding_mode="floor")
    boxes = boxes_of(output[:, classes : classes + 4], locations)
    limits = torch.tensor([levels.width, levels.height] * 2, device=output.device)
    inside = boxes.gather(1, where[..., None].expand(-1, -1, 4)).clamp(min=0).minimum(limits)
    is_candidate = (best > LEAST_SCORE) & (inside[..., 2:] > inside[..., :2]).all(-1)
    kept_mask = non_maximum_suppression(inside, numbers, is_candidate, OVERLAP)
    return _first(torch.cat([numbers[..., None].to(best.dtype), best[..., None], inside], 2), kept_mask)


def non_maximum_suppression(boxes: Tensor, classes: Tensor, is_candidate: Tensor, overlap: float) -> Tensor:
    """Which candidates are kept, bool of N×M: those whose IoU with each kept candidate of the same class and a higher
    score is at most `overlap`.

    `boxes` are N×M×4, best first, and `classes` N×M; only those that are `is_candidate`, bool of N×M, count. What
    greedy non-maximum suppression keeps is the only fixed point of the rule; each round settles at least one more
    candidate of each chain, and most chains are short.
    """
    same = (classes[:, :, None] == classes[:, None, :]) & is_candidate[:, :, None] & is_candidate[:, None, :]
    rivals = (iou(boxes[:, :, None], boxes[:, None, :]) > overlap) & same
    rivals = rivals.triu(1)  # better candidates × worse ones
    kept_mask = is_candidate
    while True:
        following = is_candidate & ~(rivals & kept_mask[:, :, None]).any(1)
        if torch.equal(following, kept_mask):
            return kept_mask
        kept_mask = following


def _first(rows: Tensor, kept_mask: Tensor) -> Tensor:
    """The first 100 rows that are kept, of N×M×6, in order; then rows without an object."""
    order = (~kept_mask).to(torch.uint8).argsort(dim=1, stable=True)[:, :FOUND]
    kept = kept_mask.gather(1, order)
    nothing = torch.zeros(rows.shape[2], dtype=rows.dtype, device=rows.device)
    nothing[0] = PADDING
    found = torch.where(kept[..., None], rows.gather(1, order[..., None].expand(-1, -1, rows.shape[2])), nothing)
    missing = FOUND - found.shape[1]
    return torch.cat([found, nothing.expand(len(found), missing, -1)], 1) if missing else found
