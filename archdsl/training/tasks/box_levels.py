"""The locations of a detector's outputs, and which object each of them predicts (FCOS, Tian et al. 2019).

Each output is a level of K+5 channels: the logits of K classes, four distances, and a logit of center-ness. All levels
together are N×(K+5)×P for the P locations of all of them. A location is the center of a cell of its output, in pixels
of the input; the distances to the left, top, right and bottom edge of its box are the exponentials of the network's
outputs, in strides.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..data.dataset_spec import TaskFacts

_LARGEST_LOG = 8.0
"""Upper bound of the logarithm of a distance in strides: larger values would overflow."""


@dataclass(frozen=True)
class Locations:
    """The locations of all levels on a device.

    `centers` are x and y, float32 of P×2, in pixels; `strides` the width and height of their cells, P×2; `finer` the
    strides of the next finer level, P×2, 0 for the finest; `coarsest` marks those of the coarsest level, bool of P.
    """

    centers: Tensor
    strides: Tensor
    finer: Tensor
    coarsest: Tensor


class Levels:
    """The levels of a network, from the shapes of its input and outputs."""

    def __init__(self, facts: TaskFacts) -> None:
        _, self.height, self.width = facts.input
        self._sizes = [(int(dims[1]), int(dims[2])) for dims in facts.outputs]
        self._made: dict[torch.device, Locations] = {}

    def on(self, device: torch.device) -> Locations:
        """The locations on a device."""
        if device not in self._made:
            self._made[device] = self._locations(device)
        return self._made[device]

    def _locations(self, device: torch.device) -> Locations:
        strides = [(self.width / w, self.height / h) for h, w in self._sizes]
        order = sorted(range(len(strides)), key=lambda level: strides[level])
        before = {level: strides[order[place - 1]] if place else (0.0, 0.0) for place, level in enumerate(order)}
        found = []
        for level, ((h, w), stride) in enumerate(zip(self._sizes, strides, strict=True)):
            own = torch.tensor(stride, device=device)
            rows, columns = (torch.arange(size, device=device) + 0.5 for size in (h, w))
            centers = torch.stack([columns.repeat(h), rows.repeat_interleave(w)], 1) * own
            finer = torch.tensor(before[level], device=device)
            last = torch.full((h * w,), level == order[-1], device=device)
            found.append((centers, own.expand(h * w, 2), finer.expand(h * w, 2), last))
        return Locations(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def boxes_of(distances: Tensor, locations: Locations) -> Tensor:
    """The boxes N×P×4 (left, top, right, bottom in pixels) from the network's outputs N×4×P."""
    in_pixels = distances.mT.clamp(max=_LARGEST_LOG).exp() * locations.strides.repeat(1, 2)
    return torch.cat([locations.centers - in_pixels[..., :2], locations.centers + in_pixels[..., 2:]], -1)


def assigned(boxes: Tensor, locations: Locations, radius: float, range: float) -> tuple[Tensor, Tensor]:
    """The class N×P that each location predicts, −1 for the background, and its box N×P×4, from boxes N×B×5.

    A location predicts the smallest box that it is inside of, if it is within `radius` strides of the box's center, and
    its largest distance to an edge is at most `range` of its strides and more than that of the next finer level; the
    coarsest level has no such limit.
    """
    points, corners = locations.centers[:, None], boxes[:, None, :, 1:]  # P×1×2, N×1×B×4
    near, far = points - corners[..., :2], corners[..., 2:] - points  # N×P×B×2
    inside = torch.minimum(near, far).amin(-1) > 0
    offset = (points - (corners[..., :2] + corners[..., 2:]) / 2).abs() / locations.strides[:, None]
    largest = torch.maximum(near, far)
    fits = (largest <= range * locations.strides[:, None]).all(-1) | locations.coarsest[:, None]
    not_finer = (largest > range * locations.finer[:, None]).any(-1)
    may = inside & (offset.amax(-1) <= radius) & fits & not_finer & (boxes[:, None, :, 0] >= 0)
    size = (corners[..., 2:] - corners[..., :2]).prod(-1)
    smallest, chosen = torch.where(may, size, torch.inf).min(-1)  # N×P
    found = boxes.gather(1, chosen[..., None].expand(*chosen.shape, boxes.shape[2]))
    return torch.where(smallest < torch.inf, found[..., 0], -1).long(), found[..., 1:]
