"""A bias that the normalization after it cancels."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Edit, Fix, Label, Severity
from ...graph import Node
from ...layers.conv import Convolution, UpConv
from ...layers.linear import Linear
from ...layers.norm import BatchNorm, InstanceNorm
from ...text.counts import counted
from ...text.source import Span
from ._facts import Facts


class BiasBeforeNorm(Diagnostic):
    """A layer adds a bias to each channel, and the normalization after it subtracts the channel's mean.

    The bias has no effect, but takes memory. Write `nobias`. If the weights of a published network include the bias,
    `bias=1` keeps it without a warning.

    Source: Ioffe & Szegedy, Batch Normalization, 2015, section 3.2.
    """

    code = "W0903"
    title = "bias before normalization"
    wrong = "input 3x32x32\nconv 16 k3 p1; bn; relu\n"
    right = "input 3x32x32\nconv 16 k3 p1 nobias; bn; relu\n"
    severity = Severity.WARNING

    keyword: str
    norm: str
    norm_span: Span
    count: int

    def message(self) -> str:
        return f"the bias of this `{self.keyword}` has no effect: `{self.norm}` subtracts it"

    def label(self) -> str:
        return f"{counted(self.count, 'parameter')} without effect"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.norm_span, text="subtracts each channel's mean"),)

    def help(self) -> tuple[str, ...]:
        return ("add `nobias`",)

    def fix(self) -> Fix:
        # Not safe: existing checkpoints contain the bias.
        return Fix(title="add `nobias`", edits=(Edit(span=self.span.tail, text=" nobias"),))


def find(facts: Facts) -> Iterator[BiasBeforeNorm]:
    """Convolutions and linear maps with a bias that only a normalization of each channel reads."""
    for node, op in facts.layers(Convolution, UpConv, Linear):
        after = facts.after(node)
        if not op.bias or after is None or not isinstance(after.op, BatchNorm | InstanceNorm):
            continue
        span = _arguments(node)
        if span is not None:
            yield BiasBeforeNorm(
                span=span,
                uses=node.uses,
                keyword=op.keyword,
                count=node.shape.channels,
                norm=after.op.keyword,
                norm_span=after.span,
            )


def _arguments(node: Node) -> Span | None:
    """The statement up to its last argument; None if it has `bias=`, which is intentional."""
    if "bias" in node.arguments:
        return None
    return node.span._replace(end=max(span.end for span in node.arguments.values()))
