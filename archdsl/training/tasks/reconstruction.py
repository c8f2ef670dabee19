"""Reconstruction: the network reproduces its input image, or removes noise from it."""

from typing import TYPE_CHECKING, final

from ...diagnostics import Sink
from ...graph import Graph, Node
from ..data.dataset_spec import DataSpec, TaskFacts
from .output_error import report_output
from .task import Task

if TYPE_CHECKING:
    from torch import Tensor

    from ..data.images import Inputs, TargetArray
    from ..recipe.recipe import AnyLoss
    from .meter import Loss, Meter, Scores
    from .presentation import Answer, Tile


@final
class Reconstruction(Task):
    """The network outputs an image of its input's shape; the target is the image itself, with pixels in 0..1."""

    name = "reconstruction"
    targets = ("class", "classes", "mask", "numbers")
    losses = ("mse", "bce")
    metric = "psnr"
    loss_settings = ()
    of_input = True
    of_classes = False
    writes_images = True

    def fits(self, output: tuple[int, ...], input: tuple[int, ...], classes: int) -> bool:
        return output == input

    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        shape = graph.nodes[graph.inputs[0]].shape
        if self.fits(node.shape.dims, shape.dims, 0):
            return
        why = f"reconstruction needs {shape}, the shape of the input"
        report_output(node, str(shape), why, sink, shape.dims)

    def loss(self, recipe: "AnyLoss", facts: TaskFacts) -> "Loss":
        from .pixel_scores import make_pixel_loss

        return make_pixel_loss(recipe)

    def meter(self, loss: "Loss", recipe: "AnyLoss", facts: TaskFacts) -> "Meter[Scores]":
        from .pixel_scores import PixelMeter

        return PixelMeter(loss, recipe)

    def output_words(self, loss: "AnyLoss") -> str:
        if loss.name == "bce":
            return "logits of the pixels: the sigmoid of each is its value in 0..1"
        return "pixels in 0..1, not clamped"

    def answers(self, output: "Tensor", inputs: "Inputs", facts: TaskFacts, loss: "AnyLoss") -> "list[Answer]":
        import torch

        from .pixel_scores import as_pixels, psnr_of, to_bytes
        from .presentation import Answer

        made = as_pixels(output, loss)
        quality = psnr_of(made, torch.from_numpy(inputs).to(made.device)).tolist()
        images = to_bytes(made).cpu().numpy()
        return [Answer(values={"psnr": value}, image=image) for value, image in zip(quality, images, strict=True)]

    def tiles(self, scores: "Scores", inputs: "Inputs", targets: "TargetArray", facts: TaskFacts) -> "list[Tile]":
        from .pixel_scores import PixelScores
        from .presentation import Panel, Tile

        assert isinstance(scores, PixelScores)
        found = []
        for image, made, quality in zip(inputs, scores.shown.numpy(), scores.qualities, strict=False):
            found.append(Tile(f"{quality:.2f} dB", (Panel("image", image), Panel("reconstruction", made))))
        return found
