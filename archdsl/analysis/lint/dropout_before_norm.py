"""Dropout whose variance a batch normalisation then learns wrongly."""

from collections.abc import Iterator

from ...contract.layer import Layer
from ...diagnostics import Diagnostic, Label, Severity
from ...layers.norm import BatchNorm
from ...layers.regularisation import ChannelDropout, Dropout
from ...text.source import Span
from ._facts import Facts


class DropoutBeforeNorm(Diagnostic):
    """Dropout stands right before a batch normalisation.

    While training, dropout raises the variance of what it passes on, and the normalisation's running variance learns
    that; when the network is used, dropout does nothing, and the variance no longer fits. Put dropout after the last
    normalisation.

    Source: Li, Chen, Hu & Yang, Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift,
    2019.
    """

    code = "W0909"
    title = "dropout before a batch normalisation"
    wrong = "input 64\nfc 32 nobias; dropout 0.5; bn; relu\nfc 10\n"
    right = "input 64\nfc 32 nobias; bn; relu; dropout 0.5\nfc 10\n"
    severity = Severity.WARNING

    norm_span: Span

    def message(self) -> str:
        return "the variance that `bn` learns after this dropout is not the one that it meets in use"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.norm_span, text="learns the variance with dropout"),)

    def help(self) -> tuple[str, ...]:
        return ("put dropout after the normalisation",)


def find(facts: Facts) -> Iterator[DropoutBeforeNorm]:
    """Dropout that a batch normalisation reads, at most an activation between."""
    for node, op in facts.layers(Dropout, ChannelDropout):
        after = facts.after(node)
        if after is not None and isinstance(after.op, Layer) and after.op.style == "activation":
            after = facts.after(after)
        if op.p > 0 and after is not None and isinstance(after.op, BatchNorm):
            yield DropoutBeforeNorm(span=node.span, uses=node.uses, norm_span=after.span)
