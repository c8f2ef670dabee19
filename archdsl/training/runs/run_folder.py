"""The run folder and its files."""

import contextlib
import difflib
import errno
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor, nn

from ...limits import MAX_TEXT
from ..errors.run_errors import CannotResume, NetworkChanged, NoRun
from ..loop.tensor_parts import is_sharded, weights_of
from ..loop.training_state import TrainingState
from ..model_spec import NETWORK
from ..safe_files import make_folder, read_bytes, refuse_links, write_text
from .checkpoint import list_checkpoints, save, save_shards
from .run_settings import FORMAT, RunSettings
from .sealed_json import unseal
from .weights import save_tensors

if TYPE_CHECKING:
    from .sharded_checkpoint import ShardedSaver

SETTINGS, METRICS = "settings.json", "metrics.jsonl"
INITIAL = "initial.safetensors"
"""The initial weights of a run that started from given weights."""


class Run:
    """The paths in a run's folder, and methods that write its files, which do nothing unless this process `writes`."""

    def __init__(self, folder: Path, writes: bool = True) -> None:
        self.folder, self.writes = folder, writes
        self.network = folder / NETWORK
        self.settings = folder / SETTINGS
        self.metrics = folder / METRICS
        self.checkpoints = folder / "checkpoints"
        self.last = folder / "last.safetensors"
        self.best = folder / "best.safetensors"
        self.initial = folder / INITIAL
        self._saver: ShardedSaver | None = None

    @classmethod
    def create(cls, out: Path | None, base: Path, name: str, *, leftovers: bool = False) -> "Run":
        """A new folder: `out`, or `base/name-N` with the first free N.

        `leftovers` accepts files in `out` that a process left when it ended before the run's settings were written.

        Raises FileExistsError if `out` exists and is not empty, and OSError if it cannot be created. Writers must lock
        it first (run_lock.py): two commands may have been given the same empty folder.
        """
        if out is not None:
            if not out.is_dir():
                out.mkdir(parents=True)
            _refuse_files(out, leftovers)
            return cls(out)
        return cls(_numbered(base, name))

    @classmethod
    def open(cls, folder: Path, writes: bool = True) -> "Run":
        """The run in a folder. Raises NoRun if there is none."""
        run = cls(folder, writes)
        if not run.exists:
            absent = "it is not a folder" if folder.exists() else "no such folder"
            what = f"it has no {SETTINGS} or no {NETWORK}" if folder.is_dir() else absent
            raise NoRun(folder, what, "give the folder of a run, such as `runs/…`")
        return run

    @property
    def exists(self) -> bool:
        """Whether a run was started in the folder, so that it can be resumed."""
        return self.settings.is_file() and self.network.is_file()

    def refuse_changes(self, text: str) -> None:
        """Raise NetworkChanged, with the difference, if the run trains another text."""
        mine = self._text()
        if text != mine:
            lines = difflib.unified_diff(mine.splitlines(), text.splitlines(), "in the run", "now", lineterm="", n=1)
            raise NetworkChanged(self.folder, tuple(lines))

    def discard_empty(self) -> None:
        """Remove the folder of a run that failed before anything was written to it."""
        with contextlib.suppress(OSError):
            if self.writes:
                self.folder.rmdir()

    def _text(self) -> str:
        """The network's text. Raises CannotResume."""
        try:
            return read_bytes(self.network, 4 * MAX_TEXT).decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise CannotResume(self.folder, f"{self.network.name}: {why}") from error

    def read_settings(self) -> RunSettings:
        """The resolved settings. Raises CannotResume if the file is damaged or from another version."""
        return unseal(RunSettings, self.settings, FORMAT, "of a run, such as `runs/…`")

    def write_settings(self, settings: RunSettings) -> None:
        """Write settings.json, with its digest. Raises DiskFull."""
        self.write_text(self.settings, settings.to_json())

    def write_network(self, texts: Mapping[str, str]) -> None:
        """Write the network's text as net.arch, and the files that it uses, by relative path. Raises DiskFull."""
        for name, content in texts.items() if self.writes else ():
            path = refuse_links(self.folder, self.folder / name)
            make_folder(path.parent)
            write_text(path, content)

    def write_text(self, path: Path, text: str) -> None:
        """Write a text in the run's folder, atomically. Raises DiskFull or SymbolicLinkRefused."""
        if self.writes:
            write_text(refuse_links(self.folder, path), text)

    def keep(self, state: TrainingState) -> None:
        """Write a checkpoint of the state, and the log up to it. Raises DiskFull or SymbolicLinkRefused.

        The log is generated from the state, so that the two are consistent whenever a run is interrupted. All processes
        call it, because each contributes its RNG states.
        """
        log = "".join(f"{json.dumps(line)}\n" for line in state.history)
        if self.writes:
            make_folder(refuse_links(self.folder, self.checkpoints))
        if is_sharded(state.model):
            from .sharded_checkpoint import ShardedSaver

            self._saver = self._saver or ShardedSaver()
            save_shards(state, self._saver, self.checkpoints, lambda: self.write_text(self.metrics, log))
            return
        rng = state.rng.states()
        if self.writes:
            save(state, self.checkpoints, rng)
            self.write_text(self.metrics, log)

    def finish(self) -> None:
        """Wait until the newest checkpoint is complete. Raises DiskFull or CannotWrite."""
        if self._saver is not None:
            self._saver.wait()

    def keep_weights(self, state: TrainingState, path: Path) -> None:
        """Write the weights for inference: the averaged ones, if there are any. Raises DiskFull.

        All processes call it, because each contributes its shards.
        """
        self._keep_tensors(dict(state.rng.group.full_tensors(state.average or weights_of(state.model))), path)

    def keep_initial(self, model: nn.Module) -> None:
        """Write the initial weights: the file that they come from may change. Raises DiskFull."""
        self._keep_tensors(weights_of(model), self.initial)

    def _keep_tensors(self, tensors: Mapping[str, Tensor], path: Path) -> None:
        if self.writes:
            save_tensors(tensors, refuse_links(self.folder, path), {"format": "pt"})

    @property
    def weights(self) -> Path | None:
        """The weights to use: those of the best epoch, else of the last, else of the newest checkpoint."""
        choices = [path for path in (self.best, self.last) if path.is_file()]
        return choices[0] if choices else next(reversed(list_checkpoints(self.checkpoints)), None)


