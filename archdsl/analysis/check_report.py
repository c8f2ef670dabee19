"""The JSON of `archdsl check --format json`: a documented model, stable within a version of its `schema`."""

import json
from typing import Literal

from pydantic import Field

from ..contract.layer import Layer
from ..diagnostics.json_models import DiagnosticReport, Model, diagnostic
from ..graph import Node
from ..network import Network
from ..shapes.symbolic import plain
from .memory import Memory
from .receptive_field import Field as SideField
from .receptive_field import Fields, Seen, fields, receptive_field
from .terms import Terms, terms


class FieldReport(Model):
    """A receptive field along one side of an input, in its elements, far from the ends."""

    size: int | None = Field(description="From the first element that is read to the last; null for the whole side.")
    read: int | None = Field(description="How many elements in it are read, holes left out.")
    jump: float | None = Field(description="How far apart the fields of neighbours are; null where that differs.")
    start: float | None = Field(
        description="The middle of the first position's field; that of the first element is 0.5."
    )


class SeenReport(Model):
    """What one position of a layer sees of an input."""

    input: int = Field(description="The id of the input's node.")
    exact: bool = Field(description="Whether the field is this one; at most this one where not.")
    placed: bool = Field(description="Whether the layer has positions, which see a part each.")
    sides: list[FieldReport] = Field(description="The union of all ways, for each side of the input.")
    ways: list[list[FieldReport]] = Field(description="The fields of the ways that differ, where branches met.")


class ShareReport(Model):
    """A layer's parts of the network's totals, from 0 to 1."""

    parameters: float
    macs: float
    memory: float | None = Field(description="Of what training keeps for the backward pass.")


class MemoryReport(Model):
    """Bytes that training takes, for a batch, an optimizer and a precision of the forward pass."""

    batch: int
    optimizer: str
    precision: str
    parameters: int
    buffers: int
    gradients: int
    optimizer_state: int
    running_means: int = Field(description="Of all weights, where the recipe keeps such.")
    activations: int = Field(description="All that autograd keeps for the backward pass.")
    activation_gradients: int = Field(description="The most that the backward pass holds of them at a time.")
    total: int


class LayerReport(Model):
    """One node of the graph."""

    id: int
    name: str = Field(description="The path with dots: the module's name in torch.")
    keyword: str = Field(description="The layer's keyword; `input` for an input.")
    text: str = Field(description="The statement as written, on one line.")
    line: int
    inputs: list[int] = Field(description="The ids of the nodes that it reads.")
    shape: list[int | str] | None = Field(
        description="Sizes without the batch, closed forms where they are not known; null after a mistake."
    )
    layout: str | None = Field(description="How the sizes are read: vector, sequence, signal, image, volume, ids.")
    parameters: int | None = Field(description="Parameters of its own; 0 where it applies another's weights.")
    trainable: int | None
    buffers: int | None
    macs: int | str | None = Field(description="Multiply-accumulates of one sample, a closed form of unknown sizes.")
    arithmetic: list[str] = Field(description="The arithmetic of its sides, where it has a window.")
    receptive_field: list[SeenReport] = Field(description="What a position sees, of each input that has sides.")
    memory: int | None = Field(description="Bytes that training keeps of it and for it, for the totals' batch.")
    share: ShareReport | None


class Totals(Model):
    """Sums over the network."""

    parameters: int
    trainable: int
    buffers: int
    macs: int | str = Field(description="Multiply-accumulates of one sample; FLOPs = 2 × MACs.")
    weight_bytes: int = Field(description="Bytes of parameters and buffers in float32.")
    receptive_field: int | None = Field(description="The largest side of the field of the last layer with places.")
    memory: MemoryReport | None = Field(description="What training takes; null after a mistake.")


class NetworkReport(Model):
    """What `archdsl check` knows of one network."""

    schema_version: Literal[1] = 1
    file: str
    name: str
    ok: bool = Field(description="Whether there is no error.")
    settings: dict[str, int | float | str] = Field(description="The values of the network's parameters.")
    inputs: dict[str, int] = Field(description="Input name → node id.")
    outputs: dict[str, int] = Field(description="Output name → node id.")
    layers: list[LayerReport]
    valid_sizes: list[str] | None = Field(
        description="For which sizes the network is valid, in words; null where all sizes are known."
    )
    totals: Totals
    diagnostics: list[DiagnosticReport]


