"""Draws images of shapes with their masks or boxes."""

from random import Random

import numpy as np
from numpy.typing import NDArray

from .box_arrays import bounds_of, packed
from .images import ImageSet

_MOST_SHAPES = 4
_SMALLEST, _LARGEST = 0.12, 0.3
"""The radius of a shape, as a fraction of the image's side."""
_CONTRAST = 60
"""Smallest difference of a shape's color from the background's, summed over the channels."""
_NOISE = 25
_LEAST_VISIBLE = 0.3
"""Smallest visible fraction of a shape's pixels for which its box is listed."""


def draw(count: int, side: int) -> ImageSet:
    """Color images, uint8 of N×3×side×side, and masks: 0 background, 1 circles, 2 rectangles, and 3 triangles.

    Every call draws the same images: Python's random numbers are the same in all of its versions.
    """
    images, masks, _ = _drawn(count, side)
    return ImageSet(images, masks)


def draw_boxes(count: int, side: int) -> ImageSet:
    """The images of `draw`, with the boxes of their shapes: 0 circles, 1 rectangles, 2 triangles (see box_arrays.py).

    A box encloses the visible pixels of a shape; shapes that others mostly hide have none.
    """
    images, _, shapes = _drawn(count, side)
    rows = []
    for drawn in shapes:
        boxes = []
        for index, (kind, inside) in enumerate(drawn):
            hidden = np.logical_or.reduce([other for _, other in drawn[index + 1 :]], initial=False)
            visible = inside & ~hidden
            bounds = bounds_of(visible)
            if bounds is not None and visible.sum() >= _LEAST_VISIBLE * inside.sum():
                boxes.append((kind - 1, *bounds))
        rows.append(boxes)
    return ImageSet(images, packed(rows))


_Drawn = list[tuple[int, NDArray[np.bool_]]]
"""The shapes of an image in the order in which they were drawn: kinds, and pixels."""


def _drawn(count: int, side: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], list[_Drawn]]:
    """Images, masks and the shapes of each image."""
    random = Random(0)
    shapes: list[_Drawn] = []
    images = np.empty((count, 3, side, side), np.uint8)
    masks = np.zeros((count, side, side), np.uint8)
    rows, columns = np.mgrid[:side, :side].astype(np.float64)
    for image, mask in zip(images, masks, strict=True):
        background = _color(random)
        image[:] = background[:, None, None]
        shapes.append([])
        for _ in range(random.randint(1, _MOST_SHAPES)):
            kind = random.randint(1, 3)
            inside = _inside(kind, rows, columns, random)
            image[:, inside] = _other_color(background, random)[:, None]
            mask[inside] = kind
            shapes[-1].append((kind, inside))
        noise = np.frombuffer(random.randbytes(image.size), np.uint8).reshape(image.shape)
        noisy = image + (noise.astype(np.float64) / 255 - 0.5) * 2 * _NOISE
        image[:] = np.clip(np.round(noisy), 0, 255)
    return images, masks, shapes


def _color(random: Random) -> NDArray[np.uint8]:
    return np.array([random.randint(0, 255) for _ in range(3)], np.uint8)


def _other_color(color: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    while True:
        other = _color(random)
        if np.abs(other.astype(int) - color.astype(int)).sum() >= _CONTRAST:
            return other


def _inside(kind: int, rows: NDArray[np.float64], columns: NDArray[np.float64], random: Random) -> NDArray[np.bool_]:
    """The pixels of a shape at a random place: bool of side×side."""
    side = len(rows)
    radius = random.uniform(_SMALLEST, _LARGEST) * side
    y, x = (random.uniform(radius, side - radius) for _ in range(2))
    dy, dx = rows - y, columns - x
    if kind == 1:
        return dy**2 + dx**2 <= radius**2
    if kind == 2:
        ratio = random.uniform(0.5, 1)
        height, width = (radius, radius * ratio) if random.random() < 0.5 else (radius * ratio, radius)
        return (np.abs(dy) <= height * 0.85) & (np.abs(dx) <= width * 0.85)
    return (dy <= radius * 0.7) & (dy >= -radius * 0.9 + 1.8 * np.abs(dx))
