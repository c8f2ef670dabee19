"""A window that slides over an image: what it reads, how often, and what it never reads."""

from collections.abc import Mapping

from ..analysis.input_coverage import InputCoverage
from ..graph import Graph, Node
from ..layers.conv import Conv
from ..layers.pool import Pooling
from ..network import ArchError, loads
from ..shapes.shape import Window
from .panels import CELL, Cell, LectureFigure, filled, grid, panel, panels, refused
from .phrases import signed, words
from .small_networks import Map, evaluate, padded
from .stored_lenet5 import digit


def statement(operation: str, kernel: int, stride: int, padding: int) -> str:
    """The layer that the settings describe: `conv 1 k3 s2 p1 nobias`."""
    step, pad = f" s{stride}", f" p{padding}" if padding else ""
    return f"conv 1 k{kernel}{step}{pad} nobias" if operation == "conv" else f"{operation} {kernel}{step}{pad}"


def edge(kernel: int) -> list[float]:
    """A filter that subtracts the left half of the window from the right; for a kernel of 1, the identity."""
    row = [float((2 * j > kernel - 1) - (2 * j < kernel - 1)) for j in range(kernel)]
    return row * kernel if kernel > 1 else [1.0]


def figure(
    operation: str = "conv",
    size: int = 8,
    kernel: int = 3,
    stride: int = 2,
    padding: int = 0,
    row: int = 0,
    column: int = 1,
    language: str = "en",
) -> LectureFigure:
    """The window at one position of the output, the numbers under it, and how often each pixel is read.

    The image is a digit, cropped to `size`×`size`. If the window does not fit, the figure is the error message. Raises
    ValueError for settings out of range.
    """
    if not (3 <= size <= 8 and 1 <= kernel <= 5 and 1 <= stride <= 4 and 0 <= padding <= 2):
        raise ValueError("size is from 3 to 8, kernel from 1 to 5, stride from 1 to 4, padding from 0 to 2")
    if operation not in ("conv", "maxpool", "avgpool"):
        raise ValueError("operation is conv, maxpool or avgpool")
    text = statement(operation, kernel, stride, padding)
    try:
        graph = loads(f"input 1x{size}x{size}; {text}").graph
    except ArchError as error:
        return refused(error)
    pixels = [[float(value) for value in line[:size]] for line in digit(3)[:size]]
    return _shown(graph, text, pixels, edge(kernel), (row, column), words(language))


def _windows(graph: Graph, node: Node) -> tuple[Window, ...]:
    op = node.op
    assert isinstance(op, Conv | Pooling)
    return op.windows(graph.shapes_in(node)[0])


def _shown(
    graph: Graph, text: str, pixels: Map, weights: list[float], at: tuple[int, int], translations: Mapping[str, str]
) -> LectureFigure:
    node = graph.output
    windows = _windows(graph, node)
    output = evaluate(graph, {f"{'.'.join(node.path)}.weight": weights}, [pixels])[node.id][0]
    row, column = (min(each, size - 1) for each, size in zip(at, (len(output), len(output[0])), strict=True))
    counts = _counts(graph, node, len(pixels))
    parts = [
        panel(translations["image"], _image(pixels, windows, (row, column), counts)),
        panel(translations["output"], _output(output, (row, column))),
        panel(translations["reads"], _coverage(counts)),
    ]
    unread = sum(count == 0 for line in counts for count in line)
    sentence = translations["window"].format(
        text=text,
        arithmetic=windows[0].explain(len(pixels)),
        out=f"{len(output)}×{len(output[0])}",
        row=row,
        column=column,
        value=signed(output[row][column]),
        corner=counts[0][0],
        middle=counts[len(counts) // 2][len(counts) // 2],
        unread=unread,
        pixels=len(pixels) ** 2,
    )
    return LectureFigure(html=panels(*parts), text=sentence)


def _counts(graph: Graph, node: Node, size: int) -> list[list[int]]:
    """How many positions of the output read each pixel."""
    coverage = InputCoverage(graph).counts(node)
    return [[coverage.count((r, c)) for c in range(size)] for r in range(size)]


def _image(pixels: Map, windows: tuple[Window, ...], at: tuple[int, int], counts: list[list[int]]) -> str:
    rows, columns = windows
    full = padded(pixels, windows, 0.0)
    top, left = at[0] * rows.stride, at[1] * columns.stride

    def cell(r: int, c: int) -> Cell:
        inner = (r - rows.before, c - columns.before)
        inside = 0 <= inner[0] < len(pixels) and 0 <= inner[1] < len(pixels)
        marks = ["pixel" if inside else "padding"]
        if top <= r < top + rows.extent and left <= c < left + columns.extent:
            marks.append("read")
        if inside and not counts[inner[0]][inner[1]]:
            marks.append("never")
        return Cell(text=f"{full[r][c]:g}", shade=full[r][c] / 255 if inside else None, marks=" ".join(marks))

    label = f"{len(pixels)}×{len(pixels)}, {at[0]}, {at[1]}"
    return grid(filled(len(full), len(full[0]), cell), label)


def _output(output: Map, at: tuple[int, int]) -> str:
    cells = [
        [
            Cell(text=signed(round(value)), marks="value read" if (r, c) == at else "value")
            for c, value in enumerate(line)
        ]
        for r, line in enumerate(output)
    ]
    return grid(cells, f"{len(output)}×{len(output[0])}", target="-", cell=CELL + 8)


def _coverage(counts: list[list[int]]) -> str:
    most = max(max(line) for line in counts) or 1
    cells = [
        [Cell(text=str(count), shade=1 - 0.8 * count / most, marks="" if count else "never") for count in line]
        for line in counts
    ]
    return grid(cells, f"{counts}")
