"""The metrics of all tasks: their names, how they are written, and which values are better. Imports nothing heavy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A number that is measured on a split. `name` is its key in logs, `label` its name for people.

    A `fraction` is shown in percent, everything else with the `unit`; `higher` says that a larger value is better.
    """

    name: str
    label: str
    fraction: bool = False
    higher: bool = True
    unit: str = ""
    brief: bool = True
    """Whether the line of an epoch shows it."""

    def write(self, value: float) -> str:
        """The value with its unit: `98.61%`, `27.31 dB`."""
        if self.fraction:
            return f"{value:.2%}"
        number = f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"
        return f"{number} {self.unit}" if self.unit else number

    def key(self, value: float) -> float:
        """A number that is larger for a better value; NaN is the worst."""
        if math.isnan(value):
            return -math.inf
        return value if self.higher else -value


_ALL = (
    Metric("loss", "loss", higher=False),
    Metric("accuracy", "accuracy", fraction=True),
    Metric("top5", "top-5 accuracy", fraction=True, brief=False),
)
METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}
"""The metrics by name."""

LOSS_LABELS = {
    "cross_entropy": "cross entropy (nats)",
    "bce": "binary cross entropy (nats)",
    "mse": "mean squared error",
}
"""Axis labels of the losses, with units."""


def written(values: Mapping[str, float]) -> str:
    """Metrics in one line, in their order: `loss 0.1234  accuracy 98.61%`."""
    return "  ".join(_aligned(name, value) for name, value in values.items() if METRICS[name].brief)


def _aligned(name: str, value: float) -> str:
    metric = METRICS[name]
    text = metric.write(value) if name != "loss" else f"{value:.4f}"
    return f"{metric.label} {text:>6}" if metric.fraction else f"{metric.label} {text}"
