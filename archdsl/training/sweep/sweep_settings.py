"""What a sweep's settings.json holds: all that is needed to go on."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import CannotResume
from ..recipe.fields import entries
from ..runs.run_folder import SETTINGS
from .search_space import BadRange, Space, space_of

FORMAT = 1


class SweepSettings(BaseModel):
    """The network's name and sizes, what is varied and what is not as it was given, where the data lie and where to
    compute, how the points are chosen and how many.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    network: str
    data: str
    set: tuple[str, ...]
    sizes: tuple[str, ...]
    options: dict[str, str]
    data_dir: str | None
    device: str
    seed: int
    trials: int

    def space(self) -> Space:
        """What is varied."""
        return space_of(self.set, {e.path: self.options[e.option] for e in entries() if e.option in self.options})


def read_sweep(folder: Path) -> SweepSettings:
    """The settings of the sweep in a folder. Raises CannotResume where there is none."""
    try:
        settings = SweepSettings.model_validate_json((folder / SETTINGS).read_bytes())
        settings.space()
        return settings
    except OSError as error:
        raise CannotResume(folder, f"it has no {SETTINGS}", "name the folder of a sweep: `sweeps/…`") from error
    except BadRange as error:
        raise CannotResume(folder, f"{SETTINGS}, {error}", "start a new sweep") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CannotResume(folder, f"{SETTINGS}, {where}: {first['msg']}", "name the folder of a sweep") from error
