"""Learning rate schedules as pure functions of the step: a resumed run needs no scheduler state."""

import math
from typing import assert_never

from ..recipe.recipe import AnySchedule, Constant, Cosine, OneCycle, Step, Triangular


def factor(schedule: AnySchedule, step: int, steps: int, steps_per_epoch: int) -> float:
    """The factor of the learning rate at a step, counted from 0, of `steps`.

    During warmup it rises to 1; at the last step of the training it has its final value.
    """
    rising = schedule.warmup * steps
    start = schedule.start if isinstance(schedule, OneCycle | Triangular) else 0.0
    if step < rising:
        # without a start value, the first step must not have a learning rate of zero
        done = (step + 1) / (rising + 1) if start == 0 else step / rising
        done = _half_cosine(done) if isinstance(schedule, OneCycle) else done
        return start + (1 - start) * done
    falling = max(steps - 1 - rising, 1)
    done = min((step - rising) / falling, 1.0)
    match schedule:
        case Constant():
            return 1.0
        case Step():
            return schedule.factor ** schedule.drops_after(step / steps_per_epoch)
        case Cosine() | OneCycle():
            return 1 - (1 - schedule.end) * _half_cosine(done)
        case Triangular():
            return 1 - (1 - schedule.end) * done
        case _:
            assert_never(schedule)


def _half_cosine(done: float) -> float:
    """From 0 to 1 along half a cosine."""
    return (1 - math.cos(math.pi * done)) / 2
