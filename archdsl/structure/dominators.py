"""Which nodes of a graph everything passes through on the way to another node."""

from collections.abc import Sequence

from ..graph import Graph, Node
from .compare import has_state

ROOT = -1
"""What is before the inputs and the layers that start from a tensor of their own."""


class Dominators:
    """The dominator tree of a graph, with the edges that leave the subtree of each node.

    An edge is a read: of an input, or of the weights of a node that another one shares. For each node, `reads` has the
    nodes that it reads, `above` its parent, and `exits` the number of edges that leave its subtree; where that is one,
    `leaving` has the edge.
    """

    def __init__(self, graph: Graph, ends: Sequence[int]) -> None:
        self.reads = [_reads(graph, node) for node in graph.nodes]
        self.above: list[int] = []
        self.depth: list[int] = []
        for node in graph.nodes:
            parent = self._common(self.reads[node.id])
            self.above.append(parent)
            self.depth.append(0 if parent == ROOT else self.depth[parent] + 1)
        self.exits, self.leaving = self._edges(ends)

    def _common(self, nodes: Sequence[int]) -> int:
        """The nearest node that dominates all of these."""
        if not nodes:
            return ROOT
        found, *others = nodes
        for other in others:
            while found != other:
                if found == ROOT or other == ROOT:
                    return ROOT
                if self.depth[found] >= self.depth[other]:
                    found = self.above[found]
                else:
                    other = self.above[other]
        return found

    def _edges(self, ends: Sequence[int]) -> tuple[list[int], list[tuple[int, int]]]:
        count = len(self.reads)
        exits, froms, tos = [0] * count, [0] * count, [0] * count

        def add(node: int, sign: int, source: int, target: int) -> None:
            exits[node] += sign
            froms[node] += sign * source
            tos[node] += sign * target

        edges = [(source, target) for target, sources in enumerate(self.reads) for source in sources]
        for source, target in [*edges, *((end, count) for end in ends)]:
            add(source, 1, source, target)
            top = self.above[target] if target < count else ROOT
            if top != ROOT:
                # It leaves the subtrees between its source and what dominates its target.
                add(top, -1, source, target)
        for node in reversed(range(count)):
            if (parent := self.above[node]) != ROOT:
                add(parent, exits[node], 0, 0)
                froms[parent] += froms[node]
                tos[parent] += tos[node]
        return exits, list(zip(froms, tos, strict=True))


def _reads(graph: Graph, node: Node) -> tuple[int, ...]:
    """The nodes that must come before a node: its inputs, and the owner of its weights."""
    inputs = () if node.op.starts else node.inputs
    return inputs if node.shared is None or not has_state(graph, node) else (*inputs, node.shared)
