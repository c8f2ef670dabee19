"""Callbacks of a training run. The base class does nothing; callbacks/progress.py displays progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, final

from ..data.images import Download

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Tick:
    """Progress of a training run: the epoch (from 1), the images seen in it, the means of the metrics over them, by
    name, and the seconds left in total.
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

    def warn(self, text: str) -> None:
        """A message for the user about a setting without effect, or a training run that may fail."""
        self.note(text)

    def model(self, module: "nn.Module") -> None:
        """The module that is about to be trained; its weights change during training."""

    def begin(self, epochs: int, samples: int, sample: str = "image") -> None:
        """Training starts or resumes: the number of epochs, of samples per epoch, and the word for a sample."""

    def tick(self, tick: Tick) -> None:
        """Training steps have been completed."""

    def epoch(self, line: dict[str, Any], best: bool) -> None:
        """An epoch has ended: its line of metrics.jsonl, and whether it is the best so far."""

    def should_stop(self) -> bool:
        """Whether the training may end before its last epoch; called before each epoch."""
        return False

    def end(self) -> None:
        """The training has ended or was stopped."""

    def report_written(self) -> None:
        """All output of the run is written, including the report."""

    def failed(self, error: BaseException) -> None:
        """The training ends with an error."""


@final
class Callbacks(TrainingCallback):
    """Several callbacks, which are called in order."""

    def __init__(self, callbacks: Sequence[TrainingCallback]) -> None:
        self._callbacks = tuple(callbacks)

    def note(self, text: str) -> None:
        for each in self._callbacks:
            each.note(text)

    def warn(self, text: str) -> None:
        for each in self._callbacks:
            each.warn(text)

    def model(self, module: "nn.Module") -> None:
        for each in self._callbacks:
            each.model(module)

    def start(self, name: str, total: int | None) -> None:
        for each in self._callbacks:
            each.start(name, total)

    def start_decoding(self, name: str, images: int) -> None:
        for each in self._callbacks:
            each.start_decoding(name, images)

    def advance(self, size: int) -> None:
        for each in self._callbacks:
            each.advance(size)

    def finish(self) -> None:
        for each in self._callbacks:
            each.finish()

    def begin(self, epochs: int, samples: int, sample: str = "image") -> None:
        for each in self._callbacks:
            each.begin(epochs, samples, sample)

    def tick(self, tick: Tick) -> None:
        for each in self._callbacks:
            each.tick(tick)

    def epoch(self, line: dict[str, Any], best: bool) -> None:
        for each in self._callbacks:
            each.epoch(line, best)

    def should_stop(self) -> bool:
        return any(each.should_stop() for each in self._callbacks)

    def end(self) -> None:
        for each in self._callbacks:
            each.end()

    def report_written(self) -> None:
        for each in self._callbacks:
            each.report_written()

    def failed(self, error: BaseException) -> None:
        for each in self._callbacks:
            each.failed(error)


class StopRequest:
    """Whether the user wants training to stop; a context manager around the steps. Always false in the base class."""

    def __call__(self) -> bool:
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
