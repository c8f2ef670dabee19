"""The JSON of `archdsl check --format json`: a documented model, stable within a version of its `schema`."""

from typing import Literal

from pydantic import Field

from ..diagnostics.json import DiagnosticReport, Model, diagnostic
from ..graph import Node
from ..layer import Layer
from ..network import Network


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


class Totals(Model):
    """Sums over the network."""

    parameters: int
    trainable: int
    buffers: int
    macs: int | str = Field(description="Multiply-accumulates of one sample; FLOPs = 2 × MACs.")
    weight_bytes: int = Field(description="Bytes of parameters and buffers in float32.")


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


def report(network: Network) -> NetworkReport:
    """The model of one network."""
    graph, total = network.graph, network.costs.total
    ok = not any(found.diagnostic.severity == "error" for found in network.diagnostics)
    return NetworkReport(
        file=network.source.name,
        name=graph.name,
        ok=ok,
        settings=dict(graph.settings),
        inputs=dict(zip(graph.input_names, graph.inputs, strict=True)),
        outputs=dict(graph.outputs),
        layers=[_layer(network, node) for node in graph.nodes],
        valid_sizes=network.sizes.described() if graph.symbols and ok else None,
        totals=Totals(
            parameters=total.parameters,
            trainable=total.trainable,
            buffers=total.buffers,
            macs=_number(total.macs),
            weight_bytes=4 * (total.parameters + total.buffers),
        ),
        diagnostics=[diagnostic(found) for found in network.diagnostics],
    )


def _number(value: int) -> int | str:
    """A number, or the closed form of one that is not known."""
    return value if type(value) is int else str(value)


def _layer(network: Network, node: Node) -> LayerReport:
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
    )
