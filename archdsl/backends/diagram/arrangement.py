"""What is left to choose when a figure is laid out, and the figures that its writer and its layout share."""

from collections.abc import Mapping
from typing import NamedTuple

from ...record import Record

STRAIGHT = "500"
"""The weight of arrows that run straight: well above 128, with which Graphviz makes clusters narrow."""
GAP = 18
"""Points between two boxes beside each other."""


class Title(NamedTuple):
    """Where the name of a frame stands: `l` or `r`, and how wide, in points, the room is that is made for it."""

    side: str = "r"
    room: float = 0


class Arrangement(Record):
    """What is left to choose in a picture: where the titles of clusters stand, by their names in DOT.

    Skips that come first run at the left of what they skip, else at the right. A `nudge` moves all things apart a bit.
    """

    titles: Mapping[str, Title] = {}
    skips_first: bool = False
    nudge: int = 0
