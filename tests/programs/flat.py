"""The flat graph as a reference: its nodes run one after another, on the layers of a module and without its parts."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from archdsl.backends.torch import apply
from archdsl.contract.call import Module
from archdsl.graph import Graph, Node


def flat_values(graph: Graph, module: nn.Module, inputs: Sequence[Tensor]) -> dict[int, Tensor]:
    """The result of each node."""
    values = dict(zip(graph.inputs, inputs, strict=True))
    for node in graph.layers:
        values[node.id] = _result(graph, node, module, [values[i] for i in node.inputs])
    return values


def _result(graph: Graph, node: Node, module: nn.Module, inputs: list[Tensor]) -> Any:
    owner = node if node.shared is None else graph.nodes[node.shared]
    inputs = inputs + [module.get_parameter(f"{owner.name}.{weight}") for weight in node.op.shared_weights]
    result, current = inputs[0], inputs
    for step in node.op.steps(graph.shapes_in(node)):
        layer = module.get_submodule(owner.name) if isinstance(step, Module) else None
        result = apply(step, layer, current)
        current = [result, *inputs[1:]]
    return result


def flat_outputs(graph: Graph, module: nn.Module, inputs: Sequence[Tensor]) -> Any:
    """What the module returns."""
    values = flat_values(graph, module, inputs)
    results = tuple(values[i] for _, i in graph.outputs)
    return results[0] if len(results) == 1 else results


def shapes(values: dict[int, Tensor]) -> dict[int, tuple[int, ...]]:
    """The shape of each node's result."""
    return {index: tuple(value.shape) for index, value in values.items()}
