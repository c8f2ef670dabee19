"""Progress of a training run: a bar on a terminal, plain lines otherwise."""

import time
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from ...text.counts import counted
from ..duration import duration
from ..loop.callback import Tick, TrainingCallback
from ..tasks.metric import written

_SECONDS_BETWEEN_LINES = 60
_SECONDS_BEFORE_DECODING_IS_SHOWN = 2


def progress_for(console: Console) -> TrainingCallback:
    """The callback that suits the console."""
    return BarProgress(console) if console.is_terminal else LineProgress(console)


class LineProgress(TrainingCallback):
    """Plain lines: one per note, one per epoch, and one per minute within long epochs."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.epochs = self.samples = 0
        self.sample = "image"
        self._reported_at = 0.0
        self._decoding, self._decoded, self._total = "", 0, 0

    def note(self, text: str) -> None:
        self._print(text)

    def start(self, name: str, total: int | None) -> None:
        self._print(f"downloading {name}" + (f", {total / 1e6:,.1f} MB" if total else ""))

    def start_decoding(self, name: str, images: int) -> None:
        self._decoding, self._decoded, self._total = name, 0, images
        self._reported_at = time.monotonic() - _SECONDS_BETWEEN_LINES + _SECONDS_BEFORE_DECODING_IS_SHOWN

    def advance(self, size: int) -> None:
        if not self._decoding:
            return
        self._decoded += size
        if time.monotonic() - self._reported_at > _SECONDS_BETWEEN_LINES:
            self._print(f"decoding {self._decoding}: {self._decoded:,} of {counted(self._total, 'image')}")

    def finish(self) -> None:
        self._decoding = ""

    def begin(self, epochs: int, samples: int, sample: str = "image") -> None:
        self.epochs, self.samples, self.sample = epochs, samples, sample
        self._reported_at = time.monotonic()

    def tick(self, tick: Tick) -> None:
        if time.monotonic() - self._reported_at > _SECONDS_BETWEEN_LINES:
            part = tick.seen / self.samples
            self._print(f"{self._number(tick.epoch)} {part:4.0%}  {self._tick(tick)}")

    def epoch(self, line: dict[str, Any], best: bool) -> None:
        self._print(self._epoch(line, best))

    def _number(self, epoch: int) -> str:
        return f"epoch {epoch:>{len(str(self.epochs))}}/{self.epochs}"

    def _tick(self, tick: Tick) -> str:
        return (
            f"{written(tick.means)}  {tick.images_per_second:,.0f} {self.sample}s/s  {duration(tick.seconds_left)} left"
        )

    def _epoch(self, line: dict[str, Any], best: bool) -> str:
        train, validation = line["train"], line["validation"]
        parts = [self._number(line["epoch"]), written(train)]
        if validation:
            parts.append(f"validation: {written(validation)}")
        if line["images_per_second"]:
            parts.append(f"{line['images_per_second']:,.0f} {self.sample}s/s")
        return "  ".join(parts) + ("  best" if best else "")

    def _print(self, text: str) -> None:
        self.console.print(Text(text), soft_wrap=True)
        self._reported_at = time.monotonic()


class BarProgress(LineProgress):
    """A bar for the current epoch or download; completed ones remain as lines above it."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def start(self, name: str, total: int | None) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._show(Progress(*columns, console=self.console, transient=True), f"downloading {name}", total)

    def start_decoding(self, name: str, images: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._show(Progress(*columns, console=self.console, transient=True), f"decoding {name}", images)

    def advance(self, size: int) -> None:
        if self._progress:
            self._progress.advance(self._task, size)

    def finish(self) -> None:
        self._hide()

    def begin(self, epochs: int, samples: int, sample: str = "image") -> None:
        super().begin(epochs, samples, sample)
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[numbers]}"))
        self._show(Progress(*columns, console=self.console, transient=True), "", samples)

    def tick(self, tick: Tick) -> None:
        if self._progress:
            self._progress.update(
                self._task, description=self._number(tick.epoch), completed=tick.seen, numbers=self._tick(tick)
            )

    def end(self) -> None:
        self._hide()

    def _show(self, progress: Progress, description: str, total: int | None) -> None:
        self._hide()
        self._progress = progress
        self._task = progress.add_task(description, total=total, numbers="")
        progress.start()

    def _hide(self) -> None:
        if self._progress:
            self._progress.stop()
            self._progress = None
