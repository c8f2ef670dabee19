"""Batch normalisation after the activation, where its paper has it before."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Severity
from ...layers.activation import ReLU, ReLU6, Sigmoid, Tanh
from ...layers.conv import Convolution
from ...layers.linear import Linear
from ...layers.norm import BatchNorm
from ._facts import Facts


class NormAfterActivation(Diagnostic):
    """Batch normalisation stands after the activation; its paper puts it between the weights and the activation.

    What comes out of relu is never negative, so its mean and variance describe it badly, and the bias before it
    keeps its effect. Networks have been trained both ways: this is told with `--pedantic` only.

    Source: Ioffe & Szegedy, Batch Normalization, 2015, section 3.2.
    """

    code = "W0908"
    title = "a normalisation after the activation"
    wrong = "input 3x32x32\nconv 16 k3; relu; bn\nconv 16 k3; relu\n"
    right = "input 3x32x32\nconv 16 k3 nobias; bn; relu\nconv 16 k3; relu\n"
    severity = Severity.WARNING
    pedantic = True

    activation: str

    def message(self) -> str:
        return f"`bn` stands after `{self.activation}`; its paper has it before"

    def help(self) -> tuple[str, ...]:
        return (f"`nobias; bn; {self.activation}`",)


def find(facts: Facts) -> Iterator[NormAfterActivation]:
    """Weights, activation, normalisation, in this order and nothing between."""
    for node, _ in facts.layers(BatchNorm):
        activation = facts.before(node)
        if activation is None or not isinstance(activation.op, ReLU | ReLU6 | Sigmoid | Tanh):
            continue
        weights = facts.before(activation)
        chain = facts.after(activation) is node and weights is not None and facts.after(weights) is activation
        if chain and weights is not None and isinstance(weights.op, Convolution | Linear):
            yield NormAfterActivation(span=node.span, uses=node.uses, activation=activation.op.keyword)
