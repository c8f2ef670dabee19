"""A sweep: the same network trained at many points, by one worker or several that share its folder or its database.

Its folder has the network's text, `settings.json`, `trials.log` unless the trials are in a database (Optuna's journal:
JSON lines that `optuna-dashboard` reads, too), `sweep.json`, the figure, and a run for each trial in `trials/`.
"""

import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from optuna.study import StudyDirection

from ...text.counts import counted
from ..errors.problem import Problem
from ..tasks.metric import METRICS, Metric
from .epoch_reports import EpochReports
from .kept_weights import DEFAULT_KEPT, TRIALS, copy_checkpoints, delete_others, kept
from .proposals import distributions, grid_order, objectives, proposal
from .search_space import Point, Space
from .trial_attempts import Attempt, Claim, by_number, current
from .trial_result import Trial, best, front
from .trial_store import AttemptLost, TrialStore
from .workers import Silence, Worker, forget, heartbeats, was_killed, working

DEFAULT_TRIALS = 20
MAX_FAILED_ATTEMPTS = 3
"""A trial fails if this many workers were killed while they trained it."""
_LONGEST_WAIT = 5.0
"""Longest time in seconds between two checks of the trials of other workers."""

TrainTrial = Callable[[Point, Path, EpochReports], Trial]
"""Trains at a point, in a run's folder, and reports its epochs."""


class Listener:
    """What a worker of a sweep shows. The base class shows nothing."""

    def finished(self, number: int, trial: Trial) -> None:
        """This worker has finished a trial."""

    def takes_over(self, number: int, worker: str) -> None:
        """This worker continues a trial whose worker was killed."""

    def lost(self, number: int) -> None:
        """Another worker has taken over this worker's trial, because it saw no heartbeat."""

    def waits(self, running: Sequence[Attempt]) -> None:
        """All trials are finished or trained by others; this worker waits in case one of those is killed."""


@dataclass(frozen=True)
class Sweep:
    """A sweep in its folder. `seed` determines which points are chosen, and `trials` is their number.

    `metric` compares the trials; `prune` stops unpromising trials early; `keep` is how
    many trials keep their weights; `url` is the database that stores the trials, under a name.
    """

    folder: Path
    space: Space
    seed: int
    trials: int
    metric: Metric = METRICS["accuracy"]
    prune: bool = False
    keep: int = DEFAULT_KEPT
    url: str | None = None
    name: str = "sweep"

    @property
    def directions(self) -> list[StudyDirection]:
        """The direction of the metric, and of the MACs if they vary and pruning is off: they are minimized."""
        better = StudyDirection.MAXIMIZE if self.metric.higher else StudyDirection.MINIMIZE
        return [better, StudyDirection.MINIMIZE] if self.space.varies_network and not self.prune else [better]

    def store(self, create: bool = True) -> TrialStore:
        """The sweep's trials. Raises NoRun if they are missing and `create` is false, and Problem."""
        return TrialStore.open(self.folder, self.url, self.name, self.directions, create)

    def trials_done(self) -> dict[int, Trial]:
        """The results of the finished trials by number, of this and of all other workers."""
        return results(self.store().attempts())

    def run(self, train: TrainTrial, listener: Listener) -> None:
        """Train the trials that are left, until all are finished, by this worker or others.

        A stopped worker releases its trial: the next worker continues it. Raises whatever `train` raises.
        """
        store = self.store()
        with working(self.folder) as worker:
            queue = _Queue(self, store, worker, listener)
            while (attempt := queue.next()) is not None:
                self._run_attempt(attempt, store, worker, train, listener)

    def _run_attempt(
        self, attempt: Attempt, store: TrialStore, worker: Worker, train: TrainTrial, listener: Listener
    ) -> None:
        assert attempt.claim is not None
        assert attempt.point is not None
        run = self.folder / TRIALS / attempt.claim.folder
        reports = EpochReports(store, attempt, self.metric, self.prune, run)
        try:
            with heartbeats(lambda count: store.beat(attempt.id, count)):
                trial = replace(train(attempt.point, run, reports), worker=worker.name)
            store.finish(attempt.id, trial, objectives((trial.value, trial.macs), self.directions))
        except AttemptLost:
            listener.lost(attempt.number)
            return
        except BaseException:
            with contextlib.suppress(Problem):
                store.end(attempt.id, released=True)
            raise
        delete_others(self.folder, store.attempts(), self.metric, self.keep)
        listener.finished(attempt.number, trial)


