"""Images and masks as PNG files."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..safe_files import make_folder, write_atomically
from ..tasks.presentation import color_of


def write_pixels(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write an image, uint8 of C×H×W with one or three channels, or a mask, uint8 of H×W with the numbers of classes
    as the indices of a palette. Raises DiskFull or CannotWrite.
    """
    image = _image(pixels)
    make_folder(path.parent)
    write_atomically(path, lambda temporary: image.save(temporary, "PNG"))


def _image(pixels: NDArray[Any]) -> Image.Image:
    if pixels.ndim == 2:
        image = Image.fromarray(pixels, "P")
        image.putpalette([part for number in range(256) for part in color_of(number)])
        return image
    return Image.fromarray(pixels.transpose(1, 2, 0) if len(pixels) == 3 else pixels[0])
