"""TensorBoard event files: scalars by epoch, and at the end the confusion matrix, the network and the recipe."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..loop.callback import TrainingCallback
from ..report import REPORT
from ..report.run_report import TrainingReport
from ..runs.run_folder import Run
from .callback_methods import flat, scalars

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"
"""Subfolder of the run folder for the event files."""


class TensorBoardCallback(TrainingCallback):
    """Writes epochs and results to TensorBoard.

    A resumed run replaces the events after its checkpoint; if it was started without TensorBoard, all epochs are added.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._writer: SummaryWriter | None = None

    def epoch(self, line: dict[str, Any], best: bool) -> None:
        if self._writer is None:
            self._writer = self._open(line["epoch"])
        for name, value in scalars(line):
            self._writer.add_scalar(name, value, line["epoch"])
        self._writer.flush()

    def report_written(self) -> None:
        report = TrainingReport.model_validate_json((self._run.folder / REPORT).read_bytes())
        writer = self._writer or self._open(report.epochs + 1)
        writer.add_text("network", "\n".join(f"    {line}" for line in report.text.splitlines()), report.epochs)
        if report.result is not None:
            with Image.open(self._run.folder / "confusion.png") as image:
                pixels = np.asarray(image.convert("RGB"))
            writer.add_image("confusion", pixels, report.epochs, dataformats="HWC")
            for name in ("accuracy", "top5", "loss"):
                writer.add_scalar(f"{report.result.images}/{name}", getattr(report.result, name), report.epochs)
        if report.scores is not None:
            for name, value in report.scores.metrics.items():
                writer.add_scalar(f"{report.scores.images}/{name}", value, report.epochs)
        _add_hyperparameters(writer, report)
        writer.close()

    def _open(self, epoch: int) -> "SummaryWriter":
        from torch.utils.tensorboard import SummaryWriter

        folder = self._run.folder / FOLDER
        exists = folder.is_dir() and any(folder.iterdir())
        writer = SummaryWriter(str(folder), purge_step=epoch if exists else None)
        if not exists and self._run.metrics.is_file():
            for text in self._run.metrics.read_text(encoding="utf-8").splitlines():
                line = json.loads(text)
                for name, value in scalars(line) if line["epoch"] < epoch else ():
                    writer.add_scalar(name, value, line["epoch"])
        return writer


def _add_hyperparameters(writer: "SummaryWriter", report: TrainingReport) -> None:
    """Add the recipe and its results to the run's own event file; `add_hparams` would create a separate folder."""
    from torch.utils.tensorboard.summary import hparams

    values = dict(flat(report.recipe.model_dump()))
    best = {f"best validation {report.best.metric}": report.best.value} if report.best else {}
    result = {f"{report.result.images} accuracy": report.result.accuracy} if report.result else {}
    metrics = {f"hparam/{name}": value for name, value in {**best, **result}.items()}
    file = writer._get_file_writer()  # type: ignore[no-untyped-call]  # torch has no types here
    for summary in hparams(values, metrics):  # type: ignore[no-untyped-call]  # nor here
        file.add_summary(summary)
    for name, value in metrics.items():
        writer.add_scalar(name, value, report.epochs)
