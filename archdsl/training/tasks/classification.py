"""Classification: one class for each sample."""

from collections.abc import Callable
from typing import TYPE_CHECKING, final

from ...diagnostics import Sink
from ...diagnostics.catalogue.training_errors import WrongOutput
from ...graph import Graph, Node
from ..data.dataset_spec import DataSpec
from .task import Task

if TYPE_CHECKING:
    from torch import Tensor

    from ..recipe.recipe import AnyLoss
    from .meter import Loss, Meter, Scores


@final
class Classification(Task):
    """The network outputs one number per class; the largest is its prediction."""

    name = "classification"
    losses = ("cross_entropy", "bce", "mse")
    metric = "accuracy"

    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        classes = len(spec.classes)
        if node.shape.dims == (classes,):
            return
        is_setting = node.shape.rank == 1 and graph.settings.get("classes") == node.shape.dims[0]
        option = f"--set classes={classes}" if is_setting else ""
        sink.emit(WrongOutput(span=node.span, data=spec.name, classes=classes, found=str(node.shape), option=option))

    def loss(self, recipe: "AnyLoss") -> "Loss":
        from .class_losses import make_loss

        return make_loss(recipe)

    def meter(self, loss: "Loss") -> "Meter[Scores]":
        from .class_scores import ClassMeter

        return ClassMeter(loss)

    def count(self) -> "Callable[[Tensor, Tensor], Tensor] | None":
        from .class_losses import count_right

        return count_right
