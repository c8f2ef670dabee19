"""The table of layers and what each has: every layer's example has every property that networks have."""

import pytest
import torch

import archdsl
from archdsl.analysis.memory import memory
from archdsl.backends.diagram import DiagramStyle, diagram
from archdsl.contract.layer import Op, Reject
from archdsl.diagnostics import Sink
from archdsl.elaborate import Override
from archdsl.graph import MoeOp, ScanOp, ZerosOp
from archdsl.network import Network, analyze
from archdsl.shapes.shape import Layout, Shape
from archdsl.shapes.symbolic import evaluated
from archdsl.text.source import Source
from tests.analysis.saved import saved_bytes
from tests.programs import network_property

from .layer_property import OPS

CONSTRUCTS: dict[str, tuple[type[Op], str]] = {
    "scan": (ScanOp, "input 9x4; scan carry h = 6 { concat h; fc 6; tanh as h }"),
    "moe": (MoeOp, "input 9x4; moe experts=3 top=2 { fc 6; relu; fc 4 }"),
    "carry": (ZerosOp, "input 4x9; repeat 2 carry h = 4x(@l) { conv 4 k1; add h as h }"),
}
"""Statements that become layers of their own."""
EXAMPLES = {name: (op, (op.__doc__ or "").partition("Example:\n")[2].strip()) for name, op in OPS.items()} | CONSTRUCTS
SHAPES = (
    Shape(layout=Layout.IDS, vocabulary=3),
    Shape(5, layout=Layout.IDS),
    Shape(7),
    Shape(1, 1, 1, 1),
    Shape(2, 3, 5),
)
TAKES_EVERYTHING = {"identity", "learned", "arange"}
"""Layers that refuse no tensor: what they make does not depend on it, or it is the tensor itself."""
SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "div": "÷"}
"""Operators in diagrams."""


def loaded(name: str) -> tuple[type[Op], Network]:
    op, text = EXAMPLES[name]
    return op, archdsl.loads(text)


@pytest.mark.parametrize("name", EXAMPLES)
def test_shape_weights_macs_and_source_match_torch(name: str) -> None:
    network_property.check(loaded(name)[1].graph)


# The zeros of `carry` are made for the tensor that they are added to.
@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"carry"}))
def test_layer_refuses_invalid_inputs(name: str) -> None:
    op, network = loaded(name)
    node = next(node for node in network.graph.layers if isinstance(node.op, op))
    refused = []
    for x in SHAPES:
        try:
            node.op.infer((x,) * len(node.inputs))
        except Reject as reject:
            refused.append(reject.why)
    assert all(refused)
    assert refused or name in TAKES_EVERYTHING


@pytest.mark.parametrize("name", EXAMPLES)
def test_layer_declares_its_reads_and_explains_its_shape(name: str) -> None:
    _, network = loaded(name)
    for node in network.graph.layers:
        xs = network.graph.shapes_in(node)
        links = node.op.reads_of(xs, node.shape)
        assert [len(each) for each in links] == [x.rank for x in xs]
        assert all(axis is None or axis < node.shape.rank for each in links for axis, _ in each)
        assert all(reason.text for reason in node.op.reason_of(xs, node.shape, tuple("abcd")[: len(xs)]))


# An input of the network has no gradient, so `rmsnorm` saves less than in a network: test_saving.py compares it.
@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"rmsnorm"}))
def test_layer_memory_matches_tensors_saved_by_torch(name: str) -> None:
    _, network = loaded(name)
    torch.manual_seed(0)
    declared = memory(network.graph, batch=2).activations
    assert declared == pytest.approx(
        saved_bytes(network, 2, "fp32", fake=False), rel=0.1 if name == "lstm" else 0.02, abs=64
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_symbolic_shapes_match_fixed_shapes(name: str) -> None:
    _, network = loaded(name)
    (entry,) = network.graph.inputs[:1]
    dims = network.graph.nodes[entry].shape.dims
    for axes in ([i] for i in range(len(dims))):
        letters = tuple("STUV"[i] if i in axes else size for i, size in enumerate(dims))
        found = analyze(Source(EXAMPLES[name][1]), Sink(), override=Override({None: letters}))
        graph = found.draft.checked()
        if graph is None:
            continue  # refused, with its reason
        sizes = {"STUV"[i]: dims[i] for i in axes}
        assert [evaluated(node.shape.dims, sizes) for node in graph.nodes] == [
            n.shape.dims for n in network.graph.nodes
        ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_layer_is_shown_in_diagrams(name: str) -> None:
    op, network = loaded(name)
    node = next(node for node in network.graph.layers if isinstance(node.op, op))
    text = diagram(network.graph, "dot", DiagramStyle()).decode()
    words = {node.op.keyword, node.name, node.text.split()[0], SYMBOLS.get(name, name)}
    # Layers that change nothing are left out of a diagram.
    assert name == "identity" or any(word in text for word in words)
