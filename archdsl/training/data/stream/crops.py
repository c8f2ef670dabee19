"""Random boxes in images: random resized crops (Szegedy et al. 2015) and random erasing (Zhong et al. 2020)."""

import math
from typing import NamedTuple

import numpy as np

_ATTEMPTS = 10
_ERASED_AREA = (0.02, 1 / 3)
_ERASED_RATIO = 3.3


class CropBox(NamedTuple):
    """A box in pixels; right and bottom are exclusive."""

    left: float
    top: float
    right: float
    bottom: float


def random_crop(width: int, height: int, smallest: float, ratio: float, rng: np.random.Generator) -> CropBox:
    """A box of at least this fraction of an image's area, with an aspect ratio between 1/ratio and ratio.

    Area and the logarithm of the aspect ratio are uniformly distributed. If ten boxes do not fit into the image, the
    result is the largest centered box with an aspect ratio in the range.
    """
    found = _random_box(width, height, (smallest, 1.0), ratio, rng)
    if found is not None:
        return found
    w, h = float(width), float(height)
    if width / height > ratio:
        w = round(height * ratio)
    elif width / height < 1 / ratio:
        h = round(width * ratio)
    return CropBox((width - w) // 2, (height - h) // 2, (width - w) // 2 + w, (height - h) // 2 + h)


def random_erasing(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], rng: np.random.Generator) -> None:
    """Fill a random box of an image, uint8 of H×W×C, with random values: 2 % to a third of its area."""
    height, width = pixels.shape[:2]
    box = _random_box(width, height, _ERASED_AREA, _ERASED_RATIO, rng)
    if box is not None:
        part = pixels[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
        part[...] = rng.integers(0, 256, part.shape, np.uint8)


def _random_box(
    width: int, height: int, area: tuple[float, float], ratio: float, rng: np.random.Generator
) -> CropBox | None:
    """A random box that fits into the image; None if ten do not."""
    log_ratio = math.log(ratio)
    for _ in range(_ATTEMPTS):
        target = width * height * rng.uniform(*area)
        aspect = math.exp(rng.uniform(-log_ratio, log_ratio))
        w, h = round(math.sqrt(target * aspect)), round(math.sqrt(target / aspect))
        if 0 < w <= width and 0 < h <= height:
            top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
            return CropBox(left, top, left + w, top + h)
    return None
