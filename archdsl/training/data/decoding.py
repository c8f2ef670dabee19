"""Decodes image files into pixels of the size that a network requires."""

import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ...text.counts import counted
from .arrays import Masks, Pixels
from .box_arrays import Placement
from .dataset_spec import IGNORED, ImageShape

EXTENSIONS = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".jp2")
)

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000")
"""The formats to read, whatever a file's extension: some of Pillow's formats start other programs (EPS: Ghostscript).
"""
_MOST_VALUES = 1 << 28
"""Largest number of values in a decoded image: larger ones would exhaust memory."""
_DEEP = ("I", "I;16", "I;16B", "I;16L", "F")
"""Pillow's modes of 16 bits and more."""
_OPENING = threading.Lock()


def decode(path: Path | BinaryIO, shape: ImageShape, resize: int | None = None) -> Pixels:
    """The image as uint8 of C×H×W: rotated according to its EXIF data, center-cropped to the target aspect ratio and
    scaled (bilinear, with antialiasing). With `resize`, it is cropped as if its shorter edge had this size.

    Channels are 1 (grayscale) or 3 (red, green, blue); transparent pixels become black. Raises OSError for a file that
    Pillow cannot read, or one whose decompressed size is dangerous.
    """
    if prod(shape) > _MOST_VALUES:
        raise OSError(f"an image of {shape} has more than {_MOST_VALUES:,} values, the limit")
    mode = "L" if shape.channels == 1 else "RGB"
    fitted = decoded_image(path, mode, (shape.width, shape.height), resize)
    pixels = np.array(fitted, np.uint8)  # a copy: torch requires writable memory
    return pixels[None] if shape.channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def decoded_image(path: Path | BinaryIO, mode: str, size: tuple[int, int], resize: int | None = None) -> Image.Image:
    """The image of `decode` in Pillow's mode L or RGB, at this width and height. Raises OSError."""
    with as_os_errors(), open_image(path) as image:
        wanted = (2 * size[0], 2 * size[1]) if resize is None else (2 * resize, 2 * resize)
        image.draft(mode, wanted)  # decode a JPEG at a reduced size, not below this one
        plain = as_mode(image, mode)
        if resize is None:
            return ImageOps.fit(plain, size, Image.Resampling.BILINEAR)
        scale = min(plain.size) / resize
        width, height = size[0] * scale, size[1] * scale
        left, top = max(0.0, (plain.width - width) / 2), max(0.0, (plain.height - height) / 2)
        box = (left, top, min(plain.width, left + width), min(plain.height, top + height))
        return plain.resize(size, Image.Resampling.BILINEAR, box=box)


def decode_whole(path: Path | BinaryIO, shape: ImageShape) -> tuple[Pixels, Placement]:
    """The image of `decode`, but with black bars instead of cropping, and the placement of the upright file's pixels.

    Raises OSError.
    """
    if prod(shape) > _MOST_VALUES:
        raise OSError(f"an image of {shape} has more than {_MOST_VALUES:,} values, the limit")
    mode, size = "L" if shape.channels == 1 else "RGB", (shape.width, shape.height)
    with as_os_errors(), open_image(path) as image:
        original = upright_size(image)  # a draft changes the size
        image.draft(mode, (2 * shape.width, 2 * shape.height))
        inner = as_mode(image, mode).resize(_contained(original, shape), Image.Resampling.BILINEAR)
        fitted = Image.new(mode, size)
        fitted.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    pixels = np.array(fitted, np.uint8)
    pixels = pixels[None] if shape.channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return pixels, whole_placement(original, shape)


def whole_placement(size: tuple[int, int], shape: ImageShape) -> Placement:
    """Where the pixels of an image of this width and height are after `decode_whole`."""
    width, height = _contained(size, shape)
    left, top = (shape.width - width) // 2, (shape.height - height) // 2
    return Placement(width / size[0], height / size[1], left, top, *size)


def _contained(size: tuple[int, int], shape: ImageShape) -> tuple[int, int]:
    """The largest width and height of the same aspect ratio that fit into the shape."""
    scale = min(shape.width / size[0], shape.height / size[1])
    width, height = (max(1, round(length * scale)) for length in size)
    return min(width, shape.width), min(height, shape.height)


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of an image after rotation according to its EXIF data; reads its header. Raises OSError."""
    with as_os_errors(), open_image(path) as image:
        return upright_size(image)


@contextmanager
def as_os_errors() -> Iterator[None]:
    """Raise OSError instead of Pillow's own exceptions for damaged or dangerous files."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise OSError("too many pixels to decode safely") from error
    except UnidentifiedImageError as error:  # Pillow's message contains the file name or a memory address
        raise OSError("cannot identify image file") from error
    except (ValueError, SyntaxError, EOFError, struct.error) as error:  # what parsers of damaged files raise
        raise OSError(str(error)) from error


def mask_values(mask: Path | BinaryIO) -> Masks:
    """The values of an image with one channel, whose palette, if any, is ignored: uint8 of H×W. Raises OSError."""
    with as_os_errors(), open_image(mask) as values:
        if values.mode not in ("L", "P", "1"):
            raise OSError(f"its mask has the mode {values.mode}: a mask has one channel of class numbers")
        return np.array(values, np.uint8)


def decode_mask(image: Path | BinaryIO, values: Callable[[], Masks], shape: ImageShape, classes: int) -> Masks:
    """The mask of an image, cropped and scaled as `decode` does with the image: uint8 of H×W, below `classes` or 255.

    `values` returns the mask, which has the size of the image. Raises OSError.
    """
    with as_os_errors(), open_image(image) as opened:
        width, height = ImageOps.exif_transpose(opened).size
    mask = values()
    if mask.shape != (height, width):
        found = f"{mask.shape[1]}×{mask.shape[0]}"
        raise OSError(f"its mask is {found}, but the image is {width}×{height}")
    fitted = ImageOps.fit(Image.fromarray(mask), (shape.width, shape.height), Image.Resampling.NEAREST)
    made = np.array(fitted, np.uint8)
    if wrong := [value for value in np.unique(made).tolist() if value >= classes and value != IGNORED]:
        raise OSError(f"its mask has the value {wrong[0]}, but there are only {counted(classes, 'class')}")
    return made


def open_image(path: Path | BinaryIO) -> Image.Image:
    """The opened image, with only its header read; one thread at a time, because warnings filters are shared by all
    threads.
    """
    with _OPENING, warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(path, formats=_FORMATS)


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height after rotation according to the EXIF data, from the header."""
    swapped = image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    return (image.height, image.width) if swapped else image.size


def as_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image in Pillow's mode L or RGB, rotated according to its EXIF data; transparent pixels become black."""
    image.load()
    # without a rotation and in the right mode, nothing is copied
    upright = image if image.getexif().get(ExifTags.Base.Orientation, 1) == 1 else ImageOps.exif_transpose(image)
    if upright.mode in _DEEP:  # Pillow's conversion would clip, not scale
        upright = _scaled(upright)
    if upright.has_transparency_data:
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "black"), upright.convert("RGBA"))
    return upright if upright.mode == mode else upright.convert(mode)


def _scaled(image: Image.Image) -> Image.Image:
    """An image with more than 8 bits per channel, reduced to bytes: 16-bit values by their upper byte, floats in 0..1
    times 255.
    """
    values = np.nan_to_num(np.asarray(image, np.float64))
    values = values * 255 if image.mode == "F" and values.max(initial=0) <= 1 else values / 257
    return Image.fromarray(np.clip(np.round(values), 0, 255).astype(np.uint8))
