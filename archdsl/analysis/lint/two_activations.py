"""An activation of an activation."""

from collections.abc import Iterator

from ...contract.layer import Layer
from ...diagnostics import Diagnostic, Label, Related, Severity
from ...layers.activation import GLU
from ._facts import Facts


class TwoActivations(Diagnostic):
    """Two activations follow each other with no learned layer between them.

    The second receives only the output of the first: in `relu; softmax`, all classes that relu set to 0 get the same
    probability, and in `relu; relu` the second does nothing. Usually a layer between them is missing.

    Source: Goodfellow, Bengio & Courville, Deep Learning, 2016, section 6.3: a hidden layer is one affine map and one
    nonlinearity.
    """

    code = "W0907"
    title = "two activations in a row"
    wrong = "input 64\nfc 32; relu; tanh\nfc 10\n"
    right = "input 64\nfc 32; relu\nfc 32; tanh\nfc 10\n"
    severity = Severity.WARNING

    first: str
    second: str
    maker: Related

    def message(self) -> str:
        return f"`{self.second}` follows `{self.first}` with no learned layer between them"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.maker.span, text="the first"),) if self.maker.span != self.span else ()

    def help(self) -> tuple[str, ...]:
        return ("remove one of the two, or put a layer between them",)


def find(facts: Facts) -> Iterator[TwoActivations]:
    """Activations that read an activation whose result has no other reader."""
    for node, op in facts.layers(Layer):
        before = facts.before(node)
        if op.style != "activation" or isinstance(op, GLU) or before is None or before.op is None:
            continue
        if before.op.style == "activation" and not isinstance(before.op, GLU) and facts.after(before) is node:
            maker = Related(span=before.span, shape=str(before.shape))
            yield TwoActivations(
                span=node.span, uses=node.uses, first=before.op.keyword, second=op.keyword, maker=maker
            )
