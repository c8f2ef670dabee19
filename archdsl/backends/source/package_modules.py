"""The modules of packages whose classes and functions a graph calls."""

from collections.abc import Iterator
from typing import Any

from ...contract.call import Apply, Copies, Module
from ...graph import Graph, Subgraph

_KNOWN = ("torch", "archdsl", "operator")


def package_modules(graph: Graph) -> set[str]:
    """The dotted names of these modules: `shiftnet.modules` for the call of `shiftnet.modules.ChannelShift`."""
    targets = {target for node in graph.layers for target in _targets(node.op.steps(graph.shapes_in(node)))}
    modules = {target.rpartition(".")[0] for target in targets if not target.startswith(".")}
    return {module for module in modules if module.partition(".")[0] not in _KNOWN}


def _targets(value: Any) -> Iterator[str]:
    match value:
        case Module() | Apply():
            yield value.target
            yield from _targets(value.args)
            yield from _targets(tuple(each for _, each in value.kwargs))
        case tuple():
            for each in value:
                yield from _targets(each)
        case Subgraph():
            for node in value.graph.layers:
                yield from _targets(node.op.steps(value.graph.shapes_in(node)))
        case Copies():
            yield from _targets(value.body)
        case _:
            pass
