"""The content of a sweep's settings.json: everything needed to resume or join it."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError, field_validator

from ...elaborate.given_values import parse_sizes
from ...version import __version__
from ..errors.run_errors import CannotResume
from ..errors.sweep_errors import OtherSweep, OtherVersion
from ..recipe.fields import recipe_fields
from ..runs.run_folder import SETTINGS
from ..runs.sealed_json import unseal
from ..tasks.metric import METRICS, Metric
from .search_space import BadRange, Space, space_of

FORMAT = 4
"""Since version 3 several processes share a sweep, and it has a metric."""
_LOCAL = frozenset({"format", "data_dir", "device", "trials", "storage", "archdsl", "texts", "sample"})
"""The settings that may differ between the machines, or that are compared in another way."""


class SweepSettings(BaseModel):
    """The network's name and sizes, what varies and what is fixed as typed, the data set and the device, the seed and
    the number of trials. `texts` has the digests of net.arch and of the files that it uses.

    `metric` is the name of the task's metric, which compares the trials, `minimize` is true if lower values are better,
    and `sample` is the word for a sample. `storage` is the URL of a database without its password, and `name` is the
    sweep's name there.
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
    metric: str = "accuracy"
    minimize: bool = False
    sample: str = "image"
    prune: bool = False
    keep: NonNegativeInt = 3
    storage: str | None = None
    name: str = "sweep"
    archdsl: str = __version__

    @field_validator("sizes")
    @classmethod
    def _check_sizes(cls, sizes: tuple[str, ...]) -> tuple[str, ...]:
        for given in sizes:
            parse_sizes(given.rpartition("=")[2])
        return sizes

    def space(self) -> Space:
        """The search space."""
        return space_of(self.set, {e.path: self.options[e.option] for e in recipe_fields() if e.option in self.options})

    def metric_of_task(self) -> Metric:
        """The metric; values of a metric from a package that is not loaded are shown as plain numbers."""
        return METRICS.get(self.metric) or Metric(self.metric, self.metric, higher=not self.minimize)


def read_sweep(folder: Path) -> SweepSettings:
    """The settings of the sweep in a folder. Raises NoRun if there is none, and CannotResume if they are damaged or of
    an earlier version.
    """
    settings = unseal(SweepSettings, folder / SETTINGS, FORMAT, "of a sweep, such as `sweeps/…`")
    if settings.format != FORMAT:
        why = f"{SETTINGS}: written by an earlier version (format {settings.format}, not {FORMAT})"
        raise CannotResume(folder, why, "start a new sweep")
    try:
        varied = settings.space().dimensions
    except BadRange as error:
        raise CannotResume(folder, f"{SETTINGS}: {error}", "start a new sweep") from error
    if not varied:
        raise CannotResume(folder, f"{SETTINGS}: nothing varies", "start a new sweep")
    return settings


def settings_in_storage(folder: Path, text: str) -> SweepSettings:
    """The settings of a sweep in a database. Raises OtherVersion or CannotResume."""
    try:
        content = json.loads(text)
        version = content.get("archdsl") if isinstance(content, dict) else None
        if isinstance(version, str) and version != __version__:
            raise OtherVersion(folder, version, __version__)
        return SweepSettings.model_validate_json(text)
    except (ValueError, ValidationError) as error:
        raise CannotResume(folder, "the database has other settings", "use another name: --out") from error


def refuse_differences(folder: Path, stored: SweepSettings, requested: SweepSettings) -> None:
    """Raise OtherVersion or OtherSweep unless a command has the settings of the sweep in the folder."""
    refuse_version(folder, stored)
    before, now = (_compared(each) for each in (stored, requested))
    lines = tuple(
        f"{name}: {_shown(before.get(name))} in the sweep, {_shown(now.get(name))} in this command"
        for name in dict.fromkeys((*before, *now))
        if before.get(name) != now.get(name)
    )
    if lines:
        raise OtherSweep(folder, lines, "give the same settings, `--resume` with the folder, or another --out")


def refuse_version(folder: Path, stored: SweepSettings) -> None:
    """Raise OtherVersion if another version of archdsl started the sweep."""
    if stored.archdsl != __version__:
        raise OtherVersion(folder, stored.archdsl, __version__)


def _compared(settings: SweepSettings) -> dict[str, Any]:
    """The settings that must be equal, by their names on the command line."""
    content = settings.model_dump(mode="json")
    found = {name: value for name, value in content.items() if name not in {*_LOCAL, "set", "options", "sizes"}}
    found |= {f"text of {name}": digest for name, digest in settings.texts.items()}
    found |= {f"--set {name}": values for name, _, values in (each.partition("=") for each in settings.set)}
    return found | settings.options | {"--input": ", ".join(settings.sizes) or None}


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)[:60]
