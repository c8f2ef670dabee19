"""Property of networks: the graph agrees with the torch module and with the module that the printed source builds.

`python -m tests.programs.network_property --seconds 600` checks random programs until the time is up.
"""

import argparse
import os
import sys
import time
import warnings
from random import Random
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from archdsl.analysis.cost import costs
from archdsl.backends.python_source import class_name, to_source
from archdsl.backends.torch import to_torch
from archdsl.graph import Graph, MoeOp, Subgraph
from archdsl.shapes.shape import Layout

from .flat import flat_values, shapes
from .generate import graph_of, program
from .parts_property import check_parts, same


def check(graph: Graph) -> None:
    """Compare one network to torch. Raises AssertionError."""
    with warnings.catch_warnings():
        # torch warns about programs that are valid here, such as dropout of a single layer.
        warnings.simplefilter("ignore")
        check_declared(graph)
        check_parts(graph, inputs(graph, 2))
        check_source(graph)


def check_declared(graph: Graph) -> None:
    """State, shapes and multiply-accumulates, on the meta device."""
    # On values, torch counts only these kernels of attention and of recurrent layers.
    counted = sdpa_kernel(SDPBackend.MATH), torch.backends.mkldnn.flags(enabled=False)
    with torch.device(device(graph)), torch.no_grad(), counted[0], counted[1]:
        module = to_torch(graph).eval()
        state = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
        assert state == declared_state(graph)
        with FlopCounterMode(display=False) as two:
            made = shapes(flat_values(graph, module, inputs(graph, 2)))
        with FlopCounterMode(display=False) as four:
            module(*inputs(graph, 4))
    assert made == {node.id: (2, *node.shape.dims) for node in graph.nodes}
    total = costs(graph).total
    assert total.parameters == sum(p.numel() for p in module.parameters())
    assert total.buffers == sum(b.numel() for b in module.state_dict().values()) - total.parameters
    # Some products, such as those for a table of positions, are computed once for the whole batch.
    each = (four.get_total_flops() - two.get_total_flops()) / 2
    counted = (two.get_total_flops() - each) / 2
    assert total.macs == counted, f"{total.macs} multiply-accumulates, and torch counts {counted}"


def device(graph: Graph) -> str:
    """The meta device, unless a router chooses experts by what it computes."""
    bodies = (getattr(node.op, "body", None) for node in graph.nodes)
    needs_values = any(isinstance(node.op, MoeOp) for node in graph.nodes)
    nested = any(device(body.graph) == "cpu" for body in bodies if isinstance(body, Subgraph))
    return "cpu" if needs_values or nested else "meta"


def declared_state(graph: Graph) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for node in graph.layers:
        if node.shared is None:
            xs: Any = graph.shapes_in(node)
            for name, dims in {**node.op.weights_of(xs), **node.op.buffers_of(xs)}.items():
                found[f"{node.name}.{name}"] = tuple(dims)
    return found


def inputs(graph: Graph, batch: int) -> list[torch.Tensor]:
    """A batch of this many samples for each input, on the current device."""
    found = []
    for index in graph.inputs:
        shape = graph.nodes[index].shape
        assert shape is not None
        if shape.layout is Layout.IDS:
            found.append(torch.randint(shape.vocabulary or 2, (batch, *shape.dims)))
        else:
            found.append(torch.rand(batch, *shape.dims))
    return found


def check_source(graph: Graph) -> None:
    """The printed source builds the same module: equal state, bit-identical outputs."""
    module = to_torch(graph).eval()
    text = to_source(graph)
    printed = from_source(text, graph).eval()
    first, second = module.state_dict(), printed.state_dict()
    assert {name: t.shape for name, t in first.items()} == {name: t.shape for name, t in second.items()}, text
    trains = {name: p.requires_grad for name, p in module.named_parameters()}
    assert trains == {name: p.requires_grad for name, p in printed.named_parameters()}, text
    printed.load_state_dict(first)
    tensors = inputs(graph, 2)
    with torch.no_grad():
        assert same(module(*tensors), printed(*tensors)), text


def from_source(text: str, graph: Graph) -> nn.Module:
    """The module built by a printed text."""
    space: dict[str, Any] = {"__name__": "printed"}
    exec(compile(text, "<printed>", "exec"), space)
    module = space[class_name(graph.name)]()
    assert isinstance(module, nn.Module)
    return module


def main() -> int:
    """Check many random programs; the exit status is 1 if one disagrees with torch."""
    parser = argparse.ArgumentParser(description="Hold drawn networks against torch.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start, seed, layers, failed = time.perf_counter(), options.seed, 0, 0
    while time.perf_counter() - start < options.seconds:
        text = ""
        try:
            text = program(Random(seed))
            graph = graph_of(text)
            check(graph)
            layers += len(graph.layers)
        except Exception as error:
            failed += 1
            print(f"--- seed {seed}\n{text}{type(error).__name__}: {str(error)[:2000]}", flush=True)
        seed += 1
    seconds = time.perf_counter() - start
    print(f"{seed - options.seed:,} programs of {layers:,} layers in {seconds:.0f} s, {failed} disagree")
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
