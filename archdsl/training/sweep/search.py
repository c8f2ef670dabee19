"""A sweep: the same network trained at many points, each chosen by Optuna based on the previous results.

Its folder has the network's text, `settings.json`, `trials.log` (Optuna's journal of completed trials: JSON lines that
`optuna-dashboard` reads, too), `sweep.json`, the figure, and a run for each trial in `trials/`.
"""

import json
import os
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from ..errors.run_errors import CannotResume
from ..loop.training_state import derive
from ..safe_files import refuse_links, unwritten
from .search_space import Choices, Dimension, Point, Space
from .trial import Trial

DEFAULT_TRIALS = 20
_NAME = "sweep"

Attempt = Callable[[Point, Path], Trial]


@dataclass(frozen=True)
class Sweep:
    """A sweep in its folder. `seed` determines which points are chosen, `trials` is their number."""

    folder: Path
    space: Space
    seed: int
    trials: int

    def trials_done(self) -> tuple[Trial, ...]:
        """The results of the completed trials, in order."""
        try:
            return tuple(Trial.read(t.user_attrs.get("trial")) for t in self._study().get_trials(deepcopy=False))
        except ValueError as error:
            raise self._damaged(error) from error

    def go(self, attempt: Attempt, tell: Callable[[int, Trial], None]) -> None:
        """Run the remaining trials; report the number of each, from 1, and its result.

        An interrupted trial leaves only its run's folder: when the sweep resumes, the same point is chosen again.
        Raises whatever `attempt` raises.
        """
        self.trials_done()  # refuses a damaged journal before anything is trained
        study = self._study()
        while (point := self._next(study)) is not None:
            number = len(study.get_trials(deepcopy=False)) + 1
            trial = attempt(point, self.folder / "trials" / f"{number:03d}")
            try:
                study.add_trial(self._frozen(point, trial))
            except OSError as error:
                raise unwritten(self.folder / "trials.log", error) from error
            tell(number, trial)

    def _study(self) -> optuna.Study:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        journal = refuse_links(self.folder, self.folder / "trials.log")
        if journal.exists() and not journal.is_file():  # opening a pipe would block forever
            raise self._damaged(ValueError("it is not a regular file"))
        try:
            _drop_half_a_line(journal)
            return optuna.create_study(
                study_name=_NAME,
                storage=JournalStorage(JournalFileBackend(str(journal))),
                directions=self._directions(),
                load_if_exists=True,
            )
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError) as error:
            raise self._damaged(error) from error
        except OSError as error:
            raise unwritten(journal, error) from error

    def _damaged(self, error: Exception) -> CannotResume:
        why = str(error).partition("\n")[0] or type(error).__name__
        suggestion = "delete trials.log: the sweep starts again with the same points"
        return CannotResume(self.folder, f"trials.log is corrupt ({why})", suggestion)

    def _directions(self) -> list[StudyDirection]:
        """Maximize accuracy; and minimize MACs, if they vary."""
        more, fewer = StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE
        return [more, fewer] if self.space.varies_network else [more]

    def _next(self, study: optuna.Study) -> Point | None:
        """The next point, a fixed function of the seed and the previous trials; None if there is none left."""
        done = study.get_trials(deepcopy=False)
        if len(done) >= self.trials:
            return None
        grid = self.space.grid()
        if grid is not None:
            order = list(grid)
            if self.trials < len(order):
                random.Random(derive(self.seed, "grid")).shuffle(order)
            tried = [trial.params for trial in done]
            return next((point for point in order if point not in tried), None)
        sampler = optuna.samplers.TPESampler(seed=derive(self.seed, f"trial {len(done)}") % 2**32)
        chooser = optuna.create_study(sampler=sampler, directions=self._directions())
        chooser.add_trials(trial for trial in done if trial.state is TrialState.COMPLETE)
        return dict(chooser.ask(self._distributions()).params)

    def _distributions(self) -> dict[str, BaseDistribution]:
        return {name: _distribution(dimension) for name, dimension in self.space.dimensions.items()}

    def _frozen(self, point: Point, trial: Trial) -> optuna.trial.FrozenTrial:
        whole = trial.accuracy is not None and trial.macs is not None
        values: list[float] = [v for v in (trial.accuracy, trial.macs) if v is not None][: len(self._directions())]
        return create_trial(
            state=TrialState.COMPLETE if whole else TrialState.PRUNED,
            values=values if whole else None,
            params=dict(point),
            distributions=self._distributions(),
            user_attrs={"trial": json.dumps(asdict(trial))},
        )


def _drop_half_a_line(journal: Path) -> None:
    """Truncate the journal to its complete lines: a killed process, or a full disk, leaves a partial line."""
    content = journal.read_bytes() if journal.is_file() else b""
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(journal, whole)


def best(trials: Iterable[Trial]) -> Trial | None:
    """The most accurate trial; among equals the one with the lowest loss."""
    whole = [trial for trial in trials if trial.accuracy is not None]
    return max(whole, key=lambda trial: (trial.accuracy, -(trial.loss or 0.0)), default=None)


def front(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """The trials that no other beats in accuracy without more MACs, by increasing MACs (the Pareto front)."""
    found: list[Trial] = []
    whole = [trial for trial in trials if trial.accuracy is not None and trial.macs is not None]
    for trial in sorted(whole, key=lambda t: (t.macs, -(t.accuracy or 0.0), t.loss)):
        if not found or (trial.accuracy or 0.0) > (found[-1].accuracy or 0.0):
            found.append(trial)
    return tuple(found)


def as_json(sweep: Sweep, trials: tuple[Trial, ...], about: Mapping[str, Any]) -> str:
    """sweep.json: what varied, all trials, which are on the front, which is the best."""
    top, optimal = best(trials), front(trials)
    rows = [{"number": n, **asdict(trial), "pareto": trial in optimal} for n, trial in enumerate(trials, 1)]
    content = {
        **about,
        "space": {name: str(dimension) for name, dimension in sweep.space.dimensions.items()},
        "fixed": {**sweep.space.parameters, **sweep.space.options},
        "seed": sweep.seed,
        "best": trials.index(top) + 1 if top else None,
        "trials": rows,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _distribution(dimension: Dimension) -> BaseDistribution:
    if isinstance(dimension, Choices):
        return CategoricalDistribution(dimension.values)
    if dimension.whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)
