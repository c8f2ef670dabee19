"""Random augmentation of images together with the boxes of their objects."""

import torch
from torch import Generator, Tensor

from ..data.box_arrays import LEAST_VISIBLE, PADDING
from ..recipe.recipe import Augment
from .augmentation import jitter, mirror, shift_offsets, shifted


def change_boxed(
    images: Tensor, boxes: Tensor, recipe: Augment, generator: Generator, flipped: Tensor | None
) -> tuple[Tensor, Tensor]:
    """`change_pixels` for images and their boxes, float32 of N×B×5, which are moved in the same way.

    Boxes are cut at the border of the image, and removed if less than a tenth of their area is left.
    """
    if recipe.crop:
        offsets = shift_offsets(len(images), recipe.crop, images.device, generator)
        images = shifted(images, offsets, recipe.crop, recipe.border)
        boxes = _moved(boxes, recipe.crop - offsets, images)
    if recipe.flip:
        flipped = torch.rand(len(images), generator=generator, device=images.device) < 0.5
    if flipped is not None:
        images, boxes = mirror(images, flipped), _mirrored(boxes, flipped, images.shape[3])
    if recipe.jitter:
        images = jitter(images, recipe.jitter, generator)
    return images, boxes


def _moved(boxes: Tensor, offsets: Tensor, images: Tensor) -> Tensor:
    """Boxes moved by rows and columns, integers of 2×N×1, and cut at the border."""
    height, width = images.shape[2:]
    corners = boxes[..., 1:] + torch.stack([offsets[1], offsets[0], offsets[1], offsets[0]], 2)
    inside = corners.clamp(min=0).minimum(corners.new_tensor([width, height] * 2))
    stays = (boxes[..., 0] >= 0) & (_area(inside) >= (LEAST_VISIBLE * _area(corners)).clamp(min=1e-9))
    return torch.where(stays[..., None], torch.cat([boxes[..., :1], inside], 2), PADDING)


def _mirrored(boxes: Tensor, flipped: Tensor, width: int) -> Tensor:
    """Boxes, mirrored horizontally where `flipped`, bool of N, is true."""
    label, left, top, right, bottom = boxes.unbind(2)
    other = torch.stack([label, width - right, top, width - left, bottom], 2)
    return torch.where((flipped[:, None] & (label >= 0))[..., None], other, boxes)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)
