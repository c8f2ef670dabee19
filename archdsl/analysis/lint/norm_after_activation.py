"""Batch normalization after the activation; the original paper puts it before."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Severity
from ...layers.activation import ReLU, ReLU6, Sigmoid, Tanh
from ...layers.conv import Convolution
from ...layers.linear import Linear
from ...layers.norm import BatchNorm
from ._facts import Facts


class NormAfterActivation(Diagnostic):
    """Batch normalization comes after the activation; the original paper puts it before.

    The output of relu is never negative, so its mean and variance describe it poorly. Networks have been trained both
    ways, so this is reported only with `--pedantic`.

    Source: Ioffe & Szegedy, Batch Normalization, 2015, section 3.2.
    """

    code = "W0908"
    title = "normalization after the activation"
    wrong = "input 3x32x32\nconv 16 k3; relu; bn\nconv 16 k3; relu\n"
    right = "input 3x32x32\nconv 16 k3 nobias; bn; relu\nconv 16 k3; relu\n"
    severity = Severity.WARNING
    pedantic = True

    activation: str

    def message(self) -> str:
        return f"`bn` comes after `{self.activation}`; the original paper puts it before"

    def help(self) -> tuple[str, ...]:
        return (f"normalize before `{self.activation}`; the bias then has no effect",)


def find(facts: Facts) -> Iterator[NormAfterActivation]:
    """Weights, activation, normalization, in this order with nothing in between."""
    for node, _ in facts.layers(BatchNorm):
        activation = facts.before(node)
        if activation is None or not isinstance(activation.op, ReLU | ReLU6 | Sigmoid | Tanh):
            continue
        weights = facts.before(activation)
        chain = facts.after(activation) is node and weights is not None and facts.after(weights) is activation
        if chain and weights is not None and isinstance(weights.op, Convolution | Linear):
            yield NormAfterActivation(span=node.span, uses=node.uses, activation=activation.op.keyword)
