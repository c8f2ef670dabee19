"""What a run's settings.json holds: all that is needed to go on, to predict and to report."""

import platform
import sys
from typing import Annotated, Any

import numpy
import torch
from pydantic import BaseModel, ConfigDict, Field

from ...version import __version__
from ..recipe.recipe import Recipe

FORMAT = 1


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NetworkSettings(_Section):
    """The network's name, the file it came from, values given for its parameters, sizes given for its input."""

    name: str
    file: str | None
    given: dict[str, Any]
    sizes: tuple[str, ...]
    parameters: int


class DataSettings(_Section):
    """The data set and what was done to its images.

    `shape` is the images' own (None where they have none), `mean` and `deviation` are each channel's, of pixels in
    0..1, over the images to learn from; `images` is how many each split has.
    """

    name: str
    source: str
    folder: str | None
    classes: list[str]
    shape: tuple[int, int, int] | None
    mean: list[float]
    deviation: list[float]
    images: dict[str, int]


class SetupSettings(_Section):
    """Where and how it was computed, in how many processes; `trial` has images per second of what `auto` tried."""

    device: str
    precision: Annotated[str, Field(pattern="^(fp32|bf16|fp16)$")]
    layout: Annotated[str, Field(pattern="^channels_(first|last)$")]
    threads: int
    processes: int = 1
    trial: dict[str, float]


class RunSettings(_Section):
    """settings.json."""

    format: int = FORMAT
    network: NetworkSettings
    data: DataSettings
    recipe: Recipe
    setup: SetupSettings
    versions: dict[str, str]

    def with_source(self, recipe: Recipe) -> Recipe:
        """The recipe with the data named so that they are found from anywhere."""
        return recipe.model_copy(update={"data": recipe.data.model_copy(update={"name": self.data.source})})


def versions() -> dict[str, str]:
    """What computed the run."""
    return {
        "archdsl": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "platform": f"{sys.platform} {platform.machine()}",
    }
