"""The number of an axis that seems to count the batch."""

import re
from collections.abc import Iterator

from ...contract.layer import Op
from ...diagnostics import Diagnostic, Edit, Fix, Severity
from ...graph import Node
from ...layers.activation import GLU, SoftmaxActivation
from ...layers.joining import Concat
from ...shapes.shape import Shape
from ...text.source import Span
from ._facts import Facts

_WRITTEN = re.compile(r"[^;{}\n]*?\b(axis=1)\b(?!x)")
_NAMES = {"h": "the height", "w": "the width", "d": "the depth", "l": "the length"}


class CountedBatch(Diagnostic):
    """`axis=1` is a spatial axis, where PyTorch's `dim=1` is the channels.

    Axes are counted without the batch: the channels of C×H×W are axis 0. Names such as `axis=c` need no counting.

    Source: torch.cat, torch.nn.Softmax, torch.nn.GLU, `dim`.
    """

    code = "W0924"
    title = "axis counted with the batch"
    wrong = "input 10x32x32\nsoftmax axis=1\n"
    right = "input 10x32x32\nsoftmax axis=c\n"
    severity = Severity.WARNING
    has_alternatives = True
    fix_is_tried = True

    keyword: str
    letter: str
    shape: str
    is_literal: bool

    def message(self) -> str:
        return f"axis 1 of {self.shape} is {_NAMES[self.letter]}, because axes are counted without the batch"

    def label(self) -> str:
        return "PyTorch's `dim=1` is `axis=c`"

    def help(self) -> tuple[str, ...]:
        return (f"if you mean {_NAMES[self.letter]}, write `axis={self.letter}`",)

    def fix(self) -> Fix | None:
        if not self.is_literal:
            return None
        return Fix(title="write `axis=c`", edits=(Edit(span=self.span, text="axis=c"),))


def find(facts: Facts) -> Iterator[CountedBatch]:
    """Layers with `axis=1` on signals, images or volumes that would have the same shape, or one, with `axis=c`."""
    for node, op in facts.layers(SoftmaxActivation, GLU, Concat):
        xs = [facts.graph.nodes[i].shape for i in node.inputs]
        if op.axis in (1, (1,)) and xs[0].letters[1:2] in _NAMES and _fits(op, xs):
            yield _warning(node, op, xs[0])


def _fits(op: Op, xs: list[Shape]) -> bool:
    """Whether the layer could have its channels as the axis."""
    return all(x == xs[0] for x in xs) and not (isinstance(op, GLU) and xs[0].channels % 2)


def _warning(node: Node, op: Op, x: Shape) -> CountedBatch:
    source, start = node.span.source, node.span.start
    found = _WRITTEN.match(source.text, start)  # the span of a merge is its keyword
    span = node.span if found is None else Span(source, *found.span(1))
    return CountedBatch(
        span=span,
        uses=node.uses,
        keyword=op.keyword,
        letter=x.letters[1],
        shape=str(x),
        is_literal=found is not None,
    )
