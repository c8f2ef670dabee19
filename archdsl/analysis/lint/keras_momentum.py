"""A momentum of batch normalization in Keras's terms."""

import re
from collections.abc import Iterator

from ...diagnostics import Diagnostic, Edit, Fix, Severity
from ...layers.norm import BatchNorm
from ...text.source import Span
from ._facts import Facts

_LEAST = 0.8


class KerasMomentum(Diagnostic):
    """The momentum of batch normalization looks like Keras's, which is 1 minus that of PyTorch.

    Here, as in PyTorch, it is the weight of the new batch: `momentum=0.99` almost replaces the running statistics with
    those of the last batch. Keras's 0.99, the weight of the running statistics, is `momentum=0.01`.

    Source: torch.nn.BatchNorm2d, the note on `momentum`; keras.layers.BatchNormalization.
    """

    code = "W0923"
    title = "momentum in Keras's terms"
    wrong = "input 3x32x32\nconv 16 k3 nobias; bn momentum=0.99\n"
    right = "input 3x32x32\nconv 16 k3 nobias; bn momentum=0.01\n"
    severity = Severity.WARNING
    fix_is_tried = True

    momentum: str
    instead: str
    is_literal: bool

    def message(self) -> str:
        return f"with `momentum={self.momentum}`, the running statistics are nearly those of the last batch"

    def label(self) -> str:
        return f"Keras's {self.momentum} is {self.instead} here"

    def fix(self) -> Fix | None:
        if not self.is_literal:
            return None
        text = f"momentum={self.instead}"
        return Fix(title=f"write `{text}`", edits=(Edit(span=self.span, text=text),))


def find(facts: Facts) -> Iterator[KerasMomentum]:
    """Batch normalization with a momentum from 0.8, but less than 1."""
    for node, op in facts.layers(BatchNorm):
        if not _LEAST <= op.momentum < 1:
            continue
        found = re.search(r"\bmomentum=(0?\.\d+)", node.span.text)
        value = found[1] if found is not None else str(op.momentum)
        start = node.span.start
        span = node.span if found is None else Span(node.span.source, start + found.start(), start + found.end())
        yield KerasMomentum(
            span=span, uses=node.uses, momentum=value, instead=f"{1 - float(value):.6g}", is_literal=found is not None
        )
