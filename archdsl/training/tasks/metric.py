"""The metrics of all tasks: their names, how they are written, and which values are better. Imports nothing heavy."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A number that is measured on a split. `name` is its key in logs, and `label` its name for people.

    A `fraction` is shown in percent, everything else with the `unit`; `higher` means that a larger value is better.
    """

    name: str
    label: str
    fraction: bool = False
    higher: bool = True
    unit: str = ""
    note: str = ""
    """An explanation of the metric, for the report."""
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
    Metric("miou", "mean IoU", fraction=True, note="intersection over union, mean over the classes"),
    Metric("dice", "Dice", fraction=True, note="mean over the classes", brief=False),
    Metric("pixel_accuracy", "pixel accuracy", fraction=True, note="fraction of the pixels", brief=False),
    Metric("r2", "R²", note="coefficient of determination, mean over the numbers to predict"),
    Metric("mae", "MAE", higher=False, note="mean absolute error, in the units of the targets"),
    Metric("mean_ap", "mAP", fraction=True, note="average precision, mean over the classes"),
    Metric("mean_f1", "F1", fraction=True, note="at a probability of 1/2, mean over the classes"),
    Metric("ap", "AP", fraction=True, note="average precision of COCO: mean over the classes and IoUs of 0.5 to 0.95"),
    Metric("ap50", "AP50", fraction=True, note="average precision at an IoU of 0.5, mean over the classes"),
    Metric("ap75", "AP75", fraction=True, note="at an IoU of 0.75, mean over the classes", brief=False),
    Metric("bits_per_byte", "bits per byte", higher=False, note="cross-entropy to base 2, mean over the bytes"),
    Metric("perplexity", "perplexity", higher=False, note="exponential of the cross-entropy", brief=False),
    Metric("bleu4", "BLEU-4", fraction=True, note="of all captions together (Papineni et al. 2002)"),
    Metric("cider", "CIDEr", note="CIDEr-D, up to 10 (Vedantam et al. 2015)"),
    Metric("psnr", "PSNR", unit="dB", note="peak signal-to-noise ratio, mean over the images"),
)
_KNOWN = {metric.name: metric for metric in _ALL}
METRICS: Mapping[str, Metric] = _KNOWN
"""The metrics by name, including those of loaded tasks of packages."""


def metric_of(name: str) -> Metric:
    """The metric with this name; a user-defined metric is shown as a plain number."""
    return METRICS.get(name) or Metric(name, name, note="given in Python")


def declare_metrics(metrics: Iterable[Metric]) -> None:
    """Add the metrics of a package's task. Raises ValueError for a name that another metric has."""
    for metric in metrics:
        if not isinstance(metric, Metric):
            raise ValueError(f"{type(metric).__name__} is not a Metric")
        if _KNOWN.setdefault(metric.name, metric) != metric:
            raise ValueError(f"there is another metric `{metric.name}`")


LOSS_LABELS = {
    "cross_entropy": "cross-entropy (nats)",
    "bce": "binary cross-entropy (nats)",
    "mse": "mean squared error",
    "mae": "mean absolute error",
    "huber": "Huber loss",
    "fcos": "focal, GIoU and center-ness loss",
    "dice": "1 − soft Dice coefficient",
    "custom": "loss of the task",
}
"""Axis labels of the losses, with units."""


def loss_label(name: str, custom: str | None) -> str:
    """The label of a loss, from its name in the recipe, or of a user-defined one, from its import path."""
    return LOSS_LABELS[name] if custom is None else custom.rpartition(".")[2]


def written(values: Mapping[str, float]) -> str:
    """Metrics in one line, in order: `loss 0.1234  accuracy 98.61%`."""
    return "  ".join(_aligned(name, value) for name, value in values.items() if metric_of(name).brief)


def named_values(values: Mapping[str, float]) -> str:
    """All metrics as a list: `mean IoU 91.20%, loss 0.1234`, the loss at the end."""
    known = [(metric_of(name), value) for name, value in values.items() if name != "loss"]
    shown = [f"{metric.label} {metric.write(value)}" for metric, value in known]
    return ", ".join([*shown, f"loss {values['loss']:.4f}"])


def _aligned(name: str, value: float) -> str:
    metric = metric_of(name)
    text = metric.write(value) if name != "loss" else f"{value:.4f}"
    return f"{metric.label} {text:>6}" if metric.fraction else f"{metric.label} {text}"
