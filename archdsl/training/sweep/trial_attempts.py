"""The attempts at the trials of a sweep, as they are stored.

A trial has a number from 1. An attempt is one worker's training of it; there is another one if the worker was killed or
stopped. Each attempt is a trial of Optuna, which stores it in its attributes. Workers claim only the first of the
waiting attempts at a trial: two workers may have added one at the same time.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from optuna.trial import FrozenTrial, TrialState
from pydantic import TypeAdapter

from .search_space import Point
from .trial_result import Trial

NUMBER, CLAIM, BEAT, POINT, RESULT, RELEASED = "trial_number", "claim", "heartbeat", "point", "trial", "released"


@dataclass(frozen=True)
class Claim:
    """A worker that trains, in a run's folder. `lock_scope`: see `Worker`."""

    worker: str
    lock_scope: str | None
    folder: str


@dataclass(frozen=True)
class Beat:
    """A heartbeat: its count, and its time by the worker's clock, in seconds since 1970, for display only."""

    count: int
    at: float


@dataclass(frozen=True)
class Attempt:
    """An attempt at trial `number`. `values` are the metric at the end of each epoch; `released` is true if its worker
    was stopped and released it.
    """

    id: int
    number: int
    state: TrialState
    point: Point | None
    claim: Claim | None
    beat: Beat
    values: Mapping[int, float]
    result: Trial | None
    released: bool

    @classmethod
    def of(cls, trial: FrozenTrial) -> "Attempt":
        """The attempt in a trial of Optuna. Raises ValueError for one that archdsl did not write."""
        attributes = trial.user_attrs
        try:
            return cls(
                id=trial._trial_id,  # Optuna's storages accept no other identifier
                number=int(attributes[NUMBER]),
                state=trial.state,
                point=_read(_POINT, attributes.get(POINT)),
                claim=_read(_CLAIM, attributes.get(CLAIM)),
                beat=_read(_BEAT, attributes.get(BEAT)) or Beat(0, 0.0),
                values=dict(trial.intermediate_values),
                result=_read(_TRIAL, attributes.get(RESULT)),
                released=bool(attributes.get(RELEASED)),
            )
        except KeyError as error:
            raise ValueError(f"trial {trial.number} was not created by archdsl") from error

    @property
    def finished(self) -> bool:
        """Whether the attempt has a result; one that was killed or released has none."""
        return self.state.is_finished() and self.result is not None

    @property
    def running(self) -> bool:
        return self.state is TrialState.RUNNING

    @property
    def ended(self) -> bool:
        """Whether the attempt was killed or released: another attempt is needed."""
        return self.state.is_finished() and self.result is None


def by_number(attempts: Iterable[Attempt]) -> dict[int, list[Attempt]]:
    """The attempts at each trial, in order, by the trial's number."""
    found: dict[int, list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda each: (each.number, each.id)):
        found.setdefault(attempt.number, []).append(attempt)
    return found


def current(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that counts among those at one trial: with a result, else running, else the first that waits."""
    waiting = [each for each in attempts if each.state is TrialState.WAITING]
    order = ([each for each in attempts if each.finished], [each for each in attempts if each.running], waiting)
    return next((group[0] for group in order if group), None)


def written(value: Claim | Beat | Trial | Point) -> str:
    """A claim, heartbeat, point or result as an attribute in the storage: JSON."""
    return json.dumps(value if isinstance(value, Mapping) else asdict(value), ensure_ascii=False)


_POINT: TypeAdapter[Point] = TypeAdapter(Point)
_CLAIM: TypeAdapter[Claim] = TypeAdapter(Claim)
_BEAT: TypeAdapter[Beat] = TypeAdapter(Beat)
_TRIAL: TypeAdapter[Trial] = TypeAdapter(Trial)


def _read(kind: TypeAdapter[Any], text: object) -> Any:
    """A value from its attribute; None if there is none. Raises ValueError."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError("an attribute of a trial is not a string")
    return kind.validate_json(text)
