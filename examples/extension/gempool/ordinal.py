"""A task: classes with an order, such as grades or ages."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from archdsl.extension import DataSpec, Graph, Metric, Node, Sink, Task, TaskFacts, report_output

if TYPE_CHECKING:
    from torch import Tensor

    from archdsl.extension import Answer, AnyLoss, Inputs, Loss, Meter, Scores


class Ordinal(Task):
    """The network outputs one number for each class but the first: the logit that the class is this one or a later one.

    Source: Niu et al., Ordinal Regression with Multiple Output CNN for Age Estimation, 2016.
    """

    name = "ordinal"
    targets = ("class",)
    losses = ("custom",)
    metric = "class_distance"
    metrics = (Metric("class_distance", "class distance", higher=False, note="in classes, mean over the images"),)

    def fits(self, output: tuple[int, ...], input: tuple[int, ...], classes: int) -> bool:
        return output == (classes - 1,)

    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        classes = len(spec.classes)
        if not self.fits(node.shape.dims, (), classes):
            size = f"an output of size {classes - 1}: one logit for each class but the first"
            report_output(node, str(classes - 1), f"ordinal regression of {classes} classes needs {size}", sink)

    def loss(self, recipe: "AnyLoss", facts: TaskFacts) -> "Loss":
        from .ordinal_scores import ordinal_loss

        return ordinal_loss

    def meter(self, loss: "Loss", recipe: "AnyLoss", facts: TaskFacts) -> "Meter[Scores]":
        from .ordinal_scores import OrdinalMeter

        return OrdinalMeter(loss)

    def count(self) -> "Callable[[Tensor, Tensor], Tensor]":
        from .ordinal_scores import classes_of

        return lambda output, labels: (classes_of(output) == labels).sum()

    def output_words(self, loss: "AnyLoss") -> str:
        return "logits: the sigmoid of each is the probability that the class is the next one or a later one"

    def answers(self, output: "Tensor", inputs: "Inputs", facts: TaskFacts, loss: "AnyLoss") -> "list[Answer]":
        """The probabilities of the classes, computed from the probability of each class or a later one."""
        from archdsl.extension import Answer

        found = []
        for row in output.sigmoid().tolist():
            at_least = [1.0, *row, 0.0]
            parts = [max(0.0, here - following) for here, following in pairwise(at_least)]
            ranked = sorted(zip(facts.classes, parts, strict=True), key=lambda pair: -pair[1])
            found.append(Answer(tuple(ranked)))
        return found
