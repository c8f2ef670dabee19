"""Passes over the lifted nodes: several nodes that are equivalent to one layer become that layer."""

from collections.abc import Mapping, Sequence

from ..building import Builder, live_nodes
from .attention import attention_layers
from .final_states import final_states
from .growing_concats import growing_concats
from .small_layers import small_layers


def improve(b: Builder, outputs: Sequence[int]) -> list[int]:
    """The outputs after all passes."""
    ends = list(outputs)
    growing_concats(b, live_nodes(b.nodes, ends, b.inputs))
    ends = _replaced(b, ends, small_layers(b, live_nodes(b.nodes, ends, b.inputs), ends))
    ends = _replaced(b, ends, final_states(b, live_nodes(b.nodes, ends, b.inputs), ends))
    return _replaced(b, ends, attention_layers(b, live_nodes(b.nodes, ends, b.inputs)))


def _replaced(b: Builder, outputs: Sequence[int], new: Mapping[int, int]) -> list[int]:
    """Let everything read the new nodes, in an order in which each runs after its inputs."""
    if not new:
        return list(outputs)

    def final(i: int) -> int:
        while i in new:
            i = new[i]
        return i

    for node in b.nodes:
        node.inputs = tuple(map(final, node.inputs))
        if node.origin is not None:
            node.origin = node.origin._replace(node=final(node.origin.node))
    ends = [final(i) for i in outputs]
    _reordered(b, ends)
    return [b.renamed[i] for i in ends]


def _reordered(b: Builder, ends: Sequence[int]) -> None:
    """Number the nodes again, each after its inputs, and otherwise in the order in which they ran."""
    wanted = live_nodes(b.nodes, ends, b.inputs)
    place = {i: b.nodes[i].runs for i in wanted}
    done: dict[int, int] = {}
    order: list[int] = []
    for i in sorted(wanted, key=lambda i: (i not in b.inputs, place[i])):
        stack = [i]
        while stack:
            top = stack[-1]
            waiting = [j for j in b.needs(top) if j not in done and j in place]
            if top in done:
                stack.pop()
            elif waiting:
                stack.append(waiting[0])
            else:
                done[top] = len(order)
                order.append(top)
                stack.pop()
    old = b.nodes
    b.nodes = [old[i] for i in order]
    b.renamed = done
    for new, node in enumerate(b.nodes):
        node.id = new
        node.inputs = tuple(done[i] for i in node.inputs)
        node.shared = None if node.shared is None else done[node.shared]
        origin = node.origin
        is_there = origin is not None and origin.node in done
        node.origin = origin._replace(node=done[origin.node]) if origin is not None and is_there else None
    b.inputs = [done[i] for i in b.inputs]
