"""Detection: the boxes and the classes of the objects in an image."""

from typing import TYPE_CHECKING, final

from ...diagnostics import Sink
from ...diagnostics.catalog.task_errors import WrongImageOutput
from ...graph import Graph, Node
from ...text.counts import counted
from ..data.dataset_spec import DataSpec, TaskFacts
from .box_channels import BOX_CHANNELS
from .task import PIXEL_AUGMENTATIONS, Task

if TYPE_CHECKING:
    from torch import Tensor

    from ..data.images import Inputs, TargetArray
    from ..recipe.recipe import AnyLoss
    from .meter import Loss, Meter, Scores
    from .presentation import Answer, Table, Tile


@final
class Detection(Task):
    """Each output is a level of (K+5)×h×w: at each location the logits of K classes, the logarithms of the distances to
    the left, top, right and bottom edge of a box, in strides, and the logit of the center-ness (FCOS, Tian et al.
    2019).

    The stride is the size of the input divided by that of the output; larger objects belong to levels of larger
    strides.
    """

    name = "detection"
    targets = ("boxes",)
    losses = ("fcos",)
    metric = "ap"
    # a rotated box is not axis-aligned, and a reflected border shows objects that have no box
    augmentations = PIXEL_AUGMENTATIONS - {"rotate", "border"}
    loss_settings = ("radius", "range", "alpha", "gamma")
    joins_outputs = True
    keeps_whole_images = True
    writes_images = True

    def fits(self, output: tuple[int, ...], input: tuple[int, ...], classes: int) -> bool:
        if len(output) != 3 or output[0] != classes + BOX_CHANNELS:
            return False
        return all(1 <= size <= largest for size, largest in zip(output[1:], input[1:], strict=True))

    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        input, classes, dims = graph.nodes[graph.inputs[0]].shape.dims, len(spec.classes), node.shape.dims
        channels = classes + BOX_CHANNELS
        wanted = f"{channels}×h×w"
        suggestions: tuple[str, ...] = ()
        has_other_stride = False
        if not self.fits(dims, input, classes):
            about = f"{classes} class logits, 4 distances and the center-ness at each location"
            why = f"detection of {counted(classes, 'class')} needs {wanted}: {about}"
            if graph.settings.get("classes") == dims[0] - BOX_CHANNELS:
                suggestions = (f"use `--set classes={classes}`",)
        elif any(graph.nodes[other].shape.dims == dims for other in _before(graph, node)):
            why = "each output of detection needs a different stride, but another output has the same one"
            has_other_stride = True
        else:
            return
        sink.emit(
            WrongImageOutput(
                span=node.span,
                uses=node.uses,
                why=why,
                found=str(node.shape),
                wanted=wanted,
                suggestions=suggestions,
                channels=channels,
                size=input[1:],
                exact=False,
                has_other_stride=has_other_stride,
            )
        )

    def combined(self, output: object) -> "Tensor":
        import torch

        outputs = output if isinstance(output, tuple | list) else (output,)
        return torch.cat([each.float().flatten(2) for each in outputs], 2)

    def loss(self, recipe: "AnyLoss", facts: TaskFacts) -> "Loss":
        from .box_losses import make_box_loss

        return make_box_loss(recipe, facts)

    def meter(self, loss: "Loss", recipe: "AnyLoss", facts: TaskFacts) -> "Meter[Scores]":
        from .box_scores import BoxMeter

        return BoxMeter(loss, facts)

    def output_words(self, loss: "AnyLoss") -> str:
        return (
            "each output is a level, channels × height × width: logits of the classes; logarithms of the distances "
            "from the center of the cell to the left, top, right and bottom edge of the box, in cells; logit of the "
            "center-ness"
        )

    def answers(self, output: "Tensor", inputs: "Inputs", facts: TaskFacts, loss: "AnyLoss") -> "list[Answer]":
        from .box_images import drawn_boxes, found_boxes
        from .box_levels import Levels
        from .box_search import detect
        from .presentation import Answer

        made = []
        for image, rows in zip(inputs, detect(output, Levels(facts)).cpu().numpy(), strict=True):
            boxes = found_boxes(rows, facts.classes)
            made.append(Answer(boxes=boxes, image=drawn_boxes(image, boxes, facts.classes)))
        return made

    def tables(self, scores: "Scores", facts: TaskFacts) -> "list[Table]":
        from .box_scores import BoxScores
        from .presentation import Table, color_of

        assert isinstance(scores, BoxScores)
        rows = tuple(
            (name, *("–" if each is None else f"{each:.2%}" for each in values), f"{count:,}")
            for name, (*values, count) in zip(facts.classes, scores.by_class(), strict=True)
        )
        colors = tuple(color_of(number + 1) for number in range(len(facts.classes)))
        return [Table("Classes", ("class", "AP", "AP50", "AP75", "objects"), rows, colors)]

    def tiles(self, scores: "Scores", inputs: "Inputs", targets: "TargetArray", facts: TaskFacts) -> "list[Tile]":
        from .box_images import drawn_boxes, found_boxes, true_boxes
        from .box_scores import BoxScores
        from .presentation import Panel, Tile

        assert isinstance(scores, BoxScores)
        tiles = []
        for image, rows, made in zip(inputs, targets, scores.shown.numpy(), strict=False):
            true, found = true_boxes(rows, facts.classes), found_boxes(made, facts.classes)
            caption = ", ".join(f"{box.name} {box.score:.0%}" for box in found) or "nothing found"
            panels = (
                Panel("true boxes", drawn_boxes(image, true, facts.classes)),
                Panel("prediction", drawn_boxes(image, found, facts.classes)),
            )
            tiles.append(Tile(caption, panels))
        return tiles


def _before(graph: Graph, node: Node) -> list[int]:
    """The outputs that are listed before this one."""
    nodes = [index for _, index in graph.outputs]
    return nodes[: nodes.index(node.id)]
