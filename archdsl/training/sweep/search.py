"""A sweep: the same network trained at many points, the next one chosen by Optuna from what came of the others.

Its folder has the network's text, `settings.json`, `trials.log` (Optuna's journal: JSON lines that `optuna-dashboard`
reads too; only trials that are over stand in it), `sweep.json`, the picture, and a run for each trial in `trials/`.
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
    """A sweep in its folder. `seed` decides which points are chosen, `trials` how many."""

    folder: Path
    space: Space
    seed: int
    trials: int

    def trials_done(self) -> tuple[Trial, ...]:
        """What came of the trials that are over, in their order."""
        try:
            return tuple(Trial.read(t.user_attrs.get("trial")) for t in self._study().get_trials(deepcopy=False))
        except ValueError as error:
            raise self._damaged(error) from error

    def go(self, attempt: Attempt, tell: Callable[[int, Trial], None]) -> None:
        """Make the trials that are left; tell each one's number, from 1, and what came of it.

        A trial that is cut off leaves nothing but its run's folder: it is chosen again, the same, when the sweep goes
        on. Raises what `attempt` raises.
        """
        self.trials_done()  # refuses a journal that is damaged, before anything is trained
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
        if journal.exists() and not journal.is_file():  # opening a pipe would wait for ever
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
        way_out = "delete trials.log: the sweep starts again with the same points"
        return CannotResume(self.folder, f"trials.log is corrupt ({why})", way_out)

    def _directions(self) -> list[StudyDirection]:
        """More accuracy; and fewer MACs, where these vary at all."""
        more, fewer = StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE
        return [more, fewer] if self.space.varies_network else [more]

    def _next(self, study: optuna.Study) -> Point | None:
        """The next point, a fixed function of the seed and of the trials before it; None when there is none left."""
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
    """Shorten the journal to its whole lines: a process that is killed, or a full disk, leaves half of one."""
    content = journal.read_bytes() if journal.is_file() else b""
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(journal, whole)


def best(trials: Iterable[Trial]) -> Trial | None:
    """The most accurate; among equals the one of least loss."""
    whole = [trial for trial in trials if trial.accuracy is not None]
    return max(whole, key=lambda trial: (trial.accuracy, -(trial.loss or 0.0)), default=None)


def front(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """Those that no other beats in accuracy without costing more MACs, the cheapest first (Pareto's front)."""
    found: list[Trial] = []
    whole = [trial for trial in trials if trial.accuracy is not None and trial.macs is not None]
    for trial in sorted(whole, key=lambda t: (t.macs, -(t.accuracy or 0.0), t.loss)):
        if not found or (trial.accuracy or 0.0) > (found[-1].accuracy or 0.0):
            found.append(trial)
    return tuple(found)


def as_json(sweep: Sweep, trials: tuple[Trial, ...], about: Mapping[str, Any]) -> str:
    """sweep.json: what was varied, all trials, which are on the front, which is the best."""
    top, optimal = best(trials), front(trials)
    rows = [{"number": n, **asdict(trial), "pareto": trial in optimal} for n, trial in enumerate(trials, 1)]
    told = {
        **about,
        "space": {name: str(dimension) for name, dimension in sweep.space.dimensions.items()},
        "fixed": {**sweep.space.parameters, **sweep.space.options},
        "seed": sweep.seed,
        "best": trials.index(top) + 1 if top else None,
        "trials": rows,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _distribution(dimension: Dimension) -> BaseDistribution:
    if isinstance(dimension, Choices):
        return CategoricalDistribution(dimension.values)
    if dimension.whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)
