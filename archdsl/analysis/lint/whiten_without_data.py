"""Weights computed from training images, in a text that names no data set."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Severity
from ...layers.conv import Conv
from ._facts import Facts


class WhitenWithoutData(Diagnostic):
    """`init=whiten` computes filters from training images, but the text names no data to train with.

    `archdsl train` computes them from `train { data … }` in the text or from `--data`. A module compiled from the text
    alone has PyTorch's random filters until the weights of a trained run are loaded.

    Source: Jordan, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU, 2024, section 3.2.
    """

    code = "W0918"
    title = "whitening without data"
    wrong = "input 1x8x8\nconv 8 k2 init=whiten; gelu; flatten; fc 10\n"
    right = "input 1x8x8\nconv 8 k2 init=whiten; gelu; flatten; fc 10\ntrain { data digits }\n"
    severity = Severity.WARNING

    def message(self) -> str:
        return "`init=whiten` needs training images, but this text names no data"

    def help(self) -> tuple[str, ...]:
        return ("name the data in the `train` block, or use `archdsl train --data`", "otherwise the filters are random")


def find(facts: Facts) -> Iterator[WhitenWithoutData]:
    """Convolutions with this initializer, if no line of the recipe is `data`."""
    if any(setting.name == "data" for setting in facts.graph.training):
        return
    for node, op in facts.layers(Conv):
        if op.whitening() is not None:
            yield WhitenWithoutData(span=node.span, uses=node.uses)