def refuse_occupied(out: Path | None, base: Path) -> None:
    """Raise the error of `Run.create` for these folders, as far as it can be determined without writing anything."""
    path = base if out is None else out
    above = next(each for each in (path, *path.parents) if os.path.lexists(each))
    if not above.is_dir():
        if above == path or not above.exists():  # a file or a dangling link in place of a folder
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(above))
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    if not os.access(above, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    if out is not None and out.is_dir():
        _refuse_files(out)


def _refuse_files(folder: Path, leftovers: bool = False) -> None:
    """Raise FileExistsError for a folder that is not empty; `leftovers` as for `Run.create`."""
    if any(not (leftovers and _is_leftover(path)) for path in folder.iterdir()):
        raise FileExistsError(folder)


def run_name(network: str, data: str) -> str:
    """`LeNet5-mnist`: the name of a run's folder without its number."""
    return "-".join(re.sub(r"[^A-Za-z0-9_.]+", "_", word).strip("._") or "run" for word in (network, data))


def _is_leftover(path: Path) -> bool:
    """Whether a run writes this file before its settings: the network's texts, initial weights, and temporary files."""
    if path.is_symlink():
        return False
    if path.is_dir():
        return all(map(_is_leftover, path.iterdir()))
    return path.suffix in (".arch", ".part") or path.name == INITIAL


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
