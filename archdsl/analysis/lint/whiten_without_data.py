"""Weights that training images decide, in a text that names none."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Severity
from ...layers.conv import Conv
from ._facts import Facts


class WhitenWithoutData(Diagnostic):
    """`init=whiten` sets filters from training images, and the text names no data to train with.

    `archdsl train` computes them, from the `train { data … }` of the text or with `--data`. A module that is compiled
    from the text alone has these filters as torch draws them, until the weights of a trained run are loaded.

    Source: Jordan, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU, 2024, section 3.2.
    """

    code = "W0918"
    title = "filters to be set from images that are not named"
    wrong = "input 1x8x8\nconv 8 k2 init=whiten; gelu; flatten; fc 10\n"
    right = "input 1x8x8\nconv 8 k2 init=whiten; gelu; flatten; fc 10\ntrain { data digits }\n"
    severity = Severity.WARNING

    def message(self) -> str:
        return "`whiten` is computed from training images, and this text names none"

    def help(self) -> tuple[str, ...]:
        return ("`train { data cifar10 }`, or `archdsl train --data`", "compiled alone, the filters are as torch draws")


def find(facts: Facts) -> Iterator[WhitenWithoutData]:
    """Convolutions that begin so, where no line of the recipe is `data`."""
    if any(setting.name == "data" for setting in facts.graph.training):
        return
    for node, op in facts.layers(Conv):
        if op.whitening() is not None:
            yield WhitenWithoutData(span=node.span, uses=node.uses)
