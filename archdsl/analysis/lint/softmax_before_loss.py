"""Probabilities where the loss takes logits."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Severity
from ...layers.activation import Hardsigmoid, Sigmoid, Softmax
from ._facts import Facts


class SoftmaxBeforeLoss(Diagnostic):
    """Cross entropy applies softmax itself. With a softmax or sigmoid before it, the gradients are flattened twice.

    Training becomes slow, and the loss cannot get close to 0: with ten classes it stays above 1.46.

    Source: torch.nn.CrossEntropyLoss, "The input is expected to contain the unnormalized logits".
    """

    code = "W0906"
    title = "softmax before cross entropy"
    wrong = "input 1x8x8\nflatten; fc 10; softmax\ntrain { data digits }\n"
    right = "input 1x8x8\nflatten; fc 10\ntrain { data digits }\n"
    severity = Severity.WARNING

    keyword: str

    def message(self) -> str:
        return f"the network ends with `{self.keyword}`, but cross entropy applies softmax itself"

    def help(self) -> tuple[str, ...]:
        return ("remove it; the class with the largest output stays the same",)


def find(facts: Facts) -> Iterator[SoftmaxBeforeLoss]:
    """A network to be trained with cross entropy, the default, that ends in probabilities."""
    if not facts.graph.training:
        return
    losses = [setting.values for setting in facts.graph.training if setting.name == "loss"]
    if losses and losses[0][:1] != ("cross_entropy",):
        return
    for i in sorted(facts.outputs):
        node = facts.graph.nodes[i]
        if isinstance(node.op, Softmax | Sigmoid | Hardsigmoid):
            yield SoftmaxBeforeLoss(span=node.span, uses=node.uses, keyword=node.op.keyword)
