"""What the loop needs from its run folder: a path, and saving checkpoints and weights."""

from pathlib import Path
from typing import Protocol

from .training_state import TrainingState


class RunStore(Protocol):
    """Storage for checkpoints and weights; `runs.run_folder.Run` stores them on disk."""

    @property
    def folder(self) -> Path:
        """The run's folder."""

    @property
    def best(self) -> Path:
        """The path of the weights of the best epoch."""

    def keep(self, state: TrainingState) -> None:
        """Save a checkpoint of the state, and the log up to it."""

    def finish(self) -> None:
        """Wait until the newest checkpoint is complete."""

    def keep_weights(self, state: TrainingState, path: Path) -> None:
        """Save the weights for inference."""
