"""The base class of tasks. It imports no torch: `archdsl check` asks the task whether the outputs fit."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from ...diagnostics import Sink
from ...graph import Graph, Node
from ..data.dataset_spec import DataSpec

if TYPE_CHECKING:
    from torch import Tensor

    from ..recipe.recipe import AnyLoss
    from .meter import Loss, Meter, Scores


class Task(ABC):
    """What a network learns: the targets, the outputs that fit them, losses, metrics.

    Files of tasks import torch inside methods only.
    """

    name: ClassVar[str]
    """The word for it in `train { task … }`."""
    losses: ClassVar[tuple[str, ...]]
    """The losses that it can minimize; the first one is the default."""
    metric: ClassVar[str]
    """The metric that selects the best epoch, a name in METRICS."""

    @abstractmethod
    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        """Report if an output, that of `node`, does not fit the targets of the data."""

    @abstractmethod
    def loss(self, recipe: "AnyLoss") -> "Loss":
        """The mean loss over a batch: a scalar, from an output in 32 bits and the targets."""

    @abstractmethod
    def meter(self, loss: "Loss") -> "Meter[Scores]":
        """What evaluates the main output, with this loss."""

    def count(self) -> "Callable[[Tensor, Tensor], Tensor] | None":
        """A function that counts the correct predictions of a batch: an int64 scalar, from the main output and the
        targets. None for a task without such a count.
        """
        return None
