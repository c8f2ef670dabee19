"""What is known of data sets without reading them: enough to check a network against one. Imports nothing heavy."""

from dataclasses import dataclass
from typing import NamedTuple

HUB_PREFIX = "hf:"
"""What a name of the Hugging Face Hub begins with."""


class ImageShape(NamedTuple):
    """Channels, height and width of one image."""

    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.channels}x{self.height}x{self.width}"


@dataclass(frozen=True)
class DataSpec:
    """What is known of a data set without reading it.

    `shape` is None where images have no size of their own and are brought to the network's input (folders). `images`
    are how many there are to learn from and to test with, as published; `shipped` ones come with the package, or are
    made, so that nothing is fetched or read from elsewhere.
    """

    name: str
    classes: tuple[str, ...]
    shape: ImageShape | None
    images: tuple[int, int] | None = None
    shipped: bool = False
