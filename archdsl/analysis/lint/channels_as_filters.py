"""A convolution written in PyTorch's order: input channels, then filters."""

import re
from collections.abc import Iterator

from ...diagnostics import Diagnostic, Edit, Fix, Severity
from ...graph import BaseGraph, Draft, DraftNode, Node, likely_shape
from ...layers.conv import Conv, UpConv
from ...shapes.symbolic import concrete
from ...text.source import Span
from ._facts import Facts

_KERNEL = 8
_TWO = re.compile(r"(\w+)\s+(\d+)\s+(\d+)\b")


class ChannelsAsFilters(Diagnostic):
    """The arguments of a convolution look like PyTorch's: input channels, then output channels.

    Here the first is the number of filters and the second the kernel size; the input channels are inferred. So
    `conv 3 64` on 3×224×224 has 3 filters of 64×64.

    Source: torch.nn.Conv2d(in_channels, out_channels, kernel_size).
    """

    code = "W0922"
    title = "input channels given as filters"
    wrong = "input 3x224x224\nconv 3 64\n"
    right = "input 3x224x224\nconv 64 k3\n"
    severity = Severity.WARNING
    has_alternatives = True
    fix_is_tried = True

    keyword: str
    filters: int
    kernel: int

    def message(self) -> str:
        return (
            f"`{self.keyword} {self.filters} {self.kernel}` has {self.filters} filters with a kernel of {self.kernel}"
        )

    def label(self) -> str:
        return f"{self.filters} is also the number of input channels"

    def help(self) -> tuple[str, ...]:
        return (f"if you want {self.filters} filters, write `k{self.kernel}` for a kernel of {self.kernel}",)

    def fix(self) -> Fix:
        text = f"{self.keyword} {self.kernel} k3"
        return Fix(title=f"write `{text}`", edits=(Edit(span=self.span, text=text),), why="input channels are inferred")


def find(facts: Facts) -> Iterator[ChannelsAsFilters]:
    """Convolutions with as many filters as input channels, whose kernel of 8 or more has no letter."""
    return _find(facts.graph)


def find_in_draft(draft: Draft) -> Iterator[ChannelsAsFilters]:
    """Like `find`, for a network with errors, which such a kernel may cause."""
    return _find(draft)


def _find(network: BaseGraph[Node] | BaseGraph[DraftNode]) -> Iterator[ChannelsAsFilters]:
    for node in network.nodes:
        op = node.op
        if not isinstance(op, Conv | UpConv) or (isinstance(node, Node) and node.shared is not None):
            continue
        x = likely_shape(network.nodes[node.inputs[0]])
        written = _TWO.match(node.span.text)
        if x is None or not x.spatial or written is None or type(op.kernel) is not int:
            continue
        filters, kernel = concrete(op.filters), op.kernel
        if (
            (str(filters), str(kernel)) == written.groups()[1:]
            and filters == concrete(x.channels)
            and kernel >= _KERNEL
        ):
            span = Span(node.span.source, node.span.start, node.span.start + written.end())
            yield ChannelsAsFilters(span=span, uses=node.uses, keyword=written[1], filters=filters, kernel=kernel)
