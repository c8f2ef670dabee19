"""The choices left open when a diagram is laid out, and the lengths that its writer and its layout share."""

from collections.abc import Mapping
from typing import NamedTuple

from ...record import Record

STRAIGHT = "500"
"""The weight of arrows that should be straight: well above 128, with which Graphviz keeps clusters narrow."""
GAP = 18
"""Points between adjacent boxes."""


class Title(NamedTuple):
    """The side of a frame's title, `l` or `r`, and the width reserved for it in points."""

    side: str = "r"
    space: float = 0


class Arrangement(Record):
    """The choices left open in a diagram: the positions of cluster titles, by the clusters' names in DOT.

    `skips_first` places skips to the left of what they skip, otherwise to the right. `nudge` moves everything slightly
    apart.
    """

    titles: Mapping[str, Title] = {}
    skips_first: bool = False
    nudge: int = 0