@dataclass
class _Queue:
    """Finds the next trial of a worker."""

    sweep: Sweep
    store: TrialStore
    worker: Worker
    listener: Listener

    def __post_init__(self) -> None:
        self._silence = Silence()
        self._order = grid_order(self.sweep.space, self.sweep.trials, self.sweep.seed)

    def next(self) -> Attempt | None:
        """A trial that this worker has claimed; None if all are finished. Waits while others train the last ones."""
        pause, waited_for = 0.05, None
        while True:
            attempts = self.store.attempts()
            if self._end_killed(attempts):
                continue
            if missing := self._missing(by_number(attempts)):
                self.store.add(*missing)
                continue
            if claimed := self._claimed(by_number(attempts)):
                return claimed
            running = [each for each in attempts if each.running and each.number <= self.sweep.trials]
            if not running:
                return None
            if waited_for != (waited_for := sorted(each.id for each in running)):
                self.listener.waits(running)
                pause = 0.05
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_WAIT)

    def _end_killed(self, attempts: Sequence[Attempt]) -> bool:
        """End the attempts of workers that are gone. True if there was one."""
        running = [each for each in attempts if each.running]
        silent = {each.id for each in self._silence.over(running)}
        gone = [
            each
            for each in running
            if each.id in silent or (each.claim is not None and was_killed(self.sweep.folder, each.claim))
        ]
        ended = [each for each in gone if self.store.end(each.id, released=False)]
        for each in ended:
            if each.claim is not None:
                forget(self.sweep.folder, each.claim)
        return bool(ended)

    def _missing(self, grouped: Mapping[int, Sequence[Attempt]]) -> tuple[int, Point | None] | None:
        """The trial to which an attempt is to be added, with its point if that is known: one that was interrupted, or
        else the next new one.

        Workers that add the same one at the same time add the same point, and only the first attempt is claimed.
        """
        for number, attempts in grouped.items():
            if current(attempts) is None:
                return number, _point_of(attempts)
        following = len(grouped) + 1
        if following > self.sweep.trials or any(self._is_open(attempts) for attempts in grouped.values()):
            return None
        if self._order is None:
            return following, None
        tried = [_point_of(attempts) for attempts in grouped.values()]
        left = next((point for point in self._order if point not in tried), None)
        return (following, left) if left is not None else None

    def _is_open(self, attempts: Sequence[Attempt]) -> bool:
        attempt = current(attempts)
        return attempt is not None and not attempt.running and not attempt.finished

    def _claimed(self, grouped: Mapping[int, Sequence[Attempt]]) -> Attempt | None:
        for number, attempts in grouped.items():
            attempt = current(attempts)
            if attempt is None or number > self.sweep.trials or not self._is_open(attempts):
                continue
            before = [each for each in attempts if each.ended]
            claim = self._claim(number, before)
            if not self.store.claim(attempt, claim):
                continue
            return self._prepared(replace(attempt, claim=claim), before)
        return None

    def _claim(self, number: int, before: Sequence[Attempt]) -> Claim:
        """The claim on a trial, after attempts by others. It reuses their folder only if they no longer write to it."""
        claims = [each for each in before if each.claim is not None]
        last = claims[-1].claim if claims else None
        if last is None:
            folder = f"{number:03d}"
        elif claims[-1].released or was_killed(self.sweep.folder, last):
            folder = last.folder
        else:
            folder = f"{number:03d}-{len(before) + 1}"
        return Claim(self.worker.name, self.worker.lock_scope, folder)

    def _prepared(self, attempt: Attempt, before: Sequence[Attempt]) -> Attempt | None:
        """A claimed attempt with its point, and with what the attempts before it have left."""
        claim = attempt.claim
        assert claim is not None
        failed = [each for each in before if not each.released and each.point is not None]
        point = attempt.point or _point_of(before)
        try:
            if point is None:
                point = self._proposal(attempt)
            self.store.choose(attempt.id, point, distributions(self.sweep.space))
            if len(failed) >= MAX_FAILED_ATTEMPTS:
                why = f"{counted(len(failed), 'worker')} were killed while they trained it"
                trial = Trial(self.sweep.space.used(point), why=why, worker=self.worker.name)
                self.store.finish(attempt.id, trial, None)
                self.listener.finished(attempt.number, trial)
                return None
            values = dict(before[-1].values) if before else {}
            for epoch, value in values.items():
                self.store.report(attempt.id, epoch, value)
        except AttemptLost:
            return None
        if last := next((each.claim for each in reversed(before) if each.claim is not None), None):
            if last.folder != claim.folder:
                copy_checkpoints(self.sweep.folder, last.folder, claim.folder)
            if not before[-1].released:
                self.listener.takes_over(attempt.number, last.worker)
        return replace(attempt, point=point, values=values)

    def _proposal(self, attempt: Attempt) -> Point:
        grouped = by_number(self.store.attempts())
        others = [each for attempts in grouped.values() if (each := current(attempts)) and each.id != attempt.id]
        return proposal(self.sweep.space, self.sweep.seed, attempt.number, others, self.sweep.directions)


def _point_of(attempts: Sequence[Attempt]) -> Point | None:
    """The point of a trial, from its attempts."""
    return next((each.point for each in attempts if each.point is not None), None)


def results(attempts: Sequence[Attempt]) -> dict[int, Trial]:
    """The results of the finished trials by number."""
    found = {number: current(each) for number, each in by_number(attempts).items()}
    return {number: each.result for number, each in found.items() if each and each.finished and each.result}


def as_json(sweep: Sweep, trials: dict[int, Trial], about: Mapping[str, Any]) -> str:
    """sweep.json: what varied, the best trial, and all trials, with a mark for those on the Pareto front."""
    metric = sweep.metric
    top, optimal = best(trials, metric), front(trials, metric)
    weights = kept(trials, metric, sweep.keep)
    rows = [
        {
            "number": number,
            **asdict(trial),
            "state": trial.state,
            "pareto": number in optimal,
            "has_weights": number in weights,
        }
        for number, trial in trials.items()
    ]
    content = {
        **about,
        "metric": metric.name,
        "direction": "maximize" if metric.higher else "minimize",
        "space": {name: str(dimension) for name, dimension in sweep.space.dimensions.items()},
        "fixed": {**sweep.space.parameters, **sweep.space.options},
        "seed": sweep.seed,
        "best": top,
        "trials": rows,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
