"""The content of a run's settings.json: everything needed to resume, to predict and to report."""

import math
import platform
import sys
from math import prod
from typing import Annotated, Any, Self

import numpy
import torch
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from ...elaborate.given_values import parameter, parse_sizes
from ...graph import Graph
from ...text.counts import counted
from ...version import __version__
from ..data.dataset_spec import InputKind, TaskFacts
from ..recipe.recipe import Recipe
from ..tasks.custom_settings import CustomSettings
from .sealed_json import seal

FORMAT = 2
"""Since version 2 the file, the network's texts and the weights have digests."""
LARGEST_IMAGE = 1 << 28
"""Largest number of values of one image, 16,384 by 16,384 grayscale pixels: larger images are not used in training."""
_LARGEST_NUMBER = 10**18

Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NetworkSettings(_Section):
    """The network's name, its original file, the values given for its parameters and the sizes given for its input.

    `texts` has the digest of net.arch, and of each file that it uses, by its path in the run's folder.
    """

    name: str
    file: str | None
    given: dict[str, bool | int | float | str | list[Any]]
    sizes: tuple[str, ...]
    parameters: Annotated[int, Field(ge=0)]
    texts: dict[str, str] = {}

    @field_validator("given")
    @classmethod
    def _check_digits(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, value in given.items():
            if isinstance(value, list):
                parameter(name, value, any_layer=True)
            if isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= _LARGEST_NUMBER):
                raise ValueError(f"{name} is {value:g}" if isinstance(value, float) else f"{name} is too large")
        return given

    @field_validator("sizes")
    @classmethod
    def _check_sizes(cls, sizes: tuple[str, ...]) -> tuple[str, ...]:
        for given in sizes:
            parse_sizes(given.rpartition("=")[2])
        return sizes


class DataSettings(_Section):
    """The data set and its preprocessing. Means and standard deviations are over the training samples."""

    name: str
    source: str
    folder: str | None
    classes: list[str]
    shape: tuple[PositiveInt, ...] | None = Field(description="The shape of an image; null if their sizes differ.")
    mean: list[Finite] = Field(description="Mean of each channel, for pixels in 0..1, or of each input number.")
    deviation: list[Annotated[Finite, Field(gt=0)]] = Field(description="Standard deviation of each.")
    images: dict[str, Annotated[int, Field(ge=0)]] = Field(description="Split → number of samples.")
    inputs: InputKind = "image"
    vocabulary: PositiveInt | None = Field(None, description="Number of token IDs.")
    features: list[str] = []
    target_mean: list[Finite] = Field([], description="Mean of each number to predict.")
    target_deviation: list[Annotated[Finite, Field(gt=0)]] = Field([], description="Standard deviation of each.")
    class_weights: list[Annotated[Finite, Field(gt=0)]] = Field(
        [], description="Weights of the classes in the loss; empty for none."
    )
    brightness: tuple[Finite, Finite] | None = Field(
        None, description="Range of the mean brightness of the training images, in 0..1."
    )
    sample_rate: PositiveInt | None = Field(None, description="Samples per second of audio.")

    @model_validator(mode="after")
    def _of_images(self) -> Self:
        if self.inputs != "image":
            return self
        if self.shape is not None and len(self.shape) != 3:
            raise ValueError(f"images of {'×'.join(map(str, self.shape))}; images must have 3 dimensions")
        if not self.classes or not self.mean:
            raise ValueError("images without classes or means")
        if not all(0 <= mean <= 1 for mean in self.mean) or not all(value <= 1 for value in self.deviation):
            raise ValueError("a mean or a standard deviation of pixels outside of 0..1")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.target_mean) != len(self.target_deviation):
            raise ValueError(
                f"{counted(len(self.target_mean), 'mean')} of targets, {len(self.target_deviation)} deviations"
            )
        if len(self.mean) != len(self.deviation):
            raise ValueError(
                f"{counted(len(self.mean), 'mean')} and {len(self.deviation)} standard deviations; "
                "there must be one per channel"
            )
        if self.inputs != "ids" and self.shape is not None and self.shape[0] != len(self.mean):
            raise ValueError(
                f"{self.inputs} of {counted(self.shape[0], 'channel')}, but {counted(len(self.mean), 'mean')}"
            )
        if self.shape is not None and prod(self.shape) > LARGEST_IMAGE:
            raise ValueError(f"images of {'×'.join(map(str, self.shape))} have more than {LARGEST_IMAGE:,} values")
        if self.class_weights and len(self.class_weights) != len(self.classes):
            raise ValueError(
                f"{counted(len(self.class_weights), 'class weight')} for {counted(len(self.classes), 'class')}"
            )
        if len(set(self.classes)) < len(self.classes):
            twice = next(name for name in self.classes if self.classes.count(name) > 1)
            raise ValueError(f"the class `{twice}` appears twice")
        return self

    def facts(self, graph: Graph) -> TaskFacts:
        """What the task needs to know, with the shapes of the network's input and outputs."""
        return TaskFacts(
            tuple(self.classes),
            tuple(graph.nodes[graph.inputs[0]].shape.dims),
            tuple(tuple(graph.nodes[node].shape.dims) for _, node in graph.outputs),
            tuple(self.target_mean),
            tuple(self.target_deviation),
            tuple(self.class_weights),
            graph.nodes[graph.inputs[1]].shape.dims[0] if len(graph.inputs) > 1 else 0,
        )


class SetupSettings(_Section):
    """The device, precision and number of processes; `trial` has the images per second of the candidates for `auto`."""

    device: str
    precision: Annotated[str, Field(pattern="^(fp32|bf16|fp16)$")]
    layout: Annotated[str, Field(pattern="^channels_(first|last)$")]
    threads: PositiveInt
    processes: PositiveInt = 1
    trial: dict[str, Finite]


class RunSettings(_Section):
    """settings.json."""

    format: int = FORMAT
    network: NetworkSettings
    data: DataSettings
    recipe: Recipe
    setup: SetupSettings
    custom: CustomSettings = CustomSettings()
    versions: dict[str, str]

    def with_source(self, recipe: Recipe) -> Recipe:
        """The recipe with the data set's location, independent of the working directory."""
        return recipe.model_copy(update={"data": recipe.data.model_copy(update={"name": self.data.source})})

    @property
    def verified(self) -> bool:
        """Whether the settings, texts and weights of the run have digests, as is the case since format 2."""
        return self.format >= FORMAT

    def to_json(self) -> str:
        """The file's text, with a digest of its content."""
        return seal(self)


def versions() -> dict[str, str]:
    """The versions of the software that trained the run."""
    return {
        "archdsl": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "platform": f"{sys.platform} {platform.machine()}",
    }
