"""Callbacks of a training. This one does nothing; those that display something are in progress.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ..data.images import Download


@dataclass(frozen=True)
class Tick:
    """Progress of a training: the epoch (from 1) and the images seen in it, means over them by the names of METRICS,
    seconds left in total.
    """

    epoch: int
    seen: int
    means: Mapping[str, float]
    images_per_second: float
    seconds_left: float


class TrainingCallback(Download):
    """Called for everything worth showing, at most ten times per second during steps."""

    def note(self, text: str) -> None:
        """A message for the user."""

    def begin(self, epochs: int, images: int) -> None:
        """A training starts or resumes: its total number of epochs, and of images per epoch."""

    def tick(self, tick: Tick) -> None:
        """Steps have been made."""

    def epoch(self, line: dict[str, Any], best: bool) -> None:
        """An epoch has ended: its line of metrics.jsonl, and whether it is the best so far."""

    def end(self) -> None:
        """The training has ended or was stopped."""

    def report_written(self) -> None:
        """All output of the run is written, including the report."""


class StopRequest:
    """Whether the user wants the training to stop; a context manager around the steps. This one never stops."""

    def __call__(self) -> bool:
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
