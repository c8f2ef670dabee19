"""The logger `wandb`: the recipe, metrics of each epoch and final scores, as a Weights & Biases run.

Environment variables of wandb apply, such as WANDB_MODE=offline; the project is WANDB_PROJECT, or else the network's
name.
"""

import importlib
import os
from collections.abc import Mapping
from typing import Any, final

from .callback_methods import RunningTraining, scalars


@final
class WandbLogger:
    """Logs a training run to Weights & Biases."""

    def __init__(self) -> None:
        self._wandb = importlib.import_module("wandb")  # not a dependency of archdsl
        self._run: Any = None

    def on_start(self, run: RunningTraining) -> None:
        """Start a run with the recipe as its configuration."""
        settings = {"network": run.network, "data_set": run.data, **run.recipe}
        project = os.environ.get("WANDB_PROJECT") or run.network
        self._run = self._wandb.init(project=project, name=run.name, config=settings, dir=str(run.folder))

    def on_epoch(self, run: RunningTraining, epoch: Mapping[str, Any]) -> None:
        """Log the metrics of an epoch."""
        self._run.log(dict(scalars(epoch)), step=epoch["epoch"])

    def on_end(self, run: RunningTraining) -> None:
        """Log the final scores as the summary, and finish the run."""
        for name, value in (run.result or {}).items():
            self._run.summary[name] = value
        self._run.finish(exit_code=int(run.status in ("diverged", "failed")))
