"""Captioning: a sentence about each image, word by word."""

from typing import TYPE_CHECKING, final

from ...diagnostics import Sink
from ...graph import Graph, Node
from ...text.counts import counted
from ..data.dataset_spec import DataSpec, TaskFacts
from ..errors.loop_errors import NotCausal
from ..errors.problem import Problem
from .output_error import report_output
from .task import PIXEL_AUGMENTATIONS, Task

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

    from ..data.images import ImageSet, Inputs, TargetArray
    from ..recipe.recipe import AnyLoss
    from .meter import BatchWeight, Loss, Meter, Scores
    from .presentation import Answer, Tile


@final
class Captioning(Task):
    """The network gets an image and the words before each step, T IDs below V, and outputs the logits of the next word
    at each step: T×V, or (T+1)×V if the image is the first step.

    In training, the preceding words are those of a caption of the image (teacher forcing), chosen at random.
    """

    name = "captioning"
    targets = ("caption",)
    losses = ("cross_entropy",)
    metric = "bleu4"
    augmentations = PIXEL_AUGMENTATIONS - {"flip", "alternate", "rotate"}
    of_classes = False
    reads_words = True

    def fits(self, output: tuple[int, ...], input: tuple[int, ...], classes: int) -> bool:
        return len(output) == 2 and output[1] == classes

    def prepare(self, samples: "ImageSet", facts: TaskFacts) -> "ImageSet":
        from dataclasses import replace

        from ..data.captions import fitted

        return replace(samples, labels=fitted(samples.labels, facts.steps + 1))

    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        if len(graph.inputs) != 2:
            return  # reported elsewhere
        words = graph.nodes[graph.inputs[1]].shape
        steps, vocabulary = words.dims[0], spec.vocabulary or 0
        if words.vocabulary != vocabulary or node.shape.dims in ((steps, vocabulary), (steps + 1, vocabulary)):
            return
        wanted = f"{steps}×{vocabulary}"
        why = f"captioning needs {wanted}: the logits of the next word at each of the {counted(steps, 'step')}"
        report_output(node, wanted, why, sink)

    def feed(self, inputs: "Tensor", targets: "Tensor") -> "tuple[Tensor, ...]":
        from .caption_scores import one_of

        return inputs, one_of(targets)[:, :-1].long()

    def sample_targets(self, targets: "Tensor", generator: "Generator") -> "Tensor":
        import torch

        references = (targets[:, :, 0] != 0).sum(1)
        chosen = (torch.rand(len(targets), generator=generator, device=targets.device) * references).long()
        return targets[torch.arange(len(targets), device=targets.device), chosen]

    def problem(self, model: "nn.Module", inputs: "Tensor", targets: "Tensor") -> Problem | None:
        from .language_scores import first_leak

        step = first_leak(model, *self.feed(inputs, targets))
        return None if step is None else NotCausal(step)

    def loss(self, recipe: "AnyLoss", facts: TaskFacts) -> "Loss":
        from .caption_scores import make_caption_loss

        return make_caption_loss(recipe)

    def batch_weight(self, recipe: "AnyLoss", facts: TaskFacts) -> "BatchWeight | None":
        from .caption_scores import count_words

        return count_words

    def meter(self, loss: "Loss", recipe: "AnyLoss", facts: TaskFacts) -> "Meter[Scores]":
        from .caption_scores import CaptionMeter

        return CaptionMeter(loss)

    def output_words(self, loss: "AnyLoss") -> str:
        return "logits of the next word at each step, steps × vocabulary; `classes` has the words by ID"

    def answers(self, output: "Tensor", inputs: "Inputs", facts: TaskFacts, loss: "AnyLoss") -> "list[Answer]":
        """The captions, from IDs N×T."""
        from ..data.captions import sentence_of
        from .presentation import Answer

        return [Answer(text=sentence_of(ids, facts.classes)) for ids in output.long().tolist()]

    def tiles(self, scores: "Scores", inputs: "Inputs", targets: "TargetArray", facts: TaskFacts) -> "list[Tile]":
        from ..data.captions import sentence_of
        from .caption_scores import CaptionScores
        from .presentation import Panel, Tile

        assert isinstance(scores, CaptionScores)
        return [
            Tile(f"{sentence_of(made, facts.classes)} (first reference: {sentence_of(wanted[0], facts.classes)})",
                 (Panel("image", image),))
            for image, made, wanted in zip(inputs, scores.made.tolist(), targets.tolist(), strict=False)
        ]  # fmt: skip
