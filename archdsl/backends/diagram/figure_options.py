"""How a picture is to look, and what is said on it."""

from collections.abc import Callable

from ...contract.styles import STYLES
from ...record import Record
from .figure import BoxRow, Diagram
from .labels import count, short
from .theme import LIGHT, Theme

KINDS = {style.name: style.legend for style in STYLES.values() if style.legend}
"""What the kinds of layers that have a colour of their own are called in a legend."""

SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "div": "÷"}
"""Merges that are a round node with a sign; the others say their name."""


class DiagramStyle(Record):
    """The theme, the direction in which the network runs, the numbers on the layers, the dots per inch of a PNG.

    `legend` None is one where the picture has colours without words.
    """

    theme: Theme = LIGHT
    direction: str = "TB"
    parameters: bool = True
    macs: bool = False
    caption: bool = True
    legend: bool | None = None
    dpi: int = 192
    columns: int | None = None
    """How many columns a picture that runs down is set in; None is as many as its height asks for."""

    def legend_of(self, diagram: Diagram) -> list[tuple[str, str, str]]:
        """The colours of a picture, with their borders and what they stand for; empty where there is no legend."""
        wanted = any(box.inside for box in diagram.boxes) if self.legend is None else self.legend
        if not wanted:
            return []
        found = diagram.styles
        entries = [(kind, words) for kind, words in KINDS.items() if kind in found]
        entries += [("", "other")] if set(found) - set(KINDS) else []
        return [(self.theme.fill(kind), self.theme.border(kind), words) for kind, words in entries]

    def numbers(self, row: BoxRow) -> list[str]:
        """What stands under the name of a layer."""
        shared = ["shared weights"] if row.shared else []
        parameters = [_each(row.parameters, lambda n: count(n, "parameter"))] if self.parameters else []
        macs = [_each(row.macs, lambda n: short(n, "MAC"))] if self.macs else []
        return [each for each in shared + parameters + macs if each]


def _each(numbers: tuple[int, ...], words: Callable[[int], str]) -> str:
    """The number of one, `3 × ` it for equal repetitions, the sum of unequal ones."""
    if not any(numbers):
        return ""
    if len(numbers) == 1:
        return words(numbers[0])
    return f"{len(numbers)} × {words(numbers[0])}" if len(set(numbers)) == 1 else f"{words(sum(numbers))} in all"
