"""Color the boxes of a diagram by a measure: parameters, MACs, memory, the receptive field."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from ...analysis.cost import Costs
from ...graph import Graph, Node
from ...shapes.symbolic import Sym, concrete
from .engine import CannotDraw
from .figure import Box, BoxRow, Diagram, Role
from .labels import count, short

if TYPE_CHECKING:
    from ...analysis.measures import NetworkMeasures


class Heat(StrEnum):
    """A measure of a layer."""

    PARAMS = "params"
    """Its parameters."""
    MACS = "macs"
    """Its multiply-accumulates."""
    MEMORY = "memory"
    """The bytes that training keeps for it, for one sample."""
    RF = "rf"
    """The receptive field of its output: the longest dimension of the region that a position depends on."""


_SYMBOLIC = "a measure that depends on symbolic dimensions has no color: give the sizes with --input"
_LEGEND = (0.0, 0.5, 1.0)
"""The values of `BoxRow.heat` that the legend labels."""


def with_heat(diagram: Diagram, graph: Graph, costs: Costs, heat: Heat) -> Diagram:
    """The diagram with the measure of each layer and closed block. Raises CannotDraw if it depends on symbols."""
    values = _values(graph, costs, heat)
    shown = [row for box in diagram.boxes if box.role in (Role.LAYERS, Role.GROUP, Role.MERGE) for row in box.rows]
    measured = {id(row): value for row in shown if (value := _of(row, values, heat)) is not None}
    most = max(measured.values(), default=0.0)
    if not most:
        raise CannotDraw(f"no layer has a value for `{heat}`")

    def heated(box: Box) -> Box:
        rows = tuple(
            row.replace(heat=math.sqrt(measured[id(row)] / most), measure=_words(measured[id(row)], heat))
            if id(row) in measured
            else row
            for row in box.rows
        )
        return box.replace(rows=rows)

    legend = tuple((part, _words_in_legend(part**2 * most, heat)) for part in _LEGEND)
    return diagram.replace(boxes=tuple(map(heated, diagram.boxes)), heat=legend)


def _values(graph: Graph, costs: Costs, heat: Heat) -> Mapping[int, float]:
    """The measure of each node."""
    # Imported here because most diagrams have no measure.
    from ...analysis.measures import NetworkMeasures
    from ...analysis.memory_options import MemoryOptions

    if graph.symbols and heat in (Heat.MACS, Heat.MEMORY):
        raise CannotDraw(_SYMBOLIC)
    facts = NetworkMeasures(graph, costs, MemoryOptions(batch=1))
    match heat:
        case Heat.PARAMS:
            return {node.id: float(_number(costs[node.id].parameters)) for node in graph.layers}
        case Heat.MACS:
            return {node.id: float(_number(costs[node.id].macs)) for node in graph.layers}
        case Heat.MEMORY:
            return {node.id: float(_number(facts.memory.layers[node.id])) for node in graph.layers}
        case Heat.RF:
            longest = {node.id: _longest(facts, node) for node in graph.layers}
            return {node: length for node, length in longest.items() if length is not None}


def _longest(facts: "NetworkMeasures", node: Node) -> float | None:
    """The longest dimension of the receptive field of a layer; None if it has none, as after `flatten`."""
    sizes = [each.size for dimensions in facts.dimensions(node) for each in dimensions]
    return max((float(concrete(size)) for size in sizes if size is not None), default=None)


def _number(value: int) -> int:
    if isinstance(value, Sym):
        raise CannotDraw(_SYMBOLIC)
    return value


def _of(row: BoxRow, values: Mapping[int, float], heat: Heat) -> float | None:
    """The measure of a row: the sum over its nodes, or the largest of their receptive fields; None if there is none."""
    found = [values[node] for node in row.nodes if node in values]
    if not found:
        return None
    return max(found) if heat is Heat.RF else sum(found)


def _words(value: float, heat: Heat) -> str:
    """A measure in words; empty for zero."""
    number = round(value)
    if not number:
        return ""
    match heat:
        case Heat.PARAMS:
            return count(number, "parameter") if number < 10_000 else short(number, "parameter")
        case Heat.MACS:
            return short(number, "MAC")
        case Heat.MEMORY:
            from ...analysis.quantities import size

            return size(number)
        case Heat.RF:
            return f"field {number}"


def _words_in_legend(value: float, heat: Heat) -> str:
    """A measure in words that name it: bytes alone do not say what they measure."""
    none = {Heat.PARAMS: "0 parameters", Heat.MACS: "0 MACs", Heat.MEMORY: "0 B", Heat.RF: "field 0"}
    words = _words(value, heat) or none[heat]
    return f"{words} of memory" if heat is Heat.MEMORY else words
