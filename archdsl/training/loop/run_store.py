"""What the loop asks of the folder of its run: where it is, and to keep what must not be lost."""

from pathlib import Path
from typing import Protocol

from .training_state import State


class RunStore(Protocol):
    """A place to keep checkpoints and weights; `runs.run_folder.Run` is the one on a disk."""

    @property
    def folder(self) -> Path:
        """The run's folder."""

    @property
    def best(self) -> Path:
        """Where the weights of the best epoch are kept."""

    def keep(self, state: State) -> None:
        """A checkpoint of the state, and the log up to it."""

    def keep_weights(self, state: State, path: Path) -> None:
        """The weights that the network is used with."""
