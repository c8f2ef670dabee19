"""The folder of a run: what lies where."""

import contextlib
import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from ..errors import CannotResume, NetworkChanged
from ..loop.training_state import State, weights_of
from .checkpoint import list_checkpoints, save, save_tensors
from .run_files import make_folder, write_text
from .run_settings import RunSettings

NETWORK, SETTINGS, METRICS = "net.arch", "settings.json", "metrics.jsonl"


class Run:
    """Paths inside a run's folder, and how they are written: by one process, the others' writing does nothing."""

    def __init__(self, folder: Path, writes: bool = True) -> None:
        self.folder, self.writes = folder, writes
        self.network = folder / NETWORK
        self.settings = folder / SETTINGS
        self.metrics = folder / METRICS
        self.checkpoints = folder / "checkpoints"
        self.last = folder / "last.safetensors"
        self.best = folder / "best.safetensors"

    @classmethod
    def create(cls, out: Path | None, base: Path, name: str) -> "Run":
        """A new folder: `out`, or `base/name-N` with the first N that is free.

        Raises FileExistsError where `out` is there and not empty, OSError where it cannot be made.
        """
        if out is not None:
            if not out.is_dir():
                out.mkdir(parents=True)
            if any(out.iterdir()):
                raise FileExistsError(out)
            return cls(out)
        return cls(_numbered(base, name))

    @classmethod
    def open(cls, folder: Path, writes: bool = True) -> "Run":
        """The run in a folder. Raises CannotResume where there is none."""
        run = cls(folder, writes)
        if not run.settings.is_file() or not run.network.is_file():
            raise CannotResume(folder, f"it has no {SETTINGS} and {NETWORK}", "name the folder of a run: `runs/…`")
        return run

    def refuse_changes(self, text: str) -> None:
        """Raise NetworkChanged, with the difference, where the run trains another text."""
        mine = self.network.read_text(encoding="utf-8")
        if text != mine:
            lines = difflib.unified_diff(mine.splitlines(), text.splitlines(), "in the run", "now", lineterm="", n=1)
            raise NetworkChanged(self.folder, tuple(lines))

    def discard_empty(self) -> None:
        """Remove the folder of a run that came to nothing before anything was written into it."""
        with contextlib.suppress(OSError):
            if self.writes:
                self.folder.rmdir()

    def read_settings(self) -> RunSettings:
        """The resolved settings. Raises CannotResume for a file that this version cannot read."""
        try:
            return RunSettings.model_validate_json(self.settings.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            where = f", {'.'.join(map(str, first['loc']))}" if first["loc"] else ""
            raise CannotResume(self.folder, f"{self.settings.name}{where}: {first['msg']}") from error

    def write_network(self, text: str, used: Mapping[str, str]) -> None:
        """The network's text, and beside it the files that it uses. Raises DiskFull."""
        for name, content in {**used, NETWORK: text}.items() if self.writes else ():
            path = self.folder / name
            make_folder(path.parent)
            write_text(path, content)

    def write_text(self, path: Path, text: str) -> None:
        """A text, atomically. Raises DiskFull."""
        if self.writes:
            write_text(path, text)

    def keep(self, state: State) -> None:
        """A checkpoint of the state, and the log up to it. Raises DiskFull.

        The log is made from the state, so that the two always fit, whenever a run is cut off. All processes call it:
        each tells where its chance is.
        """
        chance = state.chance.states()
        if not self.writes:
            return
        make_folder(self.checkpoints)
        save(state, self.checkpoints, chance)
        write_text(self.metrics, "".join(f"{json.dumps(line)}\n" for line in state.history))

    def keep_weights(self, state: State, path: Path) -> None:
        """The weights that the network is used with: the running means, where there are such. Raises DiskFull."""
        if self.writes:
            save_tensors(state.average or weights_of(state.model), path, {"format": "pt"})

    @property
    def weights(self) -> Path | None:
        """The weights to use: of the best epoch, else of the last, else the newest checkpoint's."""
        choices = [path for path in (self.best, self.last) if path.is_file()]
        return choices[0] if choices else next(reversed(list_checkpoints(self.checkpoints)), None)


def run_name(network: str, data: str) -> str:
    """`LeNet5-mnist`: what the folder of a run is called before its number."""
    return "-".join(re.sub(r"[^A-Za-z0-9_.]+", "_", word).strip("._") or "run" for word in (network, data))


def _numbered(base: Path, name: str) -> Path:
    base.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = base / f"{name}-{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder
