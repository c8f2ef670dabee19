"""The meter of a package's task, with its errors contained."""

from typing import Any, final

from torch import Tensor, nn

from ...packages.failures import PackageFailed
from .contained_call import called
from .meter import Gatherer, Meter, Scores
from .metric import METRICS
from .task import Task


@final
class ContainedMeter(Meter[Scores]):
    """A meter whose errors, and scores without what the task declares, become PackageFailed."""

    def __init__(self, package: str, task: type[Task], meter: Meter[Scores]) -> None:
        self._package, self._task, self._meter = package, task, meter
        self._where = f"the meter of the task `{task.name}` failed"

    def observe(self, model: nn.Module, inputs: Tensor, targets: Tensor) -> None:
        called(self._package, self._where, self._meter.observe, model, inputs, targets)

    def update(self, output: Tensor, targets: Tensor) -> None:
        called(self._package, self._where, self._meter.update, output, targets)

    def scores(self, group: Gatherer, count: int) -> Scores:
        found: object = called(self._package, self._where, self._meter.scores, group, count)
        if not isinstance(found, Scores):
            raise PackageFailed(self._package, f"{self._where}: it returned {type(found).__name__}, not Scores")
        called(self._package, self._where, lambda: found.finite)
        self._check(called(self._package, self._where, found.summary))
        return found

    def _check(self, values: Any) -> None:
        """Raise PackageFailed unless the values are the loss and metrics, including the metric of the best epoch."""
        if not isinstance(values, dict) or not all(isinstance(each, float | int) for each in values.values()):
            self._fail("its summary is not a mapping from names to numbers")
        if unknown := [name for name in values if name not in METRICS]:
            self._fail(f"`{unknown[0]}` in its summary is not a metric")
        if missing := [name for name in ("loss", self._task.metric) if name not in values]:
            self._fail(f"its summary lacks `{missing[0]}`")

    def _fail(self, why: str) -> None:
        raise PackageFailed(self._package, f"{self._where}: {why}")
