"""The legend of a figure that archdsl lays out itself."""

from collections.abc import Sequence

from .drawing import Polygon, ShapeGroup, TextLabel
from .font_metrics import width_of
from .theme import Theme

_SQUARE = 8.0


def legend_rows(
    entries: Sequence[tuple[str, str, str]], across: tuple[float, float], bottom: float, size: float, theme: Theme
) -> list[ShapeGroup]:
    """Colors with their borders and meanings below a figure, in rows that are no wider than it if possible.

    `across` are the left and the right end of the figure.
    """
    rows: list[list[tuple[tuple[str, str, str], float]]] = []
    for entry in entries:
        wide = 20 + width_of(entry[2], size)
        if not rows or sum(width for _, width in rows[-1]) + wide > across[1] - across[0]:
            rows.append([])
        rows[-1].append((entry, wide))
    found = []
    for number, row in enumerate(rows):
        x, y = sum(across) / 2 - sum(wide for _, wide in row) / 2, bottom + 10 + number * (size + 6)
        for (color, border, words), wide in row:
            corners = ((x, y), (x + _SQUARE, y), (x + _SQUARE, y + _SQUARE), (x, y + _SQUARE))
            label = TextLabel(at=(x + 11 + (wide - 20) / 2, y + 7), text=words, color=theme.note, size=size)
            found.append(ShapeGroup(shapes=(Polygon(points=corners, fill=color, line=border), label)))
            x += wide
    return found
