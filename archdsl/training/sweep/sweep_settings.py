"""The content of a sweep's settings.json: everything needed to resume."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator

from ...elaborate.given_values import parse_sizes
from ..errors.run_errors import CannotResume
from ..recipe.fields import recipe_fields
from ..runs.run_folder import SETTINGS
from ..runs.sealed_json import unseal
from .search_space import BadRange, Space, space_of

FORMAT = 2
"""Since version 2 the file has a digest of its content."""


class SweepSettings(BaseModel):
    """The network's name and sizes, what varies and what is fixed as typed, the data set and the device, the seed and
    the number of trials. `texts` has the digests of net.arch and of the files that it uses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: int = FORMAT
    network: str
    data: str
    set: tuple[str, ...]
    sizes: tuple[str, ...]
    options: dict[str, str]
    data_dir: str | None
    device: str
    seed: Annotated[int, Field(ge=0)]
    trials: PositiveInt
    texts: dict[str, str] = {}

    @field_validator("sizes")
    @classmethod
    def _check_sizes(cls, sizes: tuple[str, ...]) -> tuple[str, ...]:
        for given in sizes:
            parse_sizes(given.rpartition("=")[2])
        return sizes

    def space(self) -> Space:
        """The search space."""
        return space_of(self.set, {e.path: self.options[e.option] for e in recipe_fields() if e.option in self.options})


def read_sweep(folder: Path) -> SweepSettings:
    """The settings of the sweep in a folder. Raises NoRun if there is none, CannotResume if they are damaged."""
    settings = unseal(SweepSettings, folder / SETTINGS, FORMAT, "of a sweep, such as `sweeps/…`")
    try:
        varied = settings.space().dimensions
    except BadRange as error:
        raise CannotResume(folder, f"{SETTINGS}: {error}", "start a new sweep") from error
    if not varied:
        raise CannotResume(folder, f"{SETTINGS}: nothing varies", "start a new sweep")
    return settings
