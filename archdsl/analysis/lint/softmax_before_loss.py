"""Probabilities as the input of a loss that takes logits."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Severity
from ...graph import Graph
from ...layers.activation import Hardsigmoid, Sigmoid, Softmax
from ._facts import Facts

_APPLIES = {"cross_entropy": "softmax", "bce": "sigmoid"}
"""What a loss applies itself, by its name in a recipe; cross entropy is the default."""
_NAMES = {"softmax": "cross entropy", "sigmoid": "binary cross entropy"}


class SoftmaxBeforeLoss(Diagnostic):
    """Cross entropy applies softmax itself. A softmax or sigmoid before it weakens the gradients.

    Training becomes slow, and the loss cannot get close to 0: with ten classes it stays above 1.46. Binary cross
    entropy (`loss bce`) applies the sigmoid itself. `archdsl train` checks the loss in use, even if an option selects
    it.

    Source: torch.nn.CrossEntropyLoss, "The input is expected to contain the unnormalized logits".
    """

    code = "W0906"
    title = "softmax before cross entropy"
    wrong = "input 1x8x8\nflatten; fc 10; softmax\ntrain { data digits }\n"
    right = "input 1x8x8\nflatten; fc 10\ntrain { data digits }\n"
    severity = Severity.WARNING

    keyword: str
    applies: str = "softmax"

    def message(self) -> str:
        return f"the network ends with `{self.keyword}`, but {_NAMES[self.applies]} applies {self.applies} itself"

    def help(self) -> tuple[str, ...]:
        return ("remove it; the class with the largest output stays the same",)


def find(facts: Facts) -> Iterator[SoftmaxBeforeLoss]:
    """A network with a `train` block that outputs probabilities, although its loss takes logits."""
    losses = [setting.values for setting in facts.graph.training if setting.name == "loss" and setting.values]
    if facts.graph.training:
        yield from probabilities(facts.graph, str(losses[0][0]) if losses else "cross_entropy")


def probabilities(graph: Graph, loss: str) -> Iterator[SoftmaxBeforeLoss]:
    """The outputs of a network that are probabilities, although a loss takes logits."""
    applies = _APPLIES.get(loss)
    if applies is None:
        return
    for i in sorted({node for _, node in graph.outputs}):
        node = graph.nodes[i]
        if isinstance(node.op, Softmax | Sigmoid | Hardsigmoid):
            yield SoftmaxBeforeLoss(span=node.span, uses=node.uses, keyword=node.op.keyword, applies=applies)
