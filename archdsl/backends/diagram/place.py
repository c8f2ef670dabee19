"""The place of a figure: its width and height, and the smallest text that is readable there."""

import re
from typing import Self

from ...record import Record
from .labels import decimal
from .view import View

MM = 72 / 25.4
"""Points in a millimeter."""
UNITS = {"mm": MM, "cm": 10 * MM, "in": 72.0, "pt": 1.0, "px": 0.75}
"""Points in each unit of length; a pixel is that of CSS."""
_LENGTH = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(mm|cm|in|pt|px)")
SHORTEST, LONGEST = 20.0, 20_000.0
"""The limits of a width or height, in points."""


class Place(Record):
    """Where a figure is printed or shown; lengths in points.

    `width` and `height` are its limits, None if there is none; `compact` is a height that it should have if that costs
    no detail. `font` is the smallest text; `largest` is the maximum factor by which text is enlarged. A figure that
    fills its place is as large as possible; any other is only as high as it needs to be. `margin` is around the figure.
    """

    name: str
    width: float | None
    height: float | None
    font: float
    compact: float | None = None
    largest: float = 1.0
    fills: bool = False
    margin: float = 1.0

    @property
    def words(self) -> str:
        """Its size in millimeters: `85×60 mm`."""
        match self.width, self.height:
            case (float() as width, float() as height):
                return f"{decimal(round(width / MM, 1))}×{decimal(round(height / MM, 1))} mm"
            case (float() as width, _):
                return f"a width of {decimal(round(width / MM, 1))} mm"
            case (_, float() as height):
                return f"a height of {decimal(round(height / MM, 1))} mm"
            case _:
                return "any size"


PLACES = {
    place.name: place
    for place in (
        # A column of a two-column journal; 6 pt is close to the smallest text that journals accept in a figure.
        Place(name="column", width=85 * MM, height=230 * MM, font=6, compact=110 * MM),
        Place(name="page", width=174 * MM, height=230 * MM, font=6, compact=120 * MM),
        # 16:9 in the size of PowerPoint, 13.33×7.5 inches.
        Place(name="slide", width=960.0, height=540.0, font=10, largest=2.2, fills=True, margin=20),
        # The text of a file on GitHub is 830 pixels wide.
        Place(name="readme", width=622.0, height=900.0, font=7.5, compact=420.0),
        Place(name="poster", width=560 * MM, height=400 * MM, font=20, largest=8, fills=True, margin=30),
    )
}
"""The places with a name."""


class PlaceChoices(Record):
    """What may be chosen for a place, most detailed first; a given option is the only choice."""

    views: tuple[View, ...] = (View.LAYERS, View.BLOCKS, View.STAGES)
    directions: tuple[str, ...] = ("TB", "LR")
    parameters: tuple[bool, ...] = (True, False)

    @classmethod
    def given(cls, view: str | None, direction: str | None, parameters: bool | None) -> Self:
        """The choices that these options leave open; None for an option that is not given."""
        free = cls()
        return cls(
            views=free.views if view is None else (View(view),),
            directions=free.directions if direction is None else (direction,),
            parameters=free.parameters if parameters is None else (parameters,),
        )


def length_of(text: str, examples: str = "85mm, 8.5cm, 3.3in, 240pt or 800px") -> float:
    """A length in points: `85mm`, `3.3in`, `7pt`. Raises ValueError, which shows the examples."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        unit = "a number without a unit" if re.fullmatch(r"[\d.]+", text.strip()) else "not a length"
        raise ValueError(f"`{text}` is {unit}: write it like {examples}")
    return float(found[1]) * UNITS[found[2]]


def place_of(name: str | None, width: str | None, height: str | None, font: str | None) -> Place | None:
    """The requested place, with its own width, height and font if they are given. Raises ValueError."""
    if name is None and width is None and height is None:
        if font is not None:
            raise ValueError("a font size needs the size of the figure: add --width, --height or --for")
        return None
    known = PLACES[name] if name is not None else None
    wide, high = (None if side is None else _side(side) for side in (width, height))
    size = _font(font) if font is not None else known.font if known is not None else 6.0
    if known is None:
        return Place(name="", width=wide, height=high, font=size)
    compact = None if high is not None else known.compact
    return known.replace(width=wide or known.width, height=high or known.height, font=size, compact=compact)


def _side(text: str) -> float:
    length = length_of(text)
    if not SHORTEST <= length <= LONGEST:
        raise ValueError(f"`{text}` is out of range: a figure is 7.1 mm to 7 m wide and high")
    return length


def _font(text: str) -> float:
    size = length_of(text, "7pt, 2.5mm or 9px")
    if not 1 <= size <= 100:
        raise ValueError(f"`{text}` is out of range: a font size is 1pt to 100pt")
    return size
