"""What `archdsl check --format json` writes: a document of plain values, a layer a line.

Its model is in check_schema.py, which documents every field. The two are apart because importing pydantic takes longer
than checking a network.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..contract.layer import Layer
from ..diagnostics.json_report import diagnostic
from ..graph import Draft, DraftNode, Graph, Node, likely_shape
from ..record import Record
from ..shapes.symbolic import plain
from .cost import Cost, add, draft_costs
from .memory import Memory
from .memory_terms import Terms
from .receptive_field import Field, Fields, Seen, fields, receptive_field

SCHEMA_VERSION = 2
FIELD, PATHS, MEMORY, SHARE = "receptive_field", "paths", "memory", "share"
MEASURES = (FIELD, PATHS, MEMORY, SHARE)
"""What is measured only where it is asked for."""

Values = dict[str, Any]


class Wanted(Record):
    """What a report has beside the figures that are always there."""

    measures: frozenset[str] = frozenset()
    terms: Terms = Terms()
    arithmetic: bool = False


def write(report: Values) -> Iterator[str]:
    """A report as JSON text, in pieces; each layer and each diagnostic on a line of its own."""
    yield "{"
    for index, (name, value) in enumerate(report.items()):
        yield f"{',' if index else ''}\n{json.dumps(name)}: "
        if name in ("layers", "diagnostics") and value:
            yield "["
            for number, item in enumerate(value):
                yield f"{',' if number else ''}\n{_dumps(item)}"
            yield "\n]"
        else:
            yield _dumps(value)
    yield "\n}"


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def report(
    file: str,
    draft: Draft | Graph,
    graph: Graph | None,
    diagnostics: Sequence[Any],
    sizes: list[str] | None,
    wanted: Wanted,
) -> Values:
    """The values of one network's report. Of a network with errors, what is not known is null.

    `diagnostics` are those that were found, `sizes` the valid sizes in words where there are symbolic dimensions.
    """
    costs = draft_costs(draft)
    measured = None if graph is None else _Measured(graph, costs, wanted)
    return {
        "schema_version": SCHEMA_VERSION,
        "file": file,
        "name": draft.name,
        "ok": not any(found.diagnostic.severity == "error" for found in diagnostics),
        "settings": dict(draft.settings),
        "inputs": dict(zip(draft.input_names, draft.inputs, strict=True)),
        "outputs": dict(draft.outputs),
        "layers": [_layer(draft, node, cost, measured, wanted) for node, cost in zip(draft.nodes, costs, strict=True)],
        "valid_sizes": sizes,
        "totals": None if measured is None else measured.totals(),
        "diagnostics": [diagnostic(found) for found in diagnostics],
    }


class _Measured:
    """The measures of a graph that are asked for."""

    def __init__(self, graph: Graph, costs: Sequence[Cost | None], wanted: Wanted) -> None:
        self.graph = graph
        self.total = add(cost for cost in costs if cost is not None)
        self.wanted = wanted.measures
        self.memory: Memory | None = None
        if graph.nodes and self.wanted & {MEMORY, SHARE}:
            self.memory = wanted.terms.memory(graph)
        self.fields: Fields | None = None
        if self.wanted & {FIELD, PATHS}:
            self.fields = fields(graph, every=PATHS in self.wanted)

    def totals(self) -> Values:
        """Sums over the network."""
        total = self.total
        found: Values = {
            "parameters": total.parameters,
            "trainable": total.trainable,
            "buffers": total.buffers,
            "macs": _number(total.macs),
            "weight_bytes": 4 * (total.parameters + total.buffers),
        }
        if FIELD in self.wanted:
            found[FIELD] = receptive_field(self.graph) if self.graph.outputs else None
        if MEMORY in self.wanted:
            found[MEMORY] = None if self.memory is None else _memory(self.memory)
        return found

    def of(self, node: int, cost: Cost) -> Values:
        """The measures of one layer."""
        found: Values = {}
        if self.fields is not None:
            seen = self.fields[node]
            if FIELD in self.wanted:
                found[FIELD] = [_seen(each) for each in seen]
            if PATHS in self.wanted:
                found[PATHS] = [_paths(each) for each in seen]
        if MEMORY in self.wanted and self.memory is not None:
            found[MEMORY] = self.memory.layers[node]
        if SHARE in self.wanted and self.memory is not None:
            found[SHARE] = {
                "parameters": cost.parameters / max(1, self.total.parameters),
                "macs": plain(cost.macs) / max(1, plain(self.total.macs)),
                "memory": self.memory.layers[node] / max(1, self.memory.activations),
            }
        return found


def _layer(
    draft: Draft | Graph, node: DraftNode, cost: Cost | None, measured: _Measured | None, wanted: Wanted
) -> Values:
    known = node if isinstance(node, Node) and cost is not None else None
    found: Values = {
        "id": node.id,
        "name": node.name,
        "keyword": node.op.keyword if node.op is not None else "?",
        "text": node.text,
        "line": node.span.line,
        "inputs": node.inputs,
        "shape": None if known is None else [_number(dim) for dim in known.shape.dims],
        "layout": None if known is None else known.shape.layout.value,
        "parameters": None if cost is None else cost.parameters,
        "trainable": None if cost is None else cost.trainable,
        "buffers": None if cost is None else cost.buffers,
        "macs": None if cost is None else _number(cost.macs),
    }
    if wanted.arithmetic:
        found["arithmetic"] = [] if known is None else _arithmetic(draft, known)
    if wanted.measures and cost is not None and measured is not None:
        found |= measured.of(node.id, cost)
    return found


def _arithmetic(draft: Draft | Graph, node: Node) -> list[str]:
    x = likely_shape(draft.nodes[node.inputs[0]]) if node.inputs else None
    return list(node.op.explain(x, node.shape)) if isinstance(node.op, Layer) and x is not None else []


def _number(value: int) -> int | str:
    """A number, or the closed form of one that depends on symbolic dimensions."""
    return value if type(value) is int else str(value)


def _memory(memory: Memory) -> Mapping[str, int | str]:
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
        "total": memory.total,
    }


def _seen(seen: Seen) -> Values:
    return {
        "input": seen.input,
        "exact": seen.exact,
        "placed": seen.placed,
        "sides": [_field(field) for field in seen.sides],
    }


def _paths(seen: Seen) -> Values:
    several = seen.ways if len(seen.ways) > 1 else ()
    return {"input": seen.input, "paths": [[_field(field) for field in path] for path in several]}


def _field(field: Field) -> Values:
    jump, start = (None if value is None else float(value) for value in (field.jump, field.start))
    return {"size": field.size, "read": field.read, "jump": jump, "start": start}
