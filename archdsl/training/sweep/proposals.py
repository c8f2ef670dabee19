"""Which point a trial tries: the next of all combinations, or Optuna's proposal based on the other trials."""

import random
import warnings
from collections.abc import Mapping, Sequence

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from ..loop.training_state import derive
from .search_space import Choices, Dimension, Point, Space
from .trial_attempts import Attempt


def grid_order(space: Space, trials: int, seed: int) -> list[Point] | None:
    """All combinations in the order of the trials, shuffled if there are more combinations than trials.

    None if there are ranges or too many combinations.
    """
    grid = space.grid()
    if grid is None:
        return None
    order = list(grid)
    if trials < len(order):
        random.Random(derive(seed, "grid")).shuffle(order)
    return order


def proposal(
    space: Space, seed: int, number: int, others: Sequence[Attempt], directions: Sequence[StudyDirection]
) -> Point:
    """The point of a trial: a fixed function of the seed, its number, and the other trials, finished or running."""
    known = distributions(space)
    past = [found for each in others if (found := _past(each, known, directions))]
    busy = any(each.state is TrialState.RUNNING for each in past)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(seed=derive(seed, f"trial {number - 1}") % 2**32, constant_liar=busy)
    study = optuna.create_study(sampler=sampler, directions=directions)
    study.add_trials(past)
    return dict(study.ask(known).params)


def distributions(space: Space) -> dict[str, BaseDistribution]:
    return {name: _distribution(dimension) for name, dimension in space.dimensions.items()}


def objectives(values: tuple[float | None, int | None], directions: Sequence[StudyDirection]) -> list[float] | None:
    """The values of Optuna's objectives, from the metric and the MACs; None if one is missing."""
    found = [float(value) for value in values[: len(directions)] if value is not None and value == value]
    return found if len(found) == len(directions) else None


def _past(
    attempt: Attempt, known: Mapping[str, BaseDistribution], directions: Sequence[StudyDirection]
) -> FrozenTrial | None:
    """A trial as the sampler takes it; None for one from which it can learn nothing."""
    if attempt.point is None or set(attempt.point) != set(known):
        return None
    result = attempt.result
    state = attempt.state if attempt.state is not TrialState.FAIL else None
    values = None
    if state is TrialState.COMPLETE and result is not None:
        values = objectives((result.value, result.macs), directions)
    if state not in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING):
        return None
    if (state is TrialState.PRUNED and not attempt.values) or (state is TrialState.COMPLETE and values is None):
        return None
    return create_trial(
        state=state,
        values=values,
        params=dict(attempt.point),
        distributions=dict(known),
        intermediate_values=dict(attempt.values) if len(directions) == 1 else {},
    )


def _distribution(dimension: Dimension) -> BaseDistribution:
    if isinstance(dimension, Choices):
        return CategoricalDistribution(dimension.values)
    if dimension.is_integer:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)
