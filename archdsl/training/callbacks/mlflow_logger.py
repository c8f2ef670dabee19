"""The logger `mlflow`: parameters, metrics of each epoch, final scores and the report, as an MLflow run.

MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME choose the server and the experiment; if a run is already active, the
logger uses it and leaves it active.
"""

import importlib
from collections.abc import Mapping
from typing import Any, final

from .callback_methods import RunningTraining, scalars

_STATUS = {"stopped": "KILLED", "diverged": "FAILED", "failed": "FAILED"}


@final
class MlflowLogger:
    """Logs a training run to MLflow."""

    def __init__(self) -> None:
        self._mlflow = importlib.import_module("mlflow")  # not a dependency of archdsl
        self._started_here = False

    def on_start(self, run: RunningTraining) -> None:
        """Start an MLflow run, unless one is active, and log the parameters."""
        if self._mlflow.active_run() is None:
            self._mlflow.start_run(run_name=run.name)
            self._started_here = True
        self._mlflow.log_params({"network": run.network, "data_set": run.data, **run.parameters})

    def on_epoch(self, run: RunningTraining, epoch: Mapping[str, Any]) -> None:
        """Log the metrics of an epoch."""
        self._mlflow.log_metrics(dict(scalars(epoch)), step=epoch["epoch"])

    def on_end(self, run: RunningTraining) -> None:
        """Log the final scores and the report, and end the MLflow run if this logger started it."""
        if run.result:
            self._mlflow.log_metrics(dict(run.result))
        report = run.folder / "report.html"
        if report.is_file():
            self._mlflow.log_artifact(str(report))
        if self._started_here:
            self._mlflow.end_run(_STATUS.get(run.status, "FINISHED"))
