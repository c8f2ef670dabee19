"""Segmentation: a class for each pixel."""

from typing import TYPE_CHECKING, final

from ...diagnostics import Sink
from ...graph import Graph, Node
from ...text.counts import counted
from ..data.dataset_spec import DataSpec, TaskFacts
from .output_error import report_output
from .task import Task

if TYPE_CHECKING:
    from torch import Tensor

    from ..data.images import Inputs, TargetArray
    from ..recipe.recipe import AnyLoss
    from .meter import BatchWeight, Loss, Meter, Scores
    from .presentation import Answer, Table, Tile


@final
class Segmentation(Task):
    """The network outputs one number per class for each pixel: K×H×W. Pixels without a class are ignored."""

    name = "segmentation"
    targets = ("mask",)
    losses = ("cross_entropy", "dice")
    metric = "miou"
    loss_settings = ("smoothing", "class_weights")
    writes_images = True

    def fits(self, output: tuple[int, ...], input: tuple[int, ...], classes: int) -> bool:
        return output == (classes, *input[1:])

    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        input, classes = graph.nodes[graph.inputs[0]].shape.dims, len(spec.classes)
        if self.fits(node.shape.dims, input, classes):
            return
        shape = (classes, *input[1:])
        wanted = "×".join(map(str, shape))
        why = f"segmentation of {counted(classes, 'class')} needs {wanted}: one number per class and pixel"
        report_output(node, wanted, why, sink, shape)

    def loss(self, recipe: "AnyLoss", facts: TaskFacts) -> "Loss":
        from .mask_losses import make_mask_loss

        return make_mask_loss(recipe, facts)

    def batch_weight(self, recipe: "AnyLoss", facts: TaskFacts) -> "BatchWeight | None":
        from .mask_losses import mask_weight

        return mask_weight(recipe, facts)

    def meter(self, loss: "Loss", recipe: "AnyLoss", facts: TaskFacts) -> "Meter[Scores]":
        from .mask_scores import MaskMeter

        return MaskMeter(loss, self.batch_weight(recipe, facts))

    def output_words(self, loss: "AnyLoss") -> str:
        return "logits of each pixel, classes × height × width: the largest is the class of the pixel"

    def answers(self, output: "Tensor", inputs: "Inputs", facts: TaskFacts, loss: "AnyLoss") -> "list[Answer]":
        import numpy as np

        from .presentation import Answer

        classes = facts.classes
        masks, found = output.argmax(1).to("cpu").numpy().astype(np.uint8), []
        for mask in masks:
            shares = np.bincount(mask.ravel(), minlength=len(classes)) / mask.size
            order = np.argsort(-shares, kind="stable")
            ranked = tuple((classes[number], float(shares[number])) for number in order if shares[number])
            found.append(Answer(ranked, image=mask))
        return found

    def tables(self, scores: "Scores", facts: TaskFacts) -> "list[Table]":
        from .mask_scores import MaskScores
        from .presentation import Table, color_of

        assert isinstance(scores, MaskScores)
        total = max(1, int(scores.confusion.sum()))
        rows = tuple(
            (name, _percent(iou), _percent(dice), _percent(int(scores.confusion[number].sum()) / total))
            for number, (name, iou, dice) in enumerate(zip(facts.classes, scores.ious, scores.dices, strict=True))
        )
        colors = tuple(color_of(number) for number in range(len(facts.classes)))
        return [Table("Classes", ("class", "IoU", "Dice", "pixels"), rows, colors)]

    def tiles(self, scores: "Scores", inputs: "Inputs", targets: "TargetArray", facts: TaskFacts) -> "list[Tile]":
        from .mask_scores import MaskScores
        from .presentation import Panel, Tile, painted

        assert isinstance(scores, MaskScores)
        found = []
        for image, true, predicted in zip(inputs, targets, scores.shown.numpy(), strict=False):
            known = true != 255
            right = float((predicted[known] == true[known]).mean()) if known.any() else 1.0
            panels = (
                Panel("image", image), Panel("true classes", painted(true)), Panel("prediction", painted(predicted)),
            )  # fmt: skip
            found.append(Tile(f"{right:.1%} of the pixels correct", panels))
        return found


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{part:.2%}"
