"""Parts of the figures: grids of cells with numbers, images as PNG, HTML around them."""

import struct
import zlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape

from ..record import Record

CELL = 28
"""The size of a cell in pixels: three digits of 10 px fit into it, and twelve cells fit on a phone."""


class Cell(Record):
    """One cell of a grid: its number, a gray value from 0 to 1 (None: the page's background), and its marks.

    Marks are CSS classes, such as `read` for elements under the window.
    """

    text: str = ""
    shade: float | None = None
    marks: str = ""


class LectureFigure(Record):
    """A figure for a page: HTML, and the sentence that describes it."""

    html: str
    text: str


def grid(cells: Sequence[Sequence[Cell]], label: str, target: str = "", cell: int = CELL) -> str:
    """A grid of cells as SVG, with a description for screen readers.

    With `target`, a click on a cell sets the row and the column: `target` is the prefix of the names of these settings.
    """
    height, width = len(cells), len(cells[0])
    parts = [
        f'<svg class="lecture-grid" viewBox="-1 -1 {width * cell + 2} {height * cell + 2}" '
        f'width="{width * cell + 2}" role="img" aria-label="{escape(label)}">'
    ]
    for r, row in enumerate(cells):
        for c, each in enumerate(row):
            parts.append(_cell(each, r, c, cell, target))
    return "".join([*parts, "</svg>"])


def _cell(each: Cell, r: int, c: int, size: int, target: str) -> str:
    fill = "" if each.shade is None else f' style="fill:{gray(each.shade)}"'
    dark = "" if each.shade is None else (" on-light" if each.shade > 0.5 else " on-dark")
    data = f' data-row="{r}" data-column="{c}" data-target="{target}"' if target else ""
    box = f'<rect x="{c * size}" y="{r * size}" width="{size}" height="{size}" class="{each.marks}"{fill}{data}/>'
    if not each.text:
        return box
    x, y = c * size + size / 2, r * size + size / 2
    return f'{box}<text x="{x:g}" y="{y:g}" class="{each.marks}{dark}">{escape(each.text)}</text>'


def gray(shade: float) -> str:
    """A gray from 0, black, to 1, white, as CSS writes it."""
    value = round(255 * min(1.0, max(0.0, shade)))
    return f"rgb({value},{value},{value})"


def image(rows: Sequence[Sequence[int]], label: str, width: int, target: str = "") -> str:
    """A gray image of pixels from 0 to 255, shown at this width in CSS pixels."""
    data = b64encode(png(rows)).decode()
    click = f' data-rows="{len(rows)}" data-columns="{len(rows[0])}" data-target="{target}"' if target else ""
    return (
        f'<img class="lecture-image" alt="{escape(label)}" width="{width}" '
        f'height="{width * len(rows) // len(rows[0])}" src="data:image/png;base64,{data}"{click}>'
    )


def png(rows: Sequence[Sequence[int]]) -> bytes:
    """A gray image of 8 bits as PNG (ISO/IEC 15948)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    lines = b"".join(b"\0" + bytes(row) for row in rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")


def panel(title: str, content: str) -> str:
    """A part of a figure under its title."""
    return f'<div class="lecture-panel"><p>{escape(title)}</p>{content}</div>'


def panels(*parts: str) -> str:
    """Parts of a figure, next to each other where there is room."""
    return f'<div class="lecture-panels">{"".join(parts)}</div>'


def filled(height: int, width: int, cell: Callable[[int, int], Cell]) -> list[list[Cell]]:
    """A grid whose cells a function returns."""
    return [[cell(r, c) for c in range(width)] for r in range(height)]


def refused(error: Exception) -> LectureFigure:
    """The message of an error in place of a figure."""
    text = str(error).strip()
    return LectureFigure(html=f'<pre class="lecture-error">{escape(text)}</pre>', text=text.splitlines()[0])
