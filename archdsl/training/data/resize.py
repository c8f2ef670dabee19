"""Converts images from one size to another."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F

from .box_arrays import Placement, is_boxes, padded, placed, resized
from .dataset_spec import IGNORED, ImageShape, InputShape
from .images import ImageSet, Masks, Pixels, Splits, TargetArray, kind_of

_CHUNK = 4096


def fit_splits(splits: Splits, shape: InputShape, how: str) -> Splits:
    """All images of a set at this shape; `exact` leaves them unchanged, and `fit_images` explains the other values of
    `how`.

    Inputs other than images do not change.
    """
    if how == "exact" or kind_of(splits.train.images) != "image":
        return splits
    shape = ImageShape(*shape)
    train, validation, test = (
        _fitted(part, shape, how) if part else None for part in (splits.train, splits.validation, splits.test)
    )
    assert train is not None
    return Splits(train, validation, test, splits.notes)


def _fitted(samples: ImageSet, shape: ImageShape, how: str) -> ImageSet:
    labels, old = samples.labels, samples.images.shape[2:]
    if is_boxes(labels) and old != shape[1:]:
        placement = fit_placement(old, shape, how)
        labels = placed(labels, placement, shape.height, shape.width)
    else:
        labels = fit_labels(labels, shape, how)
    return replace(samples, images=fit_images(samples.images, shape, how), labels=labels)


def fit_placement(old: Sequence[int], shape: ImageShape, how: str) -> Placement:
    """Where `fit_images` puts the pixels of images of this height and width."""
    return Placement() if how == "exact" else padded(old, shape[1:]) if how == "pad" else resized(old, shape[1:])


def fit_images(images: Pixels, shape: ImageShape, how: str) -> Pixels:
    """Images, uint8 of N×C×H×W, at another height and width.

    `pad` adds zeros around them (of an odd number, one more at the bottom or right) and center-crops larger images;
    `resize` scales (bilinear, with antialiasing), regardless of the aspect ratio.
    """
    if images.shape[2:] == shape[1:]:
        return images
    sources = torch.from_numpy(images).split(_CHUNK)  # type: ignore[no-untyped-call]  # torch has no types here
    parts = [_pad(part, shape) if how == "pad" else _resize(part, shape) for part in sources]
    made: Pixels = torch.cat(parts).numpy()
    return made


def fit_labels(labels: TargetArray, shape: ImageShape, how: str) -> TargetArray:
    """The targets that belong to the images of `fit_images`: masks have no class where images are padded."""
    if labels.ndim != 3 or labels.dtype != np.uint8 or labels.shape[1:] == shape[1:]:
        return labels
    masks = torch.from_numpy(labels)[:, None]
    if how == "pad":
        fitted = _pad(masks, shape, IGNORED)
    else:
        fitted = F.interpolate(masks, (shape.height, shape.width), mode="nearest-exact")
    made: Masks = fitted[:, 0].numpy()
    return made


def _pad(images: torch.Tensor, shape: ImageShape, value: int = 0) -> torch.Tensor:
    rows, columns = shape.height - images.shape[2], shape.width - images.shape[3]
    top, left = int(rows / 2), int(columns / 2)  # negative values crop; truncated, so that cropping undoes padding
    return F.pad(images, (left, columns - left, top, rows - top), value=value)


def _resize(images: torch.Tensor, shape: ImageShape) -> torch.Tensor:
    scaled = F.interpolate(images.float(), (shape.height, shape.width), mode="bilinear", antialias=True)
    return scaled.round().clamp(0, 255).to(torch.uint8)
