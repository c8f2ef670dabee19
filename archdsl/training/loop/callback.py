"""What a training tells while it goes on. This watcher is silent; those that show something are in progress.py."""

from dataclasses import dataclass
from typing import Any, Self

from ..data.images import Download


@dataclass(frozen=True)
class Tick:
    """Where a training is: the epoch (from 1) and the images seen in it, means over them, seconds left in all."""

    epoch: int
    seen: int
    loss: float
    accuracy: float
    images_per_second: float
    seconds_left: float


class Watch(Download):
    """Told of everything worth showing, at most ten times a second while steps are made."""

    def note(self, text: str) -> None:
        """A line for the user."""

    def begin(self, epochs: int, images: int) -> None:
        """A training of so many epochs in all, so many images each, begins or goes on."""

    def tick(self, tick: Tick) -> None:
        """Steps have been made."""

    def epoch(self, line: dict[str, Any], best: bool) -> None:
        """An epoch is over: its line of metrics.jsonl, and whether it is the best so far."""

    def end(self) -> None:
        """The training is over or stopped."""

    def over(self) -> None:
        """All that the run leaves is written, its report, too."""


class Stop:
    """Whether the user wants the training to stop; entered while steps are made. This one never does."""

    def __call__(self) -> bool:
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
