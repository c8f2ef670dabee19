"""RandAugment (Cubuk et al. 2020): random operations of the same magnitude, implemented with Pillow.

The operations and their ranges are those of the paper, which takes them from AutoAugment (Cubuk et al. 2019).
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

LARGEST = 30.0
"""The largest magnitude."""
_SHEAR, _TRANSLATE, _ROTATE, _ENHANCE = 0.3, 150 / 331, 30.0, 0.9
"""Values at the largest magnitude: a fraction of the image's size for translation, degrees for rotation."""
_FEWEST_BITS = 4
_GRAY = 128
"""The value of pixels from outside of the image."""

Operation = Callable[[Image.Image, float], Image.Image]
"""Changes an image, L or RGB; the strength is from 0 to 1, or from -1 to 1 for operations with two directions."""


def _affine(image: Image.Image, matrix: tuple[float, ...]) -> Image.Image:
    fill = _GRAY if image.mode == "L" else (_GRAY,) * 3
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST, fillcolor=fill)


def _shear_x(image: Image.Image, magnitude: float) -> Image.Image:
    return _affine(image, (1, _SHEAR * magnitude, 0, 0, 1, 0))


def _shear_y(image: Image.Image, magnitude: float) -> Image.Image:
    return _affine(image, (1, 0, 0, _SHEAR * magnitude, 1, 0))


def _translate_x(image: Image.Image, magnitude: float) -> Image.Image:
    return _affine(image, (1, 0, int(_TRANSLATE * magnitude * image.width), 0, 1, 0))


def _translate_y(image: Image.Image, magnitude: float) -> Image.Image:
    return _affine(image, (1, 0, 0, 0, 1, int(_TRANSLATE * magnitude * image.height)))


def _rotate(image: Image.Image, magnitude: float) -> Image.Image:
    fill = _GRAY if image.mode == "L" else (_GRAY,) * 3
    return image.rotate(_ROTATE * magnitude, Image.Resampling.NEAREST, fillcolor=fill)


def _enhance(kind: Callable[[Image.Image], ImageEnhance._Enhance], image: Image.Image, magnitude: float) -> Image.Image:
    return kind(image).enhance(1 + _ENHANCE * magnitude)


def _posterize(image: Image.Image, magnitude: float) -> Image.Image:
    return ImageOps.posterize(image, 8 - round(magnitude * (8 - _FEWEST_BITS)))


def _solarize(image: Image.Image, magnitude: float) -> Image.Image:
    return ImageOps.solarize(image, round(255 * (1 - magnitude)))


OPERATIONS: Mapping[str, tuple[Operation, bool]] = MappingProxyType(
    {
        "identity": (lambda image, _: image, False),
        "autocontrast": (lambda image, _: ImageOps.autocontrast(image), False),
        "equalize": (lambda image, _: ImageOps.equalize(image), False),
        "rotate": (_rotate, True),
        "solarize": (_solarize, False),
        "color": (partial(_enhance, ImageEnhance.Color), True),
        "posterize": (_posterize, False),
        "contrast": (partial(_enhance, ImageEnhance.Contrast), True),
        "brightness": (partial(_enhance, ImageEnhance.Brightness), True),
        "sharpness": (partial(_enhance, ImageEnhance.Sharpness), True),
        "shear_x": (_shear_x, True),
        "shear_y": (_shear_y, True),
        "translate_x": (_translate_x, True),
        "translate_y": (_translate_y, True),
    }
)
"""The operations by name, and whether they have two directions, one of which is chosen at random."""
_NAMES = tuple(OPERATIONS)


def randaugment(image: Image.Image, magnitude: float, operations: int, rng: np.random.Generator) -> Image.Image:
    """The image, L or RGB, after this number of random operations of a magnitude from 0 to 30."""
    for number, sign in zip(
        rng.integers(len(_NAMES), size=operations).tolist(), rng.integers(2, size=operations).tolist(), strict=True
    ):
        operation, two_directions = OPERATIONS[_NAMES[number]]
        strength = magnitude / LARGEST
        image = operation(image, -strength if two_directions and sign else strength)
    return image
