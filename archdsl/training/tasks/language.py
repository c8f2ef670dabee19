"""Language modeling: the next ID at each step of a sequence."""

from typing import TYPE_CHECKING, final

from ...diagnostics import Sink
from ...graph import Graph, Node
from ...text.counts import counted
from ..data.dataset_spec import DataSpec, TaskFacts
from ..errors.loop_errors import NotCausal
from ..errors.problem import Problem
from .output_error import report_output
from .task import Task

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ..data.images import Inputs
    from ..recipe.recipe import AnyLoss
    from .meter import Loss, Meter, Scores
    from .presentation import Answer, Table


@final
class Language(Task):
    """The network outputs the logits of the next ID at each step, T×V, from a sequence of T IDs below V."""

    name = "language"
    targets = ("next",)
    inputs = ("ids",)
    losses = ("cross_entropy",)
    metric = "bits_per_byte"
    augmentations = frozenset()
    of_classes = False
    generates = True

    def fits(self, output: tuple[int, ...], input: tuple[int, ...], classes: int) -> bool:
        return output == (*input, classes)

    def check(self, graph: Graph, node: Node, spec: DataSpec, sink: Sink) -> None:
        entry = graph.nodes[graph.inputs[0]].shape
        vocabulary = spec.vocabulary or 0
        if entry.vocabulary != vocabulary or entry.rank != 1 or self.fits(node.shape.dims, entry.dims, vocabulary):
            return  # the input is reported elsewhere
        wanted = f"{entry.dims[0]}×{vocabulary}"
        steps = counted(entry.dims[0], "step")
        why = f"language modeling needs {wanted}: the logits of the next ID at each of the {steps}"
        report_output(node, wanted, why, sink)

    def problem(self, model: "nn.Module", inputs: "Tensor", targets: "Tensor") -> Problem | None:
        from .language_scores import first_leak

        step = first_leak(model, inputs)
        return None if step is None else NotCausal(step)

    def loss(self, recipe: "AnyLoss", facts: TaskFacts) -> "Loss":
        from .language_scores import make_language_loss

        return make_language_loss(recipe)

    def meter(self, loss: "Loss", recipe: "AnyLoss", facts: TaskFacts) -> "Meter[Scores]":
        from .language_scores import LanguageMeter

        return LanguageMeter(loss, facts.token_bytes)

    def output_words(self, loss: "AnyLoss") -> str:
        return "logits of the next ID at each step, steps × vocabulary: softmax gives its probabilities"

    def answers(self, output: "Tensor", inputs: "Inputs", facts: TaskFacts, loss: "AnyLoss") -> "list[Answer]":
        raise AssertionError("a language model continues text")

    def tables(self, scores: "Scores", facts: TaskFacts) -> "list[Table]":
        from .language_scores import LanguageScores
        from .presentation import Table

        assert isinstance(scores, LanguageScores)
        rows = tuple((str(number), f"{bits:.3f}") for number, bits in enumerate(scores.shown))
        return [Table("The first sequences", ("sequence", "bits per byte"), rows)]
