"""How a picture is to look, and what is said on it."""

from ...record import Record
from .picture import Row
from .theme import LIGHT, Theme
from .words import count, short

SYMBOLS = {"add": "+", "mul": "×"}
"""Merges that are a round node with a sign; the others say their name."""


class Style(Record):
    """The theme, the direction in which the network runs, the numbers on the layers, the dots per inch of a PNG."""

    theme: Theme = LIGHT
    direction: str = "TB"
    parameters: bool = True
    macs: bool = False
    caption: bool = True
    dpi: int = 192

    def numbers(self, row: Row) -> list[str]:
        """What stands under the name of a layer."""
        shared = ["shared weights"] if row.shared else []
        parameters = [count(row.parameters, "parameter")] if self.parameters and row.parameters else []
        macs = [f"{short(row.macs)} MACs"] if self.macs and row.macs else []
        return shared + parameters + macs
