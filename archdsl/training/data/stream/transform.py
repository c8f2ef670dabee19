"""What happens to an image after it is read: decoding, cropping and augmentation."""

import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..arrays import Pixels
from ..decoding import as_mode, as_os_errors, decoded_image, open_image, upright_size
from .crops import CropBox, random_crop, random_erasing
from .randaugment import randaugment

_MIRROR = Image.Transpose.FLIP_LEFT_RIGHT


@dataclass(frozen=True)
class RandomChanges:
    """Random augmentation of an image. `crop` is the smallest fraction of the area of random resized crops."""

    crop: float | None = None
    ratio: float = 4 / 3
    flip: bool = False
    magnitude: float | None = None
    operations: int = 2
    erasing: float | None = None


@dataclass(frozen=True)
class Transform:
    """The size of decoded images, and how images are brought to it.

    Without random resized crops, they are center-cropped to the aspect ratio and scaled, or, with `resize`, scaled so
    that the shorter edge has this size, then cropped.
    """

    channels: int
    height: int
    width: int
    resize: int | None = None
    changes: RandomChanges | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the pixels."""
        return self.height, self.width, self.channels

    @property
    def mode(self) -> str:
        """Pillow's mode of the pixels."""
        return "L" if self.channels == 1 else "RGB"


def transformed(content: bytes, transform: Transform, seeds: tuple[int, ...]) -> Pixels:
    """The pixels of an encoded image, uint8 of H×W×C. Random numbers are a function of `seeds`. Raises OSError."""
    changes = transform.changes
    if changes is None:
        size = (transform.width, transform.height)
        image = decoded_image(io.BytesIO(content), transform.mode, size, transform.resize)
        return np.asarray(image, np.uint8).reshape(transform.shape)
    rng = np.random.default_rng(seeds)
    with as_os_errors():
        image = _cropped(content, transform, changes, rng)
        if changes.flip and rng.random() < 0.5:
            image = image.transpose(_MIRROR)
        if changes.magnitude is not None:
            image = randaugment(image, changes.magnitude, changes.operations, rng)
        pixels: Pixels = np.asarray(image, np.uint8).reshape(transform.shape)
        if changes.erasing is not None and rng.random() < changes.erasing:
            pixels = pixels.copy()
            random_erasing(pixels, rng)
    return pixels


def _cropped(content: bytes, transform: Transform, changes: RandomChanges, rng: np.random.Generator) -> Image.Image:
    """The image at the target size."""
    size = (transform.width, transform.height)
    if changes.crop is None:
        return decoded_image(io.BytesIO(content), transform.mode, size, transform.resize)
    with open_image(io.BytesIO(content)) as image:
        width, height = upright_size(image)
        box = random_crop(width, height, changes.crop, changes.ratio, rng)
        # a JPEG is decoded at a reduced size if the crop still has at least the target's pixels
        needed = max(size[0] / (box.right - box.left), size[1] / (box.bottom - box.top))
        image.draft(transform.mode, (math.ceil(image.width * needed), math.ceil(image.height * needed)))
        plain = as_mode(image, transform.mode)
        across, down = plain.width / width, plain.height / height
        right, bottom = min(plain.width, box.right * across), min(plain.height, box.bottom * down)
        scaled = CropBox(box.left * across, box.top * down, right, bottom)
        return plain.resize(size, Image.Resampling.BILINEAR, box=scaled)
