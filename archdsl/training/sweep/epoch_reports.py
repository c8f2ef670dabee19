"""The epochs of a trial, reported to the sweep, and whether the trial continues."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from ..loop.callback import TrainingCallback
from ..runs.run_folder import METRICS
from ..safe_files import read_bytes
from ..tasks.metric import Metric
from .halving import is_pruned, rungs
from .trial_attempts import Attempt, by_number, current
from .trial_store import TrialStore


@final
class EpochReports(TrainingCallback):
    """Stores the metric after each epoch, and ends the training of a trial that is to be pruned.

    Raises AttemptLost if another worker has taken the trial, and Problem if the storage fails.
    """

    def __init__(self, store: TrialStore, attempt: Attempt, metric: Metric, prune: bool, run: Path) -> None:
        self._store, self._attempt, self._metric, self._run = store, attempt, metric, run
        self._values = dict(attempt.values)
        self._prune, self._rungs = prune, frozenset[int]()
        self.pruned = False

    def begin(self, epochs: int, samples: int, sample: str = "image") -> None:
        self._rungs = frozenset(rungs(epochs)) if self._prune else frozenset()
        for line in self._history():
            self._report(line)

    def epoch(self, line: dict[str, Any], best: bool) -> None:
        self._report(line)

    def should_stop(self) -> bool:
        last = max(self._values, default=0)
        if last in self._rungs:
            self.pruned = is_pruned(self._values, self._others(), last, self._metric)
        return self.pruned

    def _report(self, line: Mapping[str, Any]) -> None:
        epoch, values = line["epoch"], line["validation"] or {}
        if epoch not in self._values and self._metric.name in values:
            self._values[epoch] = values[self._metric.name]
            self._store.report(self._attempt.id, epoch, self._values[epoch])

    def _history(self) -> list[dict[str, Any]]:
        """The epochs of a resumed run: its worker may have been killed before it reported the last one."""
        try:
            lines = read_bytes(self._run / METRICS).decode("utf-8").splitlines()
            found = [json.loads(line) for line in lines]
        except (OSError, ValueError):
            return []  # a new run
        return [line for line in found if isinstance(line, dict) and {"epoch", "validation"} <= set(line)]

    def _others(self) -> list[Mapping[int, float]]:
        found = by_number(self._store.attempts())
        counted = [current(attempts) for number, attempts in found.items() if number != self._attempt.number]
        return [each.values for each in counted if each is not None]
