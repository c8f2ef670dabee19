"""The trials of a sweep in its storage: added, claimed, reported and finished, each by one process."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

from optuna.distributions import BaseDistribution
from optuna.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from ..errors.run_errors import NoRun
from .search_space import Point
from .trial_attempts import BEAT, CLAIM, NUMBER, POINT, RELEASED, RESULT, Attempt, Beat, Claim, written
from .trial_result import Trial
from .trial_storage import open_storage, reported, without_password

_SETTINGS = "settings"


class AttemptLost(Exception):
    """Another worker has concluded that this one was killed, and has taken over its trial."""


@final
class TrialStore:
    """An Optuna study. Every method raises Problem for a damaged journal, a full disk or a lost connection."""

    def __init__(self, folder: Path, url: str | None, storage: BaseStorage, study: int) -> None:
        self._folder, self._url, self._storage, self._study = folder, url, storage, study

    @classmethod
    def open(
        cls, folder: Path, url: str | None, name: str, directions: Sequence[StudyDirection], create: bool = True
    ) -> "TrialStore":
        """The study with this name; with `create`, it is created if missing. Raises NoRun if it is missing and `create`
        is false, and Problem.
        """
        storage = open_storage(folder, url)
        with reported(folder, url):
            try:
                study = storage.get_study_id_from_name(name)
            except KeyError as error:
                if not create:
                    where = without_password(url) if url else str(folder)
                    raise NoRun(folder, f"{where} has no sweep `{name}`", "start a new sweep") from error
                try:
                    study = storage.create_new_study(directions, name)
                except DuplicatedStudyError:
                    study = storage.get_study_id_from_name(name)
            if url is None and storage.get_study_directions(study) != list(directions):
                raise ValueError("it has the trials of another sweep")
        return cls(folder, url, storage, study)

    def settings(self) -> str | None:
        """The sweep's settings, if they were stored."""
        with reported(self._folder, self._url):
            found = self._storage.get_study_user_attrs(self._study).get(_SETTINGS)
        return found if isinstance(found, str) else None

    def keep_settings(self, text: str) -> None:
        with reported(self._folder, self._url):
            self._storage.set_study_user_attr(self._study, _SETTINGS, text)

    def attempts(self) -> list[Attempt]:
        with reported(self._folder, self._url):
            found = self._storage.get_all_trials(self._study, deepcopy=False)
            return [Attempt.of(trial) for trial in found]

    def add(self, number: int, point: Point | None) -> None:
        """Add an attempt at a trial, which waits for a worker; with its point, if that is known."""
        attributes = {NUMBER: number} | ({POINT: written(point)} if point is not None else {})
        with reported(self._folder, self._url):
            self._storage.create_new_trial(self._study, create_trial(state=TrialState.WAITING, user_attrs=attributes))

    def claim(self, attempt: Attempt, claim: Claim) -> bool:
        """Claim a waiting attempt for this worker. False if another worker has claimed it."""
        with reported(self._folder, self._url):
            try:
                if not self._storage.set_trial_state_values(attempt.id, TrialState.RUNNING):
                    return False
                self._storage.set_trial_user_attr(attempt.id, CLAIM, written(claim))
            except UpdateFinishedTrialError:
                return False
        self.beat(attempt.id, 0)
        return True

    def choose(self, attempt: int, point: Point, distributions: dict[str, BaseDistribution]) -> None:
        """Store the point of a claimed attempt. Raises AttemptLost."""
        with self._owned():
            self._storage.set_trial_user_attr(attempt, POINT, written(point))
            for name, value in point.items():
                distribution = distributions[name]
                self._storage.set_trial_param(attempt, name, distribution.to_internal_repr(value), distribution)

    def beat(self, attempt: int, count: int) -> None:
        """Store a heartbeat. Raises AttemptLost."""
        with self._owned():
            self._storage.set_trial_user_attr(attempt, BEAT, written(Beat(count, round(time.time(), 1))))

    def report(self, attempt: int, epoch: int, value: float) -> None:
        """Store the metric after an epoch. Raises AttemptLost."""
        with self._owned():
            self._storage.set_trial_intermediate_value(attempt, epoch, value)

    def finish(self, attempt: int, trial: Trial, values: Sequence[float] | None) -> None:
        """Store the result of an attempt; `values` are those of Optuna's objectives. Raises AttemptLost."""
        state = {"done": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}[trial.state]
        if state is TrialState.COMPLETE and values is None:
            state = TrialState.PRUNED  # a metric that is NaN
        with self._owned():
            self._storage.set_trial_user_attr(attempt, RESULT, written(trial))
            self._storage.set_trial_state_values(attempt, state, values if state is TrialState.COMPLETE else None)

    def end(self, attempt: int, *, released: bool) -> bool:
        """End an attempt without a result. False if it has ended already: only one of several workers ends it."""
        with reported(self._folder, self._url):
            try:
                if released:
                    self._storage.set_trial_user_attr(attempt, RELEASED, True)
                return self._storage.set_trial_state_values(attempt, TrialState.FAIL)
            except UpdateFinishedTrialError:
                return False

    @contextlib.contextmanager
    def _owned(self) -> Iterator[None]:
        with reported(self._folder, self._url):
            try:
                yield
            except UpdateFinishedTrialError as error:
                raise AttemptLost from error
