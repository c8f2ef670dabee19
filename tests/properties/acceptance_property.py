"""Acceptance: what `check` accepts, every backend accepts; torch runs it, and its shapes are those reported."""

import warnings
from collections.abc import Iterator, Mapping
from random import Random

import torch
from torch import nn

from archdsl.backends.diagram import DiagramStyle, diagram
from archdsl.graph import Graph
from archdsl.network import ArchError, Network
from archdsl.shapes.shape import Layout
from archdsl.shapes.symbolic import form_of
from tests.programs import network_property
from tests.programs.flat import flat_values, shapes

from .accepted import accepted, accepted_text
from .example import Example
from .failure_kinds import Broken
from .formatting_property import parsed
from .resource_guard import limited

NAME = "acceptance"
CPU_PARAMETERS, CPU_MACS, CPU_ELEMENTS, CPU_NODES = 300_000, 10_000_000, 300_000, 60
"""Up to these sizes a network is run on values; larger ones only get shapes, on torch's meta device."""
TORCH_ELEMENTS = 1 << 60
"""torch's tensor sizes in bytes have 63 bits: 4 bytes per element, and a batch of two."""
TRIED = (8, 16, 32, 7, 64, 28, 224, 1, 5, 100)
"""Sizes to try for symbolic dimensions."""


def draw(random: Random) -> Iterator[Example]:
    """A text that is accepted."""
    text = accepted_text(random)
    if text is not None:
        yield Example(holds=NAME, files=(("a.arch", text),))


def check(example: Example) -> None:
    """Check the property on a text, if a check accepts it."""
    with limited(), warnings.catch_warnings():
        # torch warns about legal texts, such as dropout in a single-layer LSTM.
        warnings.simplefilter("ignore")
        network = accepted(example.main_text())
        if network is None or not network.graph.nodes:
            return
        _diagram(network)
        if parsed(example.main_text()) is None:
            raise Broken("check accepts what fmt does not")
        _module(network)


def _diagram(network: Network) -> None:
    if len(network.graph.nodes) <= 1000 and not diagram(network.graph, "dot", DiagramStyle()).strip():
        raise Broken("an empty diagram")


def _module(network: Network) -> None:
    """Source and module, and their shapes."""
    graph = network.graph
    env = _example_sizes(network)
    if env is None or _largest(graph, env) > TORCH_ELEMENTS:
        return
    try:
        text = network.source()
    except ArchError as error:
        codes = ", ".join(found.diagnostic.code for found in error.diagnostics)
        raise Broken(f"compile refuses what check accepts: {codes}", str(error)) from None
    device = network_property.device(graph)
    if device != "meta" and (_largest(graph, env) > CPU_ELEMENTS or network.costs.total.macs > CPU_MACS):
        return
    with torch.device(device), torch.no_grad():
        printed = network_property.from_source(text, graph).eval()
        module = network.to_torch().eval()
        state = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
        if state != {name: tuple(tensor.shape) for name, tensor in printed.state_dict().items()}:
            raise Broken("the source has other weights than the module", text)
        _same_shapes(graph, env, module)
        _same_outputs(graph, env, printed)
    total = network.costs.total
    if graph.symbols or len(graph.nodes) > CPU_NODES or _largest(graph, env) > CPU_ELEMENTS:
        return
    if total.parameters <= CPU_PARAMETERS and total.macs <= CPU_MACS:
        network_property.check_source(graph)


def _example_sizes(network: Network) -> Mapping[str, int] | None:
    """Values of the symbolic dimensions for which the network is valid; None if none is found among a few."""
    symbols = network.graph.symbols
    if not symbols:
        return {}
    sizes = network.sizes
    for one in TRIED:
        for other in (one, 2 * one):
            chosen = tuple(one if index % 2 == 0 else other for index in range(len(symbols)))
            if sizes.verdict(chosen).failed is None:
                return dict(zip(sizes.symbols, chosen, strict=True))
    return None


def dims(graph: Graph, node: int, env: Mapping[str, int]) -> tuple[int, ...]:
    """A node's reported shape as numbers."""
    return tuple(form_of(dim).value(env) if env else int(dim) for dim in graph.nodes[node].shape.dims)


def _largest(graph: Graph, env: Mapping[str, int]) -> int:
    """Number of elements of the largest tensor."""
    most = 1
    for node in graph.nodes:
        count = 1
        for size in dims(graph, node.id, env):
            count *= size
        most = max(most, count)
    return most


def _inputs(graph: Graph, env: Mapping[str, int]) -> list[torch.Tensor]:
    tensors = []
    for index in graph.inputs:
        shape = graph.nodes[index].shape
        size = (2, *dims(graph, index, env))
        kind = torch.long if shape.layout is Layout.IDS else torch.float32
        tensors.append(torch.zeros(size, dtype=kind))
    return tensors


def _same_shapes(graph: Graph, env: Mapping[str, int], module: nn.Module) -> None:
    """Check that the result of each layer has the shape that is reported for it."""
    found = shapes(flat_values(graph, module, _inputs(graph, env)))
    for node in graph.layers:
        reported = (2, *dims(graph, node.id, env))
        if found[node.id] != reported:
            raise Broken(f"{node.op.keyword}: torch makes another shape", f"{found[node.id]}, reported {reported}")


def _same_outputs(graph: Graph, env: Mapping[str, int], module: nn.Module) -> None:
    made = module(*_inputs(graph, env))
    made = made if isinstance(made, tuple) else (made,)
    for (name, node), tensor in zip(graph.outputs, made, strict=True):
        reported = (2, *dims(graph, node, env))
        if tuple(tensor.shape) != reported:
            raise Broken("the source makes another shape", f"{name}: {tuple(tensor.shape)}, reported {reported}")
