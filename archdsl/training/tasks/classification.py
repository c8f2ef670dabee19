"""Classification: one class for each sample."""

from collections.abc import Callable
from typing import TYPE_CHECKING, final

from ...diagnostics import Sink
from ...graph import Graph, Node
from ..data.dataset_spec import DataSpec, TaskFacts
from .class_output import wrong_class_output
from .task import PIXEL_AUGMENTATIONS, STREAMED_AUGMENTATIONS, Task

if TYPE_CHECKING:
    from torch import Tensor

    from ..data.images import Inputs
    from ..recipe.recipe import AnyLoss
    from .meter import BatchWeight, Loss, Meter, Scores
    from .presentation import Answer


@final
class Classification(Task):
    """The network outputs one number per class; the largest is its prediction."""

    name = "classification"
    losses = ("cross_entropy", "bce", "mse")
    targets = ("class",)
    inputs = ("image", "numbers", "ids")
    metric = "accuracy"
    loss_settings = ("smoothing", "class_weights")
    augmentations = PIXEL_AUGMENTATIONS | STREAMED_AUGMENTATIONS | {"mixup", "cutmix"}
    test_time = ("none", "flip", "shift")

    def fits(self, output: tuple[int, ...], input: tuple[int, ...], classes: int) -> bool:
        return output == (classes,)

    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        if not self.fits(node.shape.dims, (), len(spec.classes)):
            sink.emit(wrong_class_output(graph, node, spec))

    def loss(self, recipe: "AnyLoss", facts: TaskFacts) -> "Loss":
        from .class_losses import make_loss

        return make_loss(recipe, facts)

    def batch_weight(self, recipe: "AnyLoss", facts: TaskFacts) -> "BatchWeight | None":
        from .class_losses import label_weight

        return label_weight(recipe, facts)

    def meter(self, loss: "Loss", recipe: "AnyLoss", facts: TaskFacts) -> "Meter[Scores]":
        from .class_scores import ClassMeter

        return ClassMeter(loss)

    def answers(self, output: "Tensor", inputs: "Inputs", facts: TaskFacts, loss: "AnyLoss") -> "list[Answer]":
        from .class_losses import class_probabilities
        from .presentation import Answer

        probabilities = class_probabilities(output, loss).cpu()
        order = output.topk(output.shape[1], dim=1).indices.tolist()
        return [
            Answer(tuple((facts.classes[index], float(row[index])) for index in ranked))
            for row, ranked in zip(probabilities, order, strict=True)
        ]

    def output_words(self, loss: "AnyLoss") -> str:
        return {
            "cross_entropy": "logits: softmax gives the probabilities of the classes",
            "bce": "logits: the sigmoid of each gives the probability of its class",
            "mse": "the probability of each class, not clamped to 0..1",
        }[loss.name]

    def count(self) -> "Callable[[Tensor, Tensor], Tensor] | None":
        from .class_losses import count_right

        return count_right
