"""The facts about data sets that are known without reading them. Imports nothing heavy."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

HUB_PREFIX = "hf:"
"""Prefix of the names of Hugging Face Hub data sets."""
IGNORED = 255
"""The value of pixels in a mask that have no class and are ignored."""


class ImageShape(NamedTuple):
    """Channels, height and width of an image."""

    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.channels}x{self.height}x{self.width}"


@dataclass(frozen=True)
class DataSpec:
    """The facts about a data set that are known without reading it.

    `shape` is None if the images have no common size and are scaled to the network's input (folders). `images` are the
    published numbers of training and test images; `shipped` data sets come with the package or are generated, so
    nothing is downloaded. `targets` is what each image has: a `class`, or a `mask` with the class of each pixel.
    """

    name: str
    classes: tuple[str, ...]
    shape: ImageShape | None
    images: tuple[int, int] | None = None
    shipped: bool = False
    targets: Literal["class", "mask"] = "class"
