"""The optional columns of the table, computed when they are shown."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..graph import Node
from ..record import Record
from ..shapes.symbolic import concrete
from ..text.names import nearest
from .measures import FIELD, MEMORY, PATHS, Measure, NetworkMeasures
from .measures import SHARE as SHARES
from .quantities import at_example, size

if TYPE_CHECKING:
    from fractions import Fraction

    from .receptive_field import Field


class UnknownColumn(ValueError):
    """There is no such column."""

    def __init__(self, name: str) -> None:
        near = nearest(name, NAMES)
        super().__init__(f"unknown column `{name}`" + (f"; did you mean `{near}`?" if near else ""))
        self.name = name

    def __reduce__(self) -> tuple[type["UnknownColumn"], tuple[str]]:
        return type(self), (self.name,)


def _no_total(facts: NetworkMeasures) -> str:
    return ""


class Column(Record):
    """One column: its name on the command line, its heading, its description, and the function for a node's cell.

    `total` is the cell of a row of totals. In JSON, a column is a measure, a field of every report (`always`), or text.
    """

    name: str
    head: str
    doc: str
    cell: Callable[[NetworkMeasures, Node], str]
    measure: Measure | None = None
    always: bool = False
    total: Callable[[NetworkMeasures], str] = _no_total


class TableColumns:
    """The chosen columns of one network; without `facts`, as for a network with errors, all cells are `?`."""

    def __init__(self, facts: NetworkMeasures | None, chosen: tuple[Column, ...]) -> None:
        self._facts = facts
        self._chosen = chosen
        self.head = tuple(column.head for column in chosen)

    def cells(self, node: int | None) -> tuple[str, ...]:
        """The cells of the node with this id; those of a heading are empty."""
        if node is None:
            return ("",) * len(self._chosen)
        facts = self._facts
        return tuple("?" if facts is None else column.cell(facts, facts.graph.nodes[node]) for column in self._chosen)

    def totals(self) -> tuple[str, ...]:
        """The cells of the row of totals; empty for a column that has no total."""
        facts = self._facts
        return tuple("?" if facts is None else column.total(facts) for column in self._chosen)


def choose(names: str) -> tuple[Column, ...]:
    """The columns of `params,rf,share`, each once; `share` stands for three, `all` for all. Raises UnknownColumn."""
    found: dict[str, Column] = {}
    for name in (part.strip().lower() for part in names.split(",")):
        wanted = [column for column in COLUMNS if name in (column.name, "all") or _is_share(column, name)]
        if not wanted:
            raise UnknownColumn(name)
        found |= {column.name: column for column in wanted}
    return tuple(found.values())


def _is_share(column: Column, name: str) -> bool:
    return name == "share" and column.name.endswith("%")


# --- cells ---


def _parameters(facts: NetworkMeasures, node: Node) -> str:
    cost = facts.costs[node.id]
    return f"{cost.parameters:,}" if cost.parameters else "↺" if node.shared is not None else ""


def _trainable(facts: NetworkMeasures, node: Node) -> str:
    cost = facts.costs[node.id]
    return f"{cost.trainable:,}" if cost.trainable else ""


def _macs(facts: NetworkMeasures, node: Node) -> str:
    cost = facts.costs[node.id]
    return f"{cost.macs:,}" if cost.macs else ""


def _memory(facts: NetworkMeasures, node: Node) -> str:
    bytes = facts.memory.layers[node.id]
    return size(bytes) if bytes else ""


def _parameters_share(facts: NetworkMeasures, node: Node) -> str:
    return percent(facts.costs[node.id].parameters, facts.costs.total.parameters)


def _macs_share(facts: NetworkMeasures, node: Node) -> str:
    return percent(concrete(facts.costs[node.id].macs), concrete(facts.costs.total.macs))


def _memory_share(facts: NetworkMeasures, node: Node) -> str:
    return percent(facts.memory.layers[node.id], facts.memory.activations)


def percent(part: int, total: int) -> str:
    """`12.5%`, rounded to a tenth of a percent; empty for 0."""
    if not part or not total:
        return ""
    tenths = (2000 * part + total) // (2 * total)
    return f"{tenths // 10}.{tenths % 10}%" if tenths else "< 0.1%"


def _field(facts: NetworkMeasures, node: Node) -> str:
    known = all(seen.exact for seen in facts.fields[node.id])
    shown = _each(facts, node, lambda field: "all" if field.size is None else str(field.size))
    return shown if known or not shown else f"≤ {shown}"


def _paths(facts: NetworkMeasures, node: Node) -> str:
    seen = facts.paths[node.id]
    complete = all(each.complete for each in seen)
    if complete and not any(len(each.paths) > 1 for each in seen):
        return ""
    paths = [
        _by_dimension(path, lambda field: "all" if field.size is None else str(field.size))
        for e in seen
        for path in e.paths
    ]
    return ("" if complete else "… ") + _shortened(list(dict.fromkeys(paths)))


def _shortened(paths: list[str]) -> str:
    return " ".join(paths) if len(paths) <= 5 else f"{' '.join(paths[:2])} … {paths[-1]}"


def _jump(facts: NetworkMeasures, node: Node) -> str:
    return _each(facts, node, lambda field: "" if field.jump is None else number(field.jump))


def _start(facts: NetworkMeasures, node: Node) -> str:
    return _each(facts, node, lambda field: "" if field.start is None else number(field.start))


def _each(facts: NetworkMeasures, node: Node, show: "Callable[[Field], str]") -> str:
    return ", ".join(
        dict.fromkeys(filter(None, (_by_dimension(dimensions, show) for dimensions in facts.dimensions(node))))
    )


def _by_dimension(dimensions: "tuple[Field, ...]", show: "Callable[[Field], str]") -> str:
    """`5`, or `1×7` if the dimensions differ."""
    shown = [show(field) for field in dimensions]
    if len(set(shown)) == 1:
        return shown[0]
    return "×".join(each or "–" for each in shown)


def number(value: "Fraction") -> str:
    """`8`, `3.5`, `1/3`: as a decimal if that is exact in a few digits."""
    decimal = f"{float(value):.4g}"
    return decimal if type(value)(decimal) == value else str(value)


COLUMNS = (
    Column(
        name="params",
        head="params",
        doc="parameters; `↺` where the layer reuses the weights of another",
        cell=_parameters,
        always=True,
        total=lambda facts: f"{facts.costs.total.parameters:,}",
    ),
    Column(
        name="trainable",
        head="trainable",
        doc="trainable parameters",
        cell=_trainable,
        always=True,
        total=lambda facts: f"{facts.costs.total.trainable:,}",
    ),
    Column(
        name="macs",
        head="MACs",
        doc="multiply-accumulates per sample",
        cell=_macs,
        always=True,
        total=lambda facts: at_example(facts.graph, facts.costs.total.macs),
    ),
    Column(
        name="memory",
        head="memory",
        doc="bytes per batch kept for the backward pass",
        cell=_memory,
        measure=MEMORY,
        total=lambda facts: size(facts.memory.activations),
    ),
    Column(name="params%", head="% params", doc="share of all parameters", cell=_parameters_share, measure=SHARES),
    Column(name="macs%", head="% MACs", doc="share of all multiply-accumulates", cell=_macs_share, measure=SHARES),
    Column(name="memory%", head="% memory", doc="share of all bytes kept", cell=_memory_share, measure=SHARES),
    Column(
        name="rf",
        head="rf",
        doc="receptive field along each input dimension; `all` for the whole dimension, `≤` for an upper bound",
        cell=_field,
        measure=FIELD,
    ),
    Column(
        name="jump",
        head="jump",
        doc="distance between the receptive fields of neighboring positions",
        cell=_jump,
        measure=FIELD,
    ),
    Column(
        name="start", head="start", doc="center of the first position's receptive field", cell=_start, measure=FIELD
    ),
    Column(
        name="paths",
        head="paths",
        doc="receptive field of each path to the layer, where branches merge and the paths differ",
        cell=_paths,
        measure=PATHS,
    ),
)
SHARE, ALL = "`params%`, `macs%` and `memory%` together", "every column"
"""Descriptions of the names that stand for several columns."""
NAMES = (*(column.name for column in COLUMNS), "share", "all")