def schema() -> str:
    """The JSON schema of the report of one network."""
    return json.dumps(NetworkReport.model_json_schema(mode="serialization"), indent=2)


def report(network: Network, trained: Terms | None = None) -> NetworkReport:
    """The model of one network, as it is `trained`: as its text says where not given."""
    graph, total = network.graph, network.costs.total
    ok = not any(found.diagnostic.severity == "error" for found in network.diagnostics)
    known = bool(graph.nodes) and all(node.shape is not None for node in graph.nodes)
    memory = (trained or terms(graph)).memory(graph) if known else None
    seen = fields(graph, every=True)
    return NetworkReport(
        file=network.source.name,
        name=graph.name,
        ok=ok,
        settings=dict(graph.settings),
        inputs=dict(zip(graph.input_names, graph.inputs, strict=True)),
        outputs=dict(graph.outputs),
        layers=[_layer(network, node, seen, memory) for node in graph.nodes],
        valid_sizes=network.sizes.described() if graph.symbols and ok else None,
        totals=Totals(
            parameters=total.parameters,
            trainable=total.trainable,
            buffers=total.buffers,
            macs=_number(total.macs),
            weight_bytes=4 * (total.parameters + total.buffers),
            receptive_field=receptive_field(graph),
            memory=None if memory is None else _memory(memory),
        ),
        diagnostics=[diagnostic(found) for found in network.diagnostics],
    )


def _number(value: int) -> int | str:
    """A number, or the closed form of one that is not known."""
    return value if type(value) is int else str(value)


def _memory(memory: Memory) -> MemoryReport:
    return MemoryReport(
        batch=memory.batch,
        optimizer=memory.optimizer_name,
        precision=memory.precision,
        parameters=memory.parameters,
        buffers=memory.buffers,
        gradients=memory.gradients,
        optimizer_state=memory.optimizer,
        running_means=memory.copies,
        activations=memory.activations,
        activation_gradients=memory.transient,
        total=memory.total,
    )


def _seen(seen: Seen) -> SeenReport:
    return SeenReport(
        input=seen.input,
        exact=seen.exact,
        placed=seen.placed,
        sides=[_field(field) for field in seen.sides],
        ways=[[_field(field) for field in way] for way in seen.ways] if len(seen.ways) > 1 else [],
    )


def _field(field: SideField) -> FieldReport:
    jump, start = (None if value is None else float(value) for value in (field.jump, field.start))
    return FieldReport(size=field.size, read=field.read, jump=jump, start=start)


def _share(network: Network, node: Node, memory: Memory | None) -> ShareReport | None:
    cost, total = network.costs[node.id], network.costs.total
    if cost is None:
        return None
    return ShareReport(
        parameters=cost.parameters / max(1, total.parameters),
        macs=plain(cost.macs) / max(1, plain(total.macs)),
        memory=None if memory is None else memory.layers[node.id] / max(1, memory.activations),
    )


def _layer(network: Network, node: Node, seen: Fields, memory: Memory | None) -> LayerReport:
    cost = network.costs[node.id]
    x = network.graph.nodes[node.inputs[0]].shape if node.inputs else None
    arithmetic: tuple[str, ...] = ()
    if isinstance(node.op, Layer) and x is not None and node.shape is not None:
        arithmetic = node.op.explain(x, node.shape)
    return LayerReport(
        id=node.id,
        name=node.name,
        keyword=node.op.keyword if node.op else "input" if node.id in network.graph.inputs else "?",
        text=node.text,
        line=node.span.line,
        inputs=list(node.inputs),
        shape=None if node.shape is None else [_number(dim) for dim in node.shape.dims],
        layout=None if node.shape is None else node.shape.layout.value,
        parameters=cost.parameters if cost else None,
        trainable=cost.trainable if cost else None,
        buffers=cost.buffers if cost else None,
        macs=_number(cost.macs) if cost else None,
        arithmetic=list(arithmetic),
        receptive_field=[_seen(each) for each in seen[node.id]],
        memory=None if memory is None else memory.layers[node.id],
        share=_share(network, node, memory),
    )
