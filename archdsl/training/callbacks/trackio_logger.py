"""The logger `trackio`: the recipe, metrics of each epoch and final scores, as a Trackio run.

Trackio's environment variables apply; the project is TRACKIO_PROJECT, or else the network's name.
"""

import importlib
import os
from collections.abc import Mapping
from typing import Any, final

from .callback_methods import RunningTraining, scalars


@final
class TrackioLogger:
    """Logs a training run to Trackio."""

    def __init__(self) -> None:
        self._trackio = importlib.import_module("trackio")  # not a dependency of archdsl

    def on_start(self, run: RunningTraining) -> None:
        """Start a run with the recipe as its configuration."""
        project = os.environ.get("TRACKIO_PROJECT") or run.network
        settings = {"network": run.network, "data_set": run.data, **run.parameters}
        self._trackio.init(project=project, name=run.name, config=settings)

    def on_epoch(self, run: RunningTraining, epoch: Mapping[str, Any]) -> None:
        """Log the metrics of an epoch."""
        self._trackio.log(dict(scalars(epoch)), step=epoch["epoch"])

    def on_end(self, run: RunningTraining) -> None:
        """Log the final scores, and finish the run."""
        if run.result:
            self._trackio.log(dict(run.result))
        self._trackio.finish()
