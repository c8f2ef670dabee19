"""The input coverage as text: one row per layer, and a figure for the last."""

from ..diagnostics.terminal import printable, width
from ..graph import Graph
from ..shapes.shape import Shape, times
from .input_coverage import InputCoverage, LayerCoverage
from .input_coverage_counts import CoverageRange
from .receptive_field.support import LONGEST

_MAX_TEXT = 40


class CannotCover(ValueError):
    """A network whose input coverage cannot be computed."""


def describe(graph: Graph) -> str:
    """How many positions of each layer read the input elements, and a figure of the last layer. Raises CannotCover."""
    _check(graph)
    coverage = InputCoverage(graph)
    layers = coverage.layers()
    if not layers:
        raise CannotCover("no layer has positions that each depend on a part of the input")
    head = ("layer", "positions", "corner", "edge", "middle", "least", "most", "unread")
    rows = [head, *(_row(each) for each in layers)]
    widths = [max(width(row[i]) for row in rows) for i in range(len(head))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "─" * (sum(widths) + 2 * (len(widths) - 1)))
    # A layer with a single position reads each element once or not at all.
    last = next((each for each in reversed(layers) if each.positions > 1), layers[-1])
    return "\n".join([*lines, "", *_figure(coverage, last)])


def _figure(coverage: InputCoverage, layer: LayerCoverage) -> list[str]:
    name, spread = _text(layer.node.text), layer.spread
    figure = coverage.figure(layer.node)
    title = f"number of positions of `{name}` that read each input element, {times(coverage.sizes)}, mean per cell"
    lines = [f"{title}: · none, ░▒▓█ more", *(f"  {line}" for line in figure.shades)]
    if figure.unread is not None:
        lines += ["unread part of each cell: · none of it, 1 to 9 tenths, █ all of it"]
        lines += [f"  {line}" for line in figure.unread]
    most, least = ("", "") if layer.exact else ("at most ", "at least ")
    read = f"{most}{spread.least:,} to {spread.most:,} positions read an element"
    return [*lines, f"{read} · unread: {least}{_unread(spread)}"]


def _unread(spread: CoverageRange) -> str:
    return f"{spread.unread:,} of {spread.elements:,} ({_percent(spread.unread, spread.elements)})"


def _percent(part: int, whole: int) -> str:
    """Rounded percent; `< 1%` and `> 99%` for a part that is neither nothing nor all."""
    percent = round(100 * part / whole)
    return "< 1%" if part and not percent else "> 99%" if part < whole and percent == 100 else f"{percent}%"


def _check(graph: Graph) -> None:
    entry = graph.nodes[graph.inputs[0]].shape if graph.inputs else None
    if graph.symbols:
        raise CannotCover(f"it needs the sizes of the input: {graph.sized_inputs}")
    if entry is None or entry.letters in ("c", ""):
        raise CannotCover("the input has no spatial dimensions")
    longest = max((length for node in graph.nodes for length in _spatial_sizes(node.shape)), default=0)
    if longest > LONGEST:
        raise CannotCover(f"it supports lengths up to {LONGEST:,}, but one is {longest:,}")


def _spatial_sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(size for axis, size in enumerate(shape.dims) if axis != shape.channel_axis)


def _row(layer: LayerCoverage) -> tuple[str, ...]:
    spread = layer.spread
    numbers = (layer.corner, layer.edge, layer.middle, spread.least, spread.most)
    bound = "" if layer.exact else "≤ "
    unread = _percent(spread.unread, spread.elements) if spread.unread else ""
    return (
        _text(layer.node.text),
        f"{layer.positions:,}",
        *(f"{bound}{number:,}" for number in numbers),
        f"≥ {unread}" if unread and bound else unread,
    )


def _text(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _MAX_TEXT else shown[: _MAX_TEXT - 1] + "…"


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [row[0] + " " * (widths[0] - width(row[0]))]
    cells += [" " * (wide - width(cell)) + cell for cell, wide in zip(row[1:], widths[1:], strict=True)]
    return "  ".join(cells).rstrip()
