"""Regression: numbers for each sample."""

from typing import TYPE_CHECKING, final

from ...diagnostics import Sink
from ...diagnostics.catalog.training_errors import WrongOutput
from ...graph import Graph, Node
from ..data.dataset_spec import DataSpec, TaskFacts
from .task import PIXEL_AUGMENTATIONS, Task

if TYPE_CHECKING:
    from torch import Tensor

    from ..data.images import ImageSet, Inputs, TargetArray
    from ..recipe.recipe import AnyLoss
    from .meter import Loss, Meter, Scores
    from .presentation import Answer, Table, Tile


@final
class Regression(Task):
    """The network outputs the numbers to predict, standardized like the training targets: minus their mean, divided by
    their standard deviation.
    """

    name = "regression"
    targets = ("numbers",)
    inputs = ("image", "numbers", "ids")
    losses = ("mse", "mae", "huber")
    metric = "r2"
    loss_settings = ("delta",)
    augmentations = PIXEL_AUGMENTATIONS

    def fits(self, output: tuple[int, ...], input: tuple[int, ...], classes: int) -> bool:
        return output == (classes,)

    def prepare(self, samples: "ImageSet", facts: TaskFacts) -> "ImageSet":
        from dataclasses import replace

        import numpy as np

        mean, deviation = (np.array(each) for each in (facts.target_mean, facts.target_deviation))
        return replace(samples, labels=((samples.labels - mean) / deviation).astype(np.float32))

    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        count = len(spec.classes)
        if self.fits(node.shape.dims, (), count):
            return
        noun = "number to predict" if count == 1 else "numbers to predict"
        # A network with several outputs for one number may be meant for classes.
        is_classifier = count == 1 and node.shape.rank == 1
        help_texts = ("for classes, give names as targets, or integers in arrays of Python",) if is_classifier else ()
        found = str(node.shape)
        sink.emit(
            WrongOutput(span=node.span, data=spec.name, classes=count, found=found, counted=noun, help_texts=help_texts)
        )

    def loss(self, recipe: "AnyLoss", facts: TaskFacts) -> "Loss":
        from .number_scores import make_number_loss

        return make_number_loss(recipe)

    def meter(self, loss: "Loss", recipe: "AnyLoss", facts: TaskFacts) -> "Meter[Scores]":
        from .number_scores import NumberMeter

        return NumberMeter(loss, facts)

    def output_words(self, loss: "AnyLoss") -> str:
        return "standardized numbers: times `target_deviation`, plus `target_mean`"

    def answers(self, output: "Tensor", inputs: "Inputs", facts: TaskFacts, loss: "AnyLoss") -> "list[Answer]":
        from .number_scores import in_units
        from .presentation import Answer

        rows = in_units(output, facts).tolist()
        return [Answer(values=dict(zip(facts.classes, row, strict=True))) for row in rows]

    def tables(self, scores: "Scores", facts: TaskFacts) -> "list[Table]":
        from .number_scores import NumberScores
        from .presentation import Table

        assert isinstance(scores, NumberScores)
        rows = tuple(
            (name, f"{r2:.4f}", f"{mae:.5g}", f"{rmse:.5g}", f"{mean:.5g}", f"{deviation:.5g}")
            for name, r2, mae, rmse, mean, deviation in zip(
                facts.classes, scores.r2s, scores.maes, scores.rmses, facts.target_mean, facts.target_deviation,
                strict=True,
            )
        )  # fmt: skip
        heads = ("number", "R²", "MAE", "RMSE", "mean in training", "standard deviation")
        return [Table("Numbers", heads, rows), *self._samples(scores.shown, facts)]

    def _samples(self, shown: "list[tuple[list[float], list[float]]]", facts: TaskFacts) -> "list[Table]":
        """The first predictions next to the true values."""
        from .presentation import Table

        heads = ("sample", *(f"{kind} {name}" for name in facts.classes for kind in ("true", "predicted")))
        rows = tuple(
            (str(index), *(f"{value:.5g}" for pair in zip(true, made, strict=True) for value in pair))
            for index, (true, made) in enumerate(shown)
        )
        return [Table("Predictions of the first samples", heads, rows)] if rows else []

    def tiles(self, scores: "Scores", inputs: "Inputs", targets: "TargetArray", facts: TaskFacts) -> "list[Tile]":
        from ..data.images import kind_of
        from .number_scores import NumberScores
        from .presentation import Panel, Tile

        assert isinstance(scores, NumberScores)
        if kind_of(inputs) != "image":
            return []
        return [
            Tile(f"{', '.join(f'{value:.4g}' for value in made)} predicted, "
                 f"{', '.join(f'{value:.4g}' for value in true)} true", (Panel("image", image),))
            for image, (true, made) in zip(inputs, scores.shown, strict=False)
        ]  # fmt: skip
