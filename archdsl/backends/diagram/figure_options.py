"""The style of a diagram, and which labels it has."""

from collections.abc import Callable

from ...contract.styles import STYLES
from ...record import Record
from .figure import BoxRow, Diagram
from .labels import count, short
from .theme import LIGHT, Theme, mixed

KINDS = {style.name: style.legend for style in STYLES.values() if style.legend}
"""The legend entries of the kinds of layers that have their own color."""

SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "div": "÷"}
"""Merges drawn as a round node with a sign; the others are labeled with their name."""


class FontSizes(Record):
    """The sizes of text before a figure is scaled to its place, in points."""

    words: float = 11
    """Layers, the caption."""
    titles: float = 10
    """Titles of stages and blocks."""
    shapes: float = 9
    """Labels of arrows."""
    numbers: float = 8
    """Parameters and MACs; the legend."""


SMALL_FONTS = FontSizes(words=9, titles=9, shapes=9, numbers=9)
"""One size for all text: the most text for the smallest size that is allowed."""


class DiagramStyle(Record):
    """The theme, the direction of the network, the numbers on the layers, the resolution of a PNG in dots per inch.

    With `legend` None, there is a legend if the diagram has colors without labels.
    """

    theme: Theme = LIGHT
    direction: str = "TB"
    parameters: bool = True
    macs: bool = False
    caption: bool = True
    legend: bool | None = None
    dpi: int = 192
    columns: int | None = None
    """The number of columns of a diagram that runs down; None chooses it by the height."""
    fonts: FontSizes = FontSizes()
    shapes: bool = True
    """Whether arrows are labeled with shapes."""
    sheets: bool = False
    """Whether the view `volumes` shows feature maps as sheets."""

    def heading_of(self, diagram: Diagram) -> str:
        """The line above a diagram: its caption, or only what the figure hides; empty if there is none."""
        return diagram.caption if self.caption else diagram.note

    def legend_of(self, diagram: Diagram) -> list[tuple[str, str, str]]:
        """The colors of a diagram, with their borders and meanings; empty if there is no legend."""
        needed = any(box.inside for box in diagram.boxes) or bool(diagram.heat or diagram.changes)
        if not (needed if self.legend is None else self.legend):
            return []
        if diagram.changes:
            kinds = [(self.theme.change(kind), kind) for kind in diagram.changes]
            return [(color, mixed(color, self.theme.text, 0.45), kind) for color, kind in kinds]
        if diagram.heat:
            colors = [(self.theme.heat_color(heat), words) for heat, words in diagram.heat]
            return [(color, mixed(color, self.theme.text, 0.45), words) for color, words in colors]
        found = diagram.styles
        entries = [(kind, words) for kind, words in KINDS.items() if kind in found]
        entries += [("", "other")] if set(found) - set(KINDS) else []
        return [(self.theme.fill(kind), self.theme.border(kind), words) for kind, words in entries]

    def fill(self, row: BoxRow) -> str:
        """The color of a layer: that of its kind, or of its change or its measure if the diagram shows them."""
        if row.change is not None:
            return self.theme.change(row.change)
        return self.theme.fill(row.style) if row.heat is None else self.theme.heat_color(row.heat)

    def border(self, row: BoxRow) -> str:
        """The color of a layer's border: its fill color mixed with the color of the text."""
        return mixed(self.fill(row), self.theme.text, 0.45)

    def numbers(self, row: BoxRow) -> list[str]:
        """The numbers under the name of a layer, or only the measure that colors it, if there is one."""
        if row.heat is not None or row.change is not None:
            return [row.measure] if row.measure and self.parameters else []
        shared = ["shared weights"] if row.shared else []
        parameters = [_each(row.parameters, lambda n: count(n, "parameter"))] if self.parameters else []
        macs = [_each(row.macs, lambda n: short(n, "MAC"))] if self.macs else []
        return [each for each in shared + parameters + macs if each]


def _each(numbers: tuple[int, ...], words: Callable[[int], str]) -> str:
    """A single number in words; for repetitions, `3 × …` if all numbers are equal, otherwise their sum."""
    if not any(numbers):
        return ""
    if len(numbers) == 1:
        return words(numbers[0])
    return f"{len(numbers)} × {words(numbers[0])}" if len(set(numbers)) == 1 else f"{words(sum(numbers))} in all"
