"""Results of a task as plain values, which the report and the commands show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SHOWN = 12
"""Number of samples whose predictions the report shows."""


@dataclass(frozen=True)
class Table:
    """A table: its title, its column headings, and its rows. The first column has names, the others numbers."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    colors: tuple[tuple[int, int, int], ...] = ()
    """The colors of the rows in the images of the samples, if they have any."""


@dataclass(frozen=True)
class Panel:
    """An image with its label: uint8 of C×H×W."""

    label: str
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class Tile:
    """The images of one sample, with a caption."""

    caption: str
    panels: tuple[Panel, ...]


class FoundBox(NamedTuple):
    """An object: its class, its score in 0..1, and its box: left, top, right, bottom in pixels."""

    name: str
    score: float
    box: tuple[float, ...]


@dataclass(frozen=True)
class Answer:
    """The prediction for one sample: what is most likely in it, numbers by name, an image (uint8 of C×H×W, or of H×W
    with class numbers), a sentence, and the objects in it (None for a task that finds no objects).
    """

    ranked: tuple[tuple[str, float], ...] = ()
    values: Mapping[str, float] | None = None
    image: NDArray[np.uint8] | None = None
    text: str | None = None
    boxes: tuple[FoundBox, ...] | None = None


_PALETTE = (
    (0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip
"""Okabe & Ito: distinguishable with color vision deficiencies."""


def color_of(number: int) -> tuple[int, int, int]:
    """The color of a class in masks; gray for pixels without a class."""
    if number == 255:
        return 128, 128, 128
    red, green, blue = _PALETTE[number % len(_PALETTE)]
    shade = 1 / (1 + number // len(_PALETTE))  # darker for classes without a color in the palette
    return round(red * shade), round(green * shade), round(blue * shade)


def painted(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A mask, uint8 of H×W, in the colors of its classes: uint8 of 3×H×W."""
    colors = np.array([color_of(number) for number in range(256)], np.uint8)
    return np.ascontiguousarray(colors[mask].transpose(2, 0, 1))
