"""Asynchronous successive halving: which trials are stopped early (Li et al. 2020, A System for Massively Parallel
Hyperparameter Tuning).

Trials are compared at epochs that grow by a factor, the rungs. A trial continues if it is among the best third of those
that have reached the rung; each of the first five to reach it continues only if it is the best so far. The rule is that
of Optuna's SuccessiveHalvingPruner, as a function: Optuna's counts the attempts of killed workers twice, and does not
support studies that also minimize MACs.
"""

import math
from collections.abc import Iterable, Mapping

from ..tasks.metric import Metric

FACTOR = 3
_MOST_RUNGS = 4


def rungs(epochs: float) -> tuple[int, ...]:
    """The epochs at which trials are compared: a third of all epochs, a ninth, …, each at least 1, ascending."""
    found: list[int] = []
    for power in range(1, _MOST_RUNGS + 1):
        epoch = math.ceil(epochs / FACTOR**power)
        if 1 <= epoch < epochs and epoch not in found:
            found.append(epoch)
    return tuple(reversed(found))


def is_pruned(own: Mapping[int, float], others: Iterable[Mapping[int, float]], rung: int, metric: Metric) -> bool:
    """Whether a trial stops at a rung, given its values by epoch and those of the other trials."""
    if rung not in own:
        return False
    value = metric.key(own[rung])
    if value == -math.inf:
        return True
    reached = sorted([value, *(metric.key(each[rung]) for each in others if rung in each)], reverse=True)
    return value < reached[max(len(reached) // FACTOR, 1) - 1]
