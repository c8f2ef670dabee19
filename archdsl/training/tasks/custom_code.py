"""User-defined losses and metrics: any callables, or objects with `update` and `compute` such as those of torchmetrics.

An exception in one becomes a CustomCodeFailed that names it, with the exception as its cause.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from ...graph import Graph
from ..errors.custom_errors import CustomCodeFailed, custom_code, import_path, short_name
from .custom_settings import CustomSettings
from .meter import Gatherer, Meter, Scores
from .metric import METRICS


@runtime_checkable
class RunningMetric(Protocol):
    """A metric that accumulates batches, as those of torchmetrics do."""

    def reset(self) -> None:
        """Forget all batches."""

    def update(self, output: Tensor, targets: Tensor, /) -> None:
        """Add a batch: the main output, float32, and the targets."""

    def compute(self) -> Any:
        """The value over all batches: a number, or a tensor with one element."""


CustomLossFunction = Callable[[Tensor, Tensor], Tensor]
"""The mean loss of a batch, a scalar, from an output (float32) and the targets."""
CustomMetricFunction = Callable[[Tensor, Tensor], Any]
"""A number, from the outputs and the targets of all samples of a split, on the CPU."""


class CustomLoss:
    """A user-defined loss, whose results are checked."""

    def __init__(self, function: Any) -> None:
        if isinstance(function, type) or not callable(function):
            got = f"the class `{function.__name__}`" if isinstance(function, type) else f"{function!r}"
            raise TypeError(f"a loss is a built-in name, or a function of an output and the targets, not {got}")
        if isinstance(function, nn.Module) and any(p.requires_grad for p in function.parameters()):
            raise ValueError(
                f"the loss `{short_name(function)}` has trainable weights, which no optimizer would change"
            )
        self.function: CustomLossFunction = function
        self._device: torch.device | None = None

    def __call__(self, output: Tensor, targets: Tensor) -> Tensor:
        if isinstance(self.function, nn.Module) and self._device != output.device:
            self.function.to(output.device)
            self._device = output.device
        with custom_code("loss", self.function):
            value = self.function(output, targets)
        if why := _unusable(value, output):
            raise CustomCodeFailed("loss", import_path(self.function), *why)
        return value


def _unusable(value: object, output: Tensor) -> tuple[str, str] | None:
    """Why a loss cannot be minimized, and a suggestion."""
    if not isinstance(value, Tensor):
        return f"returned {type(value).__name__}, not a tensor", "compute it with torch, from the output"
    if value.ndim:
        shape = "×".join(map(str, value.shape))
        return f"returned a tensor of {shape}, not a scalar", "average it over the batch: `.mean()`"
    if not value.is_floating_point():
        return f"returned {value.dtype}, not a floating-point number", "convert it with `.float()`"
    if output.requires_grad and not value.requires_grad:
        return "returned a value without a gradient", "compute it from the output, without `.detach()` or `.item()`"
    return None


class CustomMetric(ABC):
    """A user-defined metric, evaluated batch by batch."""

    name: str
    origin: object

    @abstractmethod
    def reset(self) -> None:
        """Forget all batches."""

    @abstractmethod
    def update(self, output: Tensor, targets: Tensor) -> None:
        """Add a batch."""

    @abstractmethod
    def compute(self) -> object:
        """The value over all batches."""

    def value(self) -> float:
        """The value as a number. Raises CustomCodeFailed."""
        with custom_code("metric", self.origin):
            found = self.compute()
        if isinstance(found, Tensor) and found.numel() == 1:
            found = found.item()
        try:
            return float(found)  # type: ignore[arg-type]  # it may have returned anything, such as a NumPy number
        except (TypeError, ValueError):
            why = f"returned {_kind(found)}, not a number"
            raise CustomCodeFailed("metric", import_path(self.origin), why, "return one number") from None


def _kind(value: object) -> str:
    """`a tensor of 3×2`, `str`."""
    return f"a tensor of {'×'.join(map(str, value.shape))}" if isinstance(value, Tensor) else type(value).__name__


class FunctionMetric(CustomMetric):
    """A function of all outputs and targets of a split, which are kept on the CPU until it is called."""

    def __init__(self, name: str, function: CustomMetricFunction) -> None:
        self.name, self.origin, self._function = name, function, function
        self._parts: list[tuple[Tensor, Tensor]] = []

    def reset(self) -> None:
        self._parts = []

    def update(self, output: Tensor, targets: Tensor) -> None:
        self._parts.append((output.cpu(), targets.cpu()))

    def compute(self) -> object:
        outputs, targets = (torch.cat(each) for each in zip(*self._parts, strict=True))
        self._parts = []
        return self._function(outputs, targets)


class ObjectMetric(CustomMetric):
    """An object with `reset`, `update` and `compute`."""

    def __init__(self, name: str, metric: RunningMetric) -> None:
        self.name, self.origin, self._metric = name, metric, metric

    def reset(self) -> None:
        with custom_code("metric", self.origin):
            self._metric.reset()

    def update(self, output: Tensor, targets: Tensor) -> None:
        with custom_code("metric", self.origin):
            if isinstance(self._metric, nn.Module):
                self._metric.to(output.device)
            self._metric.update(output, targets)

    def compute(self) -> object:
        return self._metric.compute()


def custom_metrics(given: Mapping[str, object] | Sequence[object]) -> tuple[CustomMetric, ...]:
    """Metrics by name, or named after their functions and classes. Raises TypeError or ValueError."""
    _refuse_single(given)
    named = given.items() if isinstance(given, Mapping) else [(_metric_name(each), each) for each in given]
    found: dict[str, CustomMetric] = {}
    for name, value in named:
        if not str(name).isidentifier():
            raise ValueError(f"`{name}` is not a name: give the metrics as a dictionary, `metrics={{'f1': …}}`")
        if name in METRICS:
            raise ValueError(f"`{name}` is the name of a built-in metric: choose another one")
        if name in found:
            raise ValueError(f"two metrics are named `{name}`: give them as a dictionary, with different names")
        if isinstance(value, type):
            raise TypeError(f"the metric `{name}` is a class: pass an instance, `{value.__name__}(…)`")
        if isinstance(value, RunningMetric):
            found[name] = ObjectMetric(name, value)
        elif callable(value):
            found[name] = FunctionMetric(name, value)
        else:
            raise TypeError(f"the metric `{name}` is neither a function nor an object with reset, update and compute")
    return tuple(found.values())


def _refuse_single(given: object) -> None:
    """Raise TypeError for a metric, or its name, that is not in a list."""
    if callable(given) or isinstance(given, str | RunningMetric) or not isinstance(given, Iterable):
        raise TypeError("`metrics` is a list or a dictionary: `metrics=[…]`, `metrics={'f1': …}`")


def _metric_name(value: object) -> str:
    """`BinaryAccuracy` and `macro_f1` as `binary_accuracy` and `macro_f1`."""
    return re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", short_name(value)).lower()


S = TypeVar("S", bound=Scores, covariant=True)


@dataclass(frozen=True)
class CustomCode:
    """The user's parts of a training run: losses by the name of their output, metrics of the main output."""

    losses: Mapping[str, CustomLoss] = field(default_factory=dict)
    metrics: tuple[CustomMetric, ...] = ()

    def settings(self, graph: Graph | None) -> CustomSettings:
        """The import paths of all parts, for the settings of a run."""
        main = graph.outputs[0][0] if graph else ""
        paths = {name: import_path(loss.function) for name, loss in self.losses.items()}
        return CustomSettings(
            loss=paths.pop(main, None),
            output_losses=paths,
            metrics={metric.name: import_path(metric.origin) for metric in self.metrics},
        )

    def meter(self, meter: Meter[S]) -> Meter[S]:
        """The meter of a task, which measures the custom metrics, too."""
        return _WithMetrics(meter, self.metrics) if self.metrics else meter


class _WithMetrics(Meter[S]):
    def __init__(self, meter: Meter[S], metrics: tuple[CustomMetric, ...]) -> None:
        self._meter, self._metrics = meter, metrics
        for metric in metrics:
            metric.reset()

    def observe(self, model: nn.Module, inputs: Tensor, targets: Tensor) -> None:
        self._meter.observe(model, inputs, targets)

    def update(self, output: Tensor, targets: Tensor) -> None:
        self._meter.update(output, targets)
        for metric in self._metrics:
            metric.update(output, targets)

    def scores(self, group: Gatherer, count: int) -> S:
        found = self._meter.scores(group, count)
        object.__setattr__(found, "custom", {metric.name: metric.value() for metric in self._metrics})  # frozen
        return found
