"""Probabilities as the input of a loss that takes logits."""

from collections.abc import Iterator, Mapping

from ...diagnostics import Diagnostic, Severity
from ...graph import Graph
from ...layers.activation import Hardsigmoid, Sigmoid, Softmax
from ._facts import Facts

_APPLIES = {"cross_entropy": "softmax", "bce": "sigmoid"}
"""What a loss applies itself, by its name in a recipe; cross-entropy is the default."""
_NAMES = {"softmax": "cross-entropy", "sigmoid": "binary cross-entropy"}


class SoftmaxBeforeLoss(Diagnostic):
    """Cross-entropy applies softmax itself. A softmax or sigmoid before it weakens the gradients.

    Training becomes slow, and the loss cannot get close to 0: with ten classes it stays above 1.46. Binary
    cross-entropy (`loss bce`) applies the sigmoid itself. `archdsl train` checks the loss in use, even if an option
    selects it.

    Source: torch.nn.CrossEntropyLoss, "The input is expected to contain the unnormalized logits".
    """

    code = "W0906"
    title = "softmax before cross-entropy"
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
    if not facts.graph.training:
        return
    lines = [setting for setting in facts.graph.training if setting.name == "loss"]
    named = {name: value for line in lines for name, value in line.named if isinstance(value, str)}
    words = [str(line.values[0]) for line in lines if line.values]
    first = words[0] if words else named.get(facts.graph.outputs[0][0], "cross_entropy")
    yield from probabilities(facts.graph, first, named)


def probabilities(graph: Graph, loss: str, by_output: Mapping[str, object]) -> Iterator[SoftmaxBeforeLoss]:
    """The outputs of a network that are probabilities, although their loss takes logits.

    `by_output` has the losses of outputs that differ from `loss`, by output name.
    """
    seen: set[int] = set()
    for name, i in graph.outputs:
        node, of = graph.nodes[i], by_output.get(name)
        applies = _APPLIES.get(of if isinstance(of, str) else loss)
        if applies is not None and i not in seen and isinstance(node.op, Softmax | Sigmoid | Hardsigmoid):
            seen.add(i)
            yield SoftmaxBeforeLoss(span=node.span, uses=node.uses, keyword=node.op.keyword, applies=applies)
