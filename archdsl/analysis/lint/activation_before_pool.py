"""An activation before max pooling that could come after it."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Label, Severity
from ...layers.activation import ReLU, ReLU6, Sigmoid, Tanh
from ...layers.pool import GlobalMaxPool, MaxPool
from ...text.source import Span
from ._facts import Facts


class ActivationBeforePool(Diagnostic):
    """A non-decreasing activation comes before max pooling; in the reverse order the result is the same.

    The maximum of relu is the relu of the maximum, and after 2×2 pooling there is a quarter as much to compute. The
    saving is small, and most published networks use the more expensive order, so this is reported only with
    `--pedantic`.

    Source: for any non-decreasing f, max(f(a), f(b)) = f(max(a, b)).
    """

    code = "W0913"
    title = "activation before max pooling"
    wrong = "input 3x32x32\nconv 16 k3 p1; relu; maxpool 2\n"
    right = "input 3x32x32\nconv 16 k3 p1; maxpool 2; relu\n"
    severity = Severity.WARNING
    pedantic = True

    activation: str
    pool: str
    pool_span: Span
    before: int
    after: int

    def message(self) -> str:
        return f"`{self.pool}` before `{self.activation}` gives the same result with less work"

    def label(self) -> str:
        return f"{self.before:,} elements here, {self.after:,} after the pooling"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.pool_span, text="takes the maximum"),)


def find(facts: Facts) -> Iterator[ActivationBeforePool]:
    """Activations that only max pooling reads, if its output is smaller."""
    for node, op in facts.layers(ReLU, ReLU6, Sigmoid, Tanh):
        after = facts.after(node)
        if after is None or not isinstance(after.op, MaxPool | GlobalMaxPool):
            continue
        if after.shape.numel < node.shape.numel:
            yield ActivationBeforePool(
                span=node.span,
                uses=node.uses,
                activation=op.keyword,
                pool=after.op.keyword,
                pool_span=after.span,
                before=node.shape.numel,
                after=after.shape.numel,
            )
