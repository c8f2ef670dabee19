"""Networks for the tests of folding, and what must hold for their texts."""

from functools import cache

import archdsl
from archdsl.analysis.cost import costs
from archdsl.diagnostics import Sink
from archdsl.elaborate import elaborate
from archdsl.graph import Graph
from archdsl.syntax import ast
from archdsl.zoo import entries

FIRST = list({entry.path: name for name, entry in reversed(list(entries().items()))}.values())
"""A network of each text of the zoo; the others differ in the values of parameters."""


@cache
def zoo_graph(name: str) -> Graph:
    """The graph of a network of the zoo."""
    return archdsl.load(f"zoo:{name}").graph


def graph_of(program: ast.Program) -> Graph:
    """The graph of a program without errors."""
    sink = Sink()
    graph = elaborate(program, sink).checked()
    assert graph is not None, [each.diagnostic.message() for each in sink]
    return graph


def summary(graph: Graph) -> tuple[object, ...]:
    """What does not depend on names or on the order of branches: sizes, costs, and layers with their shapes."""
    total = costs(graph).total
    layers = sorted((node.op.keyword, str(node.shape), len(node.inputs)) for node in graph.nodes)
    outputs = [str(graph.nodes[i].shape) for _, i in graph.outputs]
    return total.parameters, total.macs, layers, outputs
