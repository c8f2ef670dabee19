"""The result of a trial."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from ..tasks.metric import Metric
from .search_space import Point


@dataclass(frozen=True)
class Trial:
    """A point and its result: scores on the validation samples, or the reason `why` there are none.

    `value` is the sweep's metric and `loss` the loss, both of the best epoch; `macs` are those of one sample, and
    `seconds` is the training time; `run` is the folder's name, and `worker` is the process that finished the trial. A
    `pruned` trial was stopped after fewer epochs than the recipe has, because others were better by then.
    """

    point: Point
    macs: int | None = None
    parameters: int | None = None
    value: float | None = None
    loss: float | None = None
    epoch: int | None = None
    seconds: float | None = None
    run: str | None = None
    why: str | None = None
    pruned: bool = False
    worker: str | None = None

    @classmethod
    def read(cls, text: object) -> "Trial":
        """The result in an attribute of a trial in the storage. Raises ValueError."""
        if not isinstance(text, str):
            raise ValueError("a trial is not a string")
        return _TRIAL.validate_json(text)

    @property
    def state(self) -> str:
        """`done`, `pruned` or `failed`."""
        return "failed" if self.value is None else "pruned" if self.pruned else "done"


_TRIAL: TypeAdapter[Trial] = TypeAdapter(Trial)
Trials = Mapping[int, Trial]
"""Results by the number of the trial, in order."""


def ranked(trials: Trials, metric: Metric) -> list[int]:
    """The numbers of the trials that were trained to the end, the best first; the lower loss breaks ties."""
    done = [number for number, trial in trials.items() if trial.state == "done"]

    def key(number: int) -> tuple[float, float]:
        trial = trials[number]
        assert trial.value is not None
        loss = trial.loss if trial.loss is not None and not math.isnan(trial.loss) else math.inf
        return -metric.key(trial.value), loss

    return sorted(done, key=key)


def best(trials: Trials, metric: Metric) -> int | None:
    """The number of the best trial; the lower loss breaks ties."""
    return next(iter(ranked(trials, metric)), None)


def front(trials: Trials, metric: Metric) -> tuple[int, ...]:
    """The numbers of the trials that no other beats without more MACs, by increasing MACs (the Pareto front)."""
    found: list[int] = []
    highest = -math.inf
    order = {number: place for place, number in enumerate(ranked(trials, metric))}
    for number in sorted(order, key=lambda each: (_macs(trials[each]), order[each])):
        value = metric.key(trials[number].value or 0.0)
        if value > highest:
            found.append(number)
            highest = value
    return tuple(found)


def shown(point: Point) -> str:
    """`width=0.5 --lr=0.0123`."""
    return " ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}" for name, value in point.items()
    )


def costs_differ(trials: Trials) -> bool:
    """Whether the trials have different MACs."""
    return len({trial.macs for trial in trials.values() if trial.value is not None}) > 1


def done(trials: Trials) -> Iterable[tuple[int, Trial]]:
    """The trials that were trained to the end, with their numbers."""
    return ((number, trial) for number, trial in trials.items() if trial.state == "done")


def _macs(trial: Trial) -> int:
    return trial.macs or 0
