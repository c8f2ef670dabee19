"""The base class of tasks. It imports no torch: `archdsl check` asks the task whether the outputs fit."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from ...diagnostics import Sink
from ...graph import Graph, Node
from ..data.dataset_spec import DataSpec, InputKind, Targets, TaskFacts
from ..errors.problem import Problem
from .metric import Metric

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

    from ..data.images import ImageSet, Inputs, TargetArray
    from ..recipe.recipe import AnyLoss
    from .meter import BatchWeight, Loss, Meter, Scores
    from .presentation import Answer, Table, Tile

PIXEL_AUGMENTATIONS = frozenset({"flip", "alternate", "crop", "border", "rotate", "jitter", "cutout", "noise"})
"""The augmentations that change images only."""
STREAMED_AUGMENTATIONS = frozenset(
    {"random_resized_crop", "aspect_ratio", "train_size", "randaugment", "operations", "random_erasing", "repeats"}
)
"""The augmentations of images that are decoded in every epoch; they change images only."""


class Task(ABC):
    """What a network learns: the targets, the outputs that fit them, losses, metrics, and the presentation of results.

    Files of tasks import torch inside methods only.
    """

    name: ClassVar[str]
    """The word for the task in `train { task … }`."""
    targets: ClassVar[tuple[Targets, ...]]
    """The kinds of targets that it learns from, as in `DataSpec.targets`."""
    inputs: ClassVar[tuple[InputKind, ...]] = ("image",)
    """The kinds of inputs that it supports, as in `DataSpec.inputs`."""
    losses: ClassVar[tuple[str, ...]]
    """The losses that it can minimize; the first one is the default. `custom` is one that a package defines."""
    metric: ClassVar[str]
    """The metric that selects the best epoch, a name in METRICS."""
    metrics: ClassVar[tuple[Metric, ...]] = ()
    """The metrics that a package's task adds to METRICS."""
    augmentations: ClassVar[frozenset[str]] = PIXEL_AUGMENTATIONS
    """The fields of `augment` that it supports."""
    test_time: ClassVar[tuple[str, ...]] = ("none",)
    """The values of `tta` that it supports."""
    loss_settings: ClassVar[tuple[str, ...]] = ("smoothing",)
    """The settings that its losses use, apart from those of every loss; `class_weights` may be one of them."""
    of_input: ClassVar[bool] = False
    """Whether the target is the image itself: uint8 of N×C×H×W, augmented, without noise."""
    of_classes: ClassVar[bool] = True
    """Whether the targets of another data set are matched with those of a run by the names of their classes."""
    writes_images: ClassVar[bool] = False
    """Whether its predictions are images or masks, which `archdsl predict --output` writes."""

    joins_outputs: ClassVar[bool] = False
    """Whether all outputs of the network are parts of one prediction, with one loss."""
    keeps_whole_images: ClassVar[bool] = False
    """Whether images are padded to the input's aspect ratio, not cropped: objects at the border count."""
    reads_words: ClassVar[bool] = False
    """Whether the network has a second input: the words before each step."""
    generates: ClassVar[bool] = False
    """Whether its predictions are texts that continue a given one."""

    @abstractmethod
    def fits(self, output: tuple[int, ...], input: tuple[int, ...], classes: int) -> bool:
        """Whether an output of this shape fits an input of this shape, and this number of classes."""

    def prepare(self, samples: "ImageSet", facts: TaskFacts) -> "ImageSet":
        """The samples with the targets in the form that the loss and the meter take."""
        return samples

    @abstractmethod
    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        """Report an output, that of `node`, if it does not fit the targets of the data."""

    def feed(self, inputs: "Tensor", targets: "Tensor") -> "tuple[Tensor, ...]":
        """What the network gets: the inputs, and for captions the words before each step."""
        return (inputs,)

    def combined(self, output: object) -> "Tensor":
        """The prediction, in 32 bits, from the network's outputs: the first one, unless the task joins them."""
        from .main_output import main_output

        return main_output(output)

    def sample_targets(self, targets: "Tensor", generator: "Generator") -> "Tensor":
        """The targets of a training step; if an image has several captions, one of them at random."""
        return targets

    def problem(self, model: "nn.Module", inputs: "Tensor", targets: "Tensor") -> Problem | None:
        """Why the network cannot learn from inputs like these, a small batch, found before the first step; None if it
        can.
        """
        return None

    @abstractmethod
    def loss(self, recipe: "AnyLoss", facts: TaskFacts) -> "Loss":
        """The mean loss over a batch: a scalar, from an output in 32 bits and the targets."""

    def batch_weight(self, recipe: "AnyLoss", facts: TaskFacts) -> "BatchWeight | None":
        """The weight of a batch in the mean loss over several: the number of terms in its mean, a scalar, from its
        targets. None if that is the number of samples.
        """
        return None

    @abstractmethod
    def meter(self, loss: "Loss", recipe: "AnyLoss", facts: TaskFacts) -> "Meter[Scores]":
        """The meter that evaluates the main output, with this loss of the recipe."""

    @abstractmethod
    def output_words(self, loss: "AnyLoss") -> str:
        """The meaning of the main output, for those who use an exported network."""

    def count(self) -> "Callable[[Tensor, Tensor], Tensor] | None":
        """A function that counts the correct predictions of a batch: an int64 scalar, from the main output and the
        targets. None for a task without such a count.
        """
        return None

    @abstractmethod
    def answers(self, output: "Tensor", inputs: "Inputs", facts: TaskFacts, loss: "AnyLoss") -> "list[Answer]":
        """The prediction for each sample, from the main output in 32 bits and the inputs, such as images, uint8 of
        N×C×H×W.
        """

    def tables(self, scores: "Scores", facts: TaskFacts) -> "list[Table]":
        """Tables for the report of the final scores, in addition to the metrics."""
        return []

    def tiles(self, scores: "Scores", inputs: "Inputs", targets: "TargetArray", facts: TaskFacts) -> "list[Tile]":
        """Predictions of the first samples, for the report, next to their inputs and targets."""
        return []
