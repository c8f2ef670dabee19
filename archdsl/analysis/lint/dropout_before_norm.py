"""Dropout that distorts the running variance of batch normalization."""

from collections.abc import Iterator

from ...contract.layer import Layer
from ...diagnostics import Diagnostic, Label, Severity
from ...layers.norm import BatchNorm
from ...layers.regularization import ChannelDropout, Dropout
from ...text.source import Span
from ._facts import Facts


class DropoutBeforeNorm(Diagnostic):
    """Dropout comes right before batch normalization.

    During training, dropout raises the variance of its output, and the normalization's running variance adapts to it.
    At inference, dropout does nothing, and the running variance no longer matches. Put dropout after the last
    normalization.

    Source: Li, Chen, Hu & Yang, Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift,
    2019.
    """

    code = "W0909"
    title = "dropout before batch normalization"
    wrong = "input 64\nfc 32 nobias; dropout 0.5; bn; relu\nfc 10\n"
    right = "input 64\nfc 32 nobias; bn; relu; dropout 0.5\nfc 10\n"
    severity = Severity.WARNING

    norm_span: Span

    def message(self) -> str:
        return "after this dropout, the running variance of `bn` does not match the variance at inference"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.norm_span, text="its running variance includes the effect of dropout"),)

    def help(self) -> tuple[str, ...]:
        return ("put dropout after the normalization",)


def find(facts: Facts) -> Iterator[DropoutBeforeNorm]:
    """Dropout that a batch normalization reads, with at most an activation in between."""
    for node, op in facts.layers(Dropout, ChannelDropout):
        after = facts.after(node)
        if after is not None and isinstance(after.op, Layer) and after.op.style == "activation":
            after = facts.after(after)
        if op.p > 0 and after is not None and isinstance(after.op, BatchNorm):
            yield DropoutBeforeNorm(span=node.span, uses=node.uses, norm_span=after.span)
