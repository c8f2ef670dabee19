"""A lint: pooling of values that may be negative."""

from collections.abc import Iterator

from archdsl.extension import Diagnostic, Facts, Severity

from .layers import GeM

_SIGNED = frozenset({"conv", "linear", "norm"})


class NegativeInput(Diagnostic):
    """`gem` counts negative values as 0, because it raises values to a power that is not an integer.

    After a convolution or a normalization, about half of the values are negative, and their gradient is 0.

    Source: Radenović et al., Fine-tuning CNN Image Retrieval with No Human Annotation, 2018: pooling follows a ReLU.
    """

    code = "GEM01"
    title = "generalized mean of negative values"
    wrong = 'use "gempool"\ninput 3x64x64\nconv 16 k3\ngem\n'
    right = 'use "gempool"\ninput 3x64x64\nconv 16 k3; relu\ngem\n'
    severity = Severity.WARNING

    before: str

    def message(self) -> str:
        return f"`gem` discards the negative values that `{self.before}` returns"

    def help(self) -> tuple[str, ...]:
        return ("add `relu` before it",)


def find(facts: Facts) -> Iterator[NegativeInput]:
    """Generalized means right after a layer with weights or a normalization."""
    for node, _ in facts.layers(GeM):
        before = facts.before(node)
        if before is not None and before.op.style in _SIGNED:
            yield NegativeInput(span=node.span, uses=node.uses, before=before.op.keyword)
