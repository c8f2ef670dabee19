"""The facts about data sets that are known without reading them. Imports nothing heavy."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

InputKind = Literal["image", "numbers", "ids"]
"""What a network takes as input: images, uint8 of C×H×W; numbers of any shape; integer IDs, such as the bytes of a
text.
"""
Targets = Literal["class", "classes", "mask", "numbers", "next", "caption", "boxes"]
"""What each sample provides as its target: a class, a set of classes, the class of each pixel, numbers, next IDs,
captions, or boxes with classes.
"""

HUB_PREFIX = "hf:"
"""Prefix of the names of Hugging Face Hub data sets."""
NO_TARGETS = ("samples",)
"""The classes of inputs without targets."""
PYTHON_PREFIX = "python:"
"""Prefix of the origin of data that a Python program gave; a digest of the samples follows."""
IGNORED = 255
"""The value of pixels in a mask that have no class and are ignored."""


class ImageShape(NamedTuple):
    """Channels, height and width of an image."""

    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.channels}x{self.height}x{self.width}"


InputShape = ImageShape | tuple[int, ...]
"""The shape of one sample of a network's input."""


@dataclass(frozen=True)
class DataSpec:
    """The facts about a data set that are known without reading it.

    `classes` are the names of the classes, or of the numbers to predict; a text has none. `shape` is None if the images
    have no common size and are scaled to the network's input (folders), or if a text is cut into sequences of that
    input's length. `images` are the published numbers of training and test images; `shipped` data sets come with the
    package or are generated, so nothing is downloaded. `targets` is what each sample has, and `inputs` what the network
    gets. `vocabulary` is the number of different IDs.
    """

    name: str
    classes: tuple[str, ...]
    shape: InputShape | None
    images: tuple[int, int] | None = None
    shipped: bool = False
    targets: Targets = "class"
    inputs: InputKind = "image"
    vocabulary: int | None = None
    features: tuple[str, ...] = ()
    """The names of the input numbers, if they have names: the columns of a table."""
    tokenizer: str | None = None
    """The content of the tokenizer.json that made the IDs of a text; None for bytes."""
    sample_rate: int | None = None
    """Samples per second of audio, fitted to the network's numbers of channels and samples; None for other data."""
    streams: bool = False
    """Whether its images can be decoded in every epoch instead of being kept in memory."""


@dataclass(frozen=True)
class TaskFacts:
    """What the loss, the metrics and the presentation of a task need to know about the data and the network.

    `classes` are those of the data set. `input` is the shape of the network's input, and `outputs` those of its
    outputs. Numbers to predict are standardized with `target_mean` and `target_deviation`, those of the training
    samples. `class_weights` are the weights of the classes in the loss; none if all have weight 1.
    """

    classes: tuple[str, ...] = ()
    input: tuple[int, ...] = ()
    outputs: tuple[tuple[int, ...], ...] = ()
    target_mean: tuple[float, ...] = ()
    target_deviation: tuple[float, ...] = ()
    class_weights: tuple[float, ...] = ()
    steps: int = 0
    """The length of the second input, if there is one: the words of a caption."""
    token_bytes: tuple[int, ...] = ()
    """The number of bytes that each ID of a tokenizer stands for; none for bytes."""
