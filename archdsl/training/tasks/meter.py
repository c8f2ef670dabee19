"""Scores of a network on a split, accumulated batch by batch."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]
"""The mean loss of a batch, a scalar, from an output and the targets."""
BatchWeight = Callable[[Tensor], Tensor]
"""The weight of a batch in the mean loss, a scalar, from its targets."""


class Scores(ABC):
    """The scores of a network on the samples of a split."""

    custom: Mapping[str, float] = MappingProxyType({})
    """Values of the user's metrics, by name; `CustomCode.meter` sets them, regardless of a subclass's constructor."""

    @property
    @abstractmethod
    def finite(self) -> bool:
        """Whether all of the network's outputs were finite."""

    @abstractmethod
    def summary(self) -> dict[str, float]:
        """The loss and the task's metrics by name."""

    def values(self) -> dict[str, float]:
        """The loss and all metrics by name, for a line of the log."""
        return {**self.summary(), **self.custom}


class Gatherer(Protocol):
    """The processes that evaluate together."""

    def gather(self, rows: Tensor, count: int) -> Tensor:
        """The rows of all processes, `count` in total."""

    def total_of(self, sums: Tensor) -> Tensor:
        """The sum over all processes, element by element."""


S = TypeVar("S", bound=Scores, covariant=True)


class Meter(ABC, Generic[S]):
    """Accumulates the values from which the scores of a task are computed. Each process of a group has its own part."""

    def observe(self, model: nn.Module, inputs: Tensor, targets: Tensor) -> None:  # most meters need nothing
        """Called with the network and a batch before its `update`, for scores that need more than the main output."""

    @abstractmethod
    def update(self, output: Tensor, targets: Tensor) -> None:
        """Add a batch: the main output in 32 bits, and the targets on the same device. The batch may be empty."""

    @abstractmethod
    def scores(self, group: Gatherer, count: int) -> S:
        """The scores over the `count` samples of all processes."""
