"""The output of `archdsl check --format json`: a document of plain values, with one layer on each line.

check_schema.py has its model, which documents every field. They are separate because importing pydantic takes longer
than checking a network.
"""

import json
from collections.abc import Iterator, Sequence

from ..contract.layer import Layer
from ..diagnostics.diagnostic import Finding
from ..diagnostics.json_report import diagnostic
from ..graph import Draft, DraftNode, Graph, Node, likely_shape
from ..record import Record
from .columns import Column
from .cost import Cost, draft_costs
from .measures import Measure, NetworkMeasures, Values

SCHEMA_VERSION = 2


class ReportOptions(Record):
    """The optional parts of a report."""

    measures: tuple[Measure, ...] = ()
    texts: tuple[Column, ...] = ()
    arithmetic: bool = False


NOTHING_ELSE = ReportOptions()


def write(report: Values) -> Iterator[str]:
    """A report as JSON text, in pieces; each layer and each diagnostic is on its own line."""
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
    # ASCII only: a stream in another encoding would replace characters with `?`, and the document would still parse.
    return json.dumps(value, separators=(",", ":"))


def report(
    file: str,
    draft: Draft | Graph,
    facts: NetworkMeasures | None,
    diagnostics: Sequence[Finding],
    sizes: list[str] | None,
    wanted: ReportOptions = NOTHING_ELSE,
) -> Values:
    """The values of one network's report. In a network with errors, unknown values are null.

    `facts` are the measures of a network without errors, `diagnostics` the diagnostics, `sizes` the valid sizes in
    words if there are symbolic dimensions.
    """
    costs = draft_costs(draft) if facts is None else facts.costs.nodes
    return {
        "schema_version": SCHEMA_VERSION,
        "file": file,
        "name": draft.name,
        "ok": not any(found.diagnostic.severity == "error" for found in diagnostics),
        "settings": dict(draft.settings),
        "inputs": dict(zip(draft.input_names, draft.inputs, strict=True)),
        "outputs": dict(draft.outputs),
        "layers": [_layer(draft, node, cost, facts, wanted) for node, cost in zip(draft.nodes, costs, strict=True)],
        "valid_sizes": sizes,
        "totals": None if facts is None else _totals(facts, wanted.measures),
        "diagnostics": [diagnostic(found) for found in diagnostics],
    }


def _totals(facts: NetworkMeasures, measures: Sequence[Measure]) -> Values:
    """Totals of the network."""
    total = facts.costs.total
    found: Values = {
        "parameters": total.parameters,
        "trainable": total.trainable,
        "buffers": total.buffers,
        "macs": _number(total.macs),
        "weight_bytes": 4 * (total.parameters + total.buffers),
    }
    return found | {measure.name: measure.total(facts) for measure in measures if measure.total is not None}


def _layer(
    draft: Draft | Graph, node: DraftNode, cost: Cost | None, facts: NetworkMeasures | None, wanted: ReportOptions
) -> Values:
    known = node if isinstance(node, Node) and cost is not None else None
    found: Values = {
        "id": node.id,
        "name": node.name,
        "keyword": node.op.keyword if node.op is not None else "?",
        "text": node.text,
        "line": node.span.line,
        "inputs": list(node.inputs),
        "shape": None if known is None else [_number(dim) for dim in known.shape.dims],
        "layout": None if known is None else known.shape.layout.value,
        "parameters": None if cost is None else cost.parameters,
        "trainable": None if cost is None else cost.trainable,
        "buffers": None if cost is None else cost.buffers,
        "macs": None if cost is None else _number(cost.macs),
    }
    if wanted.arithmetic:
        found["arithmetic"] = [] if known is None else _arithmetic(draft, known)
    if facts is not None and known is not None:
        found |= {measure.name: measure.of(facts, known) for measure in wanted.measures}
        if wanted.texts:
            found["columns"] = {column.name: column.cell(facts, known) for column in wanted.texts}
    return found


def _arithmetic(draft: Draft | Graph, node: Node) -> list[str]:
    x = likely_shape(draft.nodes[node.inputs[0]]) if node.inputs else None
    return list(node.op.explain(x, node.shape)) if isinstance(node.op, Layer) and x is not None else []


def _number(value: int) -> int | str:
    """A number, or its closed form if it depends on symbolic dimensions."""
    return value if type(value) is int else str(value)
