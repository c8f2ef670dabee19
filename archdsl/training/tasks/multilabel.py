"""Multilabel classification: a set of classes for each sample."""

from typing import TYPE_CHECKING, final

from ...diagnostics import Sink
from ...graph import Graph, Node
from ..data.dataset_spec import DataSpec, TaskFacts
from .class_output import wrong_class_output
from .task import PIXEL_AUGMENTATIONS, Task

if TYPE_CHECKING:
    from torch import Tensor

    from ..data.images import Inputs, TargetArray
    from ..recipe.recipe import AnyLoss
    from .meter import Loss, Meter, Scores
    from .presentation import Answer, Table, Tile


@final
class Multilabel(Task):
    """The network outputs a logit for each class; the classes whose probability is above 1/2 are its prediction."""

    name = "multilabel"
    targets = ("classes",)
    inputs = ("image", "numbers", "ids")
    losses = ("bce",)
    metric = "mean_ap"
    augmentations = PIXEL_AUGMENTATIONS

    def fits(self, output: tuple[int, ...], input: tuple[int, ...], classes: int) -> bool:
        return output == (classes,)

    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        if not self.fits(node.shape.dims, (), len(spec.classes)):
            sink.emit(wrong_class_output(graph, node, spec))

    def loss(self, recipe: "AnyLoss", facts: TaskFacts) -> "Loss":
        from .set_scores import make_set_loss

        return make_set_loss(recipe)

    def meter(self, loss: "Loss", recipe: "AnyLoss", facts: TaskFacts) -> "Meter[Scores]":
        from .set_scores import SetMeter

        return SetMeter(loss)

    def output_words(self, loss: "AnyLoss") -> str:
        return "logits: the sigmoid of each gives the probability of its class"

    def answers(self, output: "Tensor", inputs: "Inputs", facts: TaskFacts, loss: "AnyLoss") -> "list[Answer]":
        from .presentation import Answer

        probabilities = output.sigmoid().cpu()
        order = probabilities.argsort(dim=1, descending=True, stable=True).tolist()
        return [
            Answer(tuple((facts.classes[index], float(row[index])) for index in ranked))
            for row, ranked in zip(probabilities, order, strict=True)
        ]

    def tables(self, scores: "Scores", facts: TaskFacts) -> "list[Table]":
        from .presentation import Table
        from .set_scores import SetScores

        assert isinstance(scores, SetScores)
        rows = tuple(
            (name, _percent(ap), _percent(f1), _percent(precision), _percent(recall), f"{count:,}")
            for name, ap, f1, precision, recall, count in zip(
                facts.classes, scores.average_precisions, scores.f1s, scores.precisions, scores.recalls, scores.counts,
                strict=True,
            )
        )  # fmt: skip
        return [Table("Classes", ("class", "AP", "F1", "precision", "recall", "samples"), rows)]

    def tiles(self, scores: "Scores", inputs: "Inputs", targets: "TargetArray", facts: TaskFacts) -> "list[Tile]":
        from ..data.images import kind_of
        from .presentation import Panel, Tile
        from .set_scores import SetScores

        assert isinstance(scores, SetScores)
        if kind_of(inputs) != "image":
            return []
        found = []
        for image, wanted, made in zip(inputs, targets, scores.shown.tolist(), strict=False):
            true, predicted = (
                ", ".join(name for name, value in zip(facts.classes, values, strict=True) if value) or "none"
                for values in (wanted, made)
            )
            caption = f"{predicted}: correct" if true == predicted else f"{predicted} predicted, {true} true"
            found.append(Tile(caption, (Panel("image", image),)))
        return found


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{part:.2%}"
