"""The coverage of the input as text: a row a layer, and a picture for the last."""

from ..diagnostics.terminal import printable, width
from ..graph import Graph
from ..shapes.shape import Shape, times
from .input_coverage import Coverage, Touched
from .receptive_field.support import LONGEST

_MAX_TEXT = 40


class CannotCover(ValueError):
    """A network whose coverage cannot be told."""


def describe(graph: Graph) -> str:
    """How many positions of each layer read the corner, the edge and the middle of the input. Raises CannotCover."""
    _check(graph)
    coverage = Coverage(graph)
    layers = coverage.layers()
    if not layers:
        raise CannotCover("no layer has places that see a part of the input each")
    head = ("layer", "positions", "corner", "edge", "middle", "corner/middle")
    rows = [head, *(_row(each) for each in layers)]
    widths = [max(width(row[i]) for row in rows) for i in range(len(head))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "─" * (sum(widths) + 2 * (len(widths) - 1)))
    # A layer of a single position is read by everything, or by nothing.
    last = next((each.node for each in reversed(layers) if each.positions > 1), layers[-1].node)
    sides = times(coverage.sides)
    title = f"how many positions of `{_text(last.text)}` read each element of the input, {sides}: · none, ░▒▓█ more"
    return "\n".join([*lines, "", title, *(f"  {line}" for line in coverage.picture(last))])


def _check(graph: Graph) -> None:
    entry = graph.nodes[graph.inputs[0]].shape if graph.inputs else None
    if graph.symbols:
        raise CannotCover("it needs the sizes of the input: --input 3x224x224")
    if entry is None or entry.letters in ("c", ""):
        raise CannotCover("the input has no sides")
    longest = max((side for node in graph.nodes for side in _along(node.shape)), default=0)
    if longest > LONGEST:
        raise CannotCover(f"it is worked out for sides up to {LONGEST:,}, and one has {longest:,}")


def _along(shape: Shape) -> tuple[int, ...]:
    return tuple(size for axis, size in enumerate(shape.dims) if axis != shape.channel_axis)


def _row(touched: Touched) -> tuple[str, ...]:
    numbers = (touched.positions, touched.corner, touched.edge, touched.middle)
    ratio = f"{touched.corner / touched.middle:.2f}" if touched.middle else ""
    return (_text(touched.node.text), *(f"{number:,}" for number in numbers), ratio)


def _text(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _MAX_TEXT else shown[: _MAX_TEXT - 1] + "…"


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [row[0] + " " * (widths[0] - width(row[0]))]
    cells += [" " * (wide - width(cell)) + cell for cell, wide in zip(row[1:], widths[1:], strict=True)]
    return "  ".join(cells).rstrip()
