"""A filter on a photograph: a preset, such as Sobel or blur, or the reader's own numbers."""

from collections.abc import Mapping, Sequence
from math import isfinite

from ..network import loads
from .panels import Cell, LectureFigure, filled, grid, image, panel, panels
from .photograph import SIZE, photograph
from .phrases import signed, words
from .small_networks import Map, evaluate

PRESETS: Mapping[str, tuple[float, ...]] = {
    "sobel_x": (-1, 0, 1, -2, 0, 2, -1, 0, 1),
    "sobel_y": (-1, -2, -1, 0, 0, 0, 1, 2, 1),
    "blur": (1 / 9,) * 9,
    "sharpen": (0, -1, 0, -1, 5, -1, 0, -1, 0),
    "laplace": (0, 1, 0, 1, -4, 1, 0, 1, 0),
    "identity": (0, 0, 0, 0, 1, 0, 0, 0, 0),
}
"""3×3 filters by name; the filters of Sobel & Feldman (1968) respond to vertical and to horizontal edges."""
_LARGEST = 1000
_WIDTH = 288


def figure(
    preset: str = "sobel_x",
    numbers: Sequence[float] = (),
    row: int = 33,
    column: int = 51,
    language: str = "en",
) -> LectureFigure:
    """The photograph, the result of a 3×3 filter with zero padding, and the sum at one pixel.

    `numbers` are nine weights, row by row, if `preset` is `own`. Raises ValueError for other settings.
    """
    weights = tuple(map(float, numbers)) if preset == "own" else PRESETS.get(preset, ())
    if len(weights) != 9 or not all(isfinite(each) and abs(each) <= _LARGEST for each in weights):
        raise ValueError(f"a filter is one of {', '.join(PRESETS)}, or own with 9 numbers of at most {_LARGEST}")
    row, column = (min(max(each, 0), SIZE - 1) for each in (row, column))
    pixels: Map = [[float(value) for value in line] for line in photograph()]
    output = filtered(pixels, weights)
    shown = [[min(255, round(abs(value))) for value in line] for line in output]
    translations = words(language)
    parts = [
        panel(translations["photograph"], _marked(photograph(), row, column, translations["photograph"])),
        panel(translations["feature map"], _marked(shown, row, column, translations["feature map"])),
        panel(translations["sum"], _sum(pixels, weights, row, column)),
    ]
    text = translations["filter"].format(row=row, column=column, value=signed(round(output[row][column], 2)))
    return LectureFigure(html=panels(*parts), text=text)


def filtered(pixels: Map, weights: Sequence[float]) -> Map:
    """The feature map of one 3×3 filter, of the same size."""
    graph = loads(f"input 1x{len(pixels)}x{len(pixels[0])}; conv 1 k3 p1 nobias").graph
    (node,) = graph.layers
    return evaluate(graph, {f"{'.'.join(node.path)}.weight": weights}, [pixels])[node.id][0]


def _marked(rows: Sequence[Sequence[int]], row: int, column: int, label: str) -> str:
    """An image with a box around the window."""
    scale = 100 / SIZE
    place = f"left:{(column - 1) * scale:.3f}%;top:{(row - 1) * scale:.3f}%;width:{3 * scale:.3f}%"
    box = f'<span class="lecture-box" style="{place};height:{3 * scale:.3f}%"></span>'
    return f'<div class="lecture-photo">{image(rows, label, _WIDTH, target="-")}{box}</div>'


def _sum(pixels: Map, weights: Sequence[float], row: int, column: int) -> str:
    """The products at one position, as a grid of nine cells."""

    def value(r: int, c: int) -> float:
        y, x = row + r - 1, column + c - 1
        return pixels[y][x] if 0 <= y < SIZE and 0 <= x < SIZE else 0.0

    def cell(r: int, c: int) -> Cell:
        weight = signed(round(weights[3 * r + c], 2))
        return Cell(text=f"{weight}·{value(r, c):g}", shade=value(r, c) / 255)

    terms = [f"{signed(round(weights[3 * r + c], 2))}·{value(r, c):g}" for r in range(3) for c in range(3)]
    return grid(filled(3, 3, cell), " + ".join(terms), cell=76)
