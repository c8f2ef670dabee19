"""Optional measures of a network: receptive fields, paths, memory, shares of the totals.

Modules that are slow to import are imported on first use.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..graph import Graph, Node
from ..record import Record
from ..shapes.symbolic import concrete
from .cost import Costs

if TYPE_CHECKING:
    from .memory import Memory
    from .memory_options import MemoryOptions
    from .receptive_field import Field, Fields, ReceptiveField

Values = dict[str, Any]


class NetworkMeasures:
    """A network, its costs, and the measures for columns and reports; `memory_options` are those for training."""

    def __init__(self, graph: Graph, costs: Costs, memory_options: "MemoryOptions | None" = None) -> None:
        self.graph = graph
        self.costs = costs
        self._memory_options = memory_options

    @cached_property
    def fields(self) -> "Fields":
        """The receptive fields, each the union of all paths to a layer."""
        from .receptive_field import fields

        return fields(self.graph)

    @cached_property
    def paths(self) -> "Fields":
        """The receptive fields with the separate paths to a layer."""
        from .receptive_field import fields

        return fields(self.graph, every=True)

    @cached_property
    def memory(self) -> "Memory":
        """The memory that training takes."""
        from .memory_options import MemoryOptions

        return (self._memory_options or MemoryOptions()).memory(self.graph)

    def dimensions(self, node: Node) -> "list[tuple[Field, ...]]":
        """For each input that a node depends on, the fields along its dimensions."""
        return [seen.dimensions for seen in self.fields[node.id]]


class Measure(Record):
    """A measure in a report: its name, its value for a node, and its total, if any."""

    name: str
    of: Callable[[NetworkMeasures, Node], Any]
    total: Callable[[NetworkMeasures], Any] | None = None


def _fields(facts: NetworkMeasures, node: Node) -> list[Values]:
    return [_field_values(each) for each in facts.fields[node.id]]


def _field_values(field: "ReceptiveField") -> Values:
    dimensions = [_field(each) for each in field.dimensions]
    return {
        "input": field.input,
        "exact": field.exact,
        "has_positions": field.has_positions,
        "dimensions": dimensions,
    }


def _field(field: "Field") -> Values:
    jump, start = (None if value is None else float(value) for value in (field.jump, field.start))
    return {"size": field.size, "read": field.read, "jump": jump, "start": start}


def _last_field(facts: NetworkMeasures) -> int | None:
    from .receptive_field import receptive_field

    return receptive_field(facts.graph) if facts.graph.outputs else None


def _paths(facts: NetworkMeasures, node: Node) -> list[Values]:
    return [
        {
            "input": seen.input,
            "complete": seen.complete,
            "paths": [[_field(field) for field in path] for path in seen.paths[len(seen.paths) == 1 :]],
        }
        for seen in facts.paths[node.id]
    ]


def _memory(facts: NetworkMeasures) -> Values:
    memory = facts.memory
    return {
        "batch": memory.batch,
        "optimizer": memory.optimizer_name,
        "precision": memory.precision,
        "parameters": memory.parameters,
        "buffers": memory.buffers,
        "gradients": memory.gradients,
        "optimizer_state": memory.optimizer,
        "running_means": memory.copies,
        "activations": memory.activations,
        "activation_gradients": memory.transient,
        **({"shards": memory.shards, "gathered": memory.gathered} if memory.shards > 1 else {}),
        "total": memory.total,
    }


def _share(facts: NetworkMeasures, node: Node) -> Values:
    cost, total = facts.costs[node.id], facts.costs.total
    return {
        "parameters": cost.parameters / max(1, total.parameters),
        "macs": concrete(cost.macs) / max(1, concrete(total.macs)),
        "memory": facts.memory.layers[node.id] / max(1, facts.memory.activations),
    }


FIELD = Measure(name="receptive_field", of=_fields, total=_last_field)
PATHS = Measure(name="paths", of=_paths)
MEMORY = Measure(name="memory", of=lambda facts, node: facts.memory.layers[node.id], total=_memory)
SHARE = Measure(name="share", of=_share)
