"""Dominators: the nodes of a graph that every path to another node passes through."""

import heapq
from collections.abc import Sequence

from ..graph import Graph, Node
from .compare import has_state

ROOT = -1
"""The virtual node before the inputs."""


class Dominators:
    """The dominator tree of a graph, with the edges that leave the subtree of each node.

    An edge is a read: of an input, or of the weights of a node that another one shares. A layer that starts from a
    tensor of its own counts as if it read what dominates its readers. For each node, `reads` has the nodes that it
    reads, `above` its parent, and `exits` the number of edges that leave its subtree; where that is one, `leaving` has
    the edge.
    """

    def __init__(self, graph: Graph, ends: Sequence[int]) -> None:
        self.reads = [_reads(graph, node) for node in graph.nodes]
        self.above = [ROOT] * len(self.reads)
        self.depth = [0] * len(self.reads)
        input_free = self._input_free(graph)
        if input_free:
            self._find_parents(range(len(self.reads)), input_free)
            self._attach(graph, input_free)
        self._find_parents(_in_order(self.reads), set())
        self.exits, self.leaving = self._edges(ends)

    def _input_free(self, graph: Graph) -> set[int]:
        """The nodes that depend on no input."""
        found: set[int] = set()
        inputs = set(graph.inputs)
        for node, reads in enumerate(self.reads):
            if node not in inputs and all(each in found for each in reads):
                found.add(node)
        return found

    def _find_parents(self, order: Sequence[int], ignored: set[int]) -> None:
        """Find the parent of each node."""
        for node in order:
            parent = self._common([each for each in self.reads[node] if each not in ignored])
            self.above[node] = parent
            self.depth[node] = 0 if parent == ROOT else self.depth[parent] + 1

    def _attach(self, graph: Graph, input_free: set[int]) -> None:
        """Treat layers that read no input as if they read what dominates all their readers."""
        readers: dict[int, list[int]] = {node: [] for node in input_free}
        for node, reads in enumerate(self.reads):
            for each in reads:
                if each in input_free:
                    readers[each].append(node)
        places: dict[int, int] = {}
        for node in sorted(input_free, reverse=True):
            near = [places[each] if each in input_free else self.above[each] for each in readers[node]]
            places[node] = ROOT if ROOT in near else self._common(near)
        for node in input_free:
            if not self.reads[node] and places[node] != ROOT:
                self.reads[node] = (places[node],)

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
                # The edge leaves the subtrees between its source and the dominator of its target.
                add(top, -1, source, target)
        for node in reversed(_in_order([() if above == ROOT else (above,) for above in self.above])):
            if (parent := self.above[node]) != ROOT:
                add(parent, exits[node], 0, 0)
                froms[parent] += froms[node]
                tos[parent] += tos[node]
        return exits, list(zip(froms, tos, strict=True))


def _reads(graph: Graph, node: Node) -> tuple[int, ...]:
    """The nodes that must come before a node: its inputs, and the owner of its weights."""
    inputs = () if node.op.starts else node.inputs
    return inputs if node.shared is None or not has_state(graph, node) else (*inputs, node.shared)


def _in_order(reads: Sequence[Sequence[int]]) -> list[int]:
    """The nodes such that each comes after those that it reads; those with small numbers first."""
    missing = [len(each) for each in reads]
    readers: list[list[int]] = [[] for _ in reads]
    for node, each in enumerate(reads):
        for read in each:
            readers[read].append(node)
    ready = [node for node, count in enumerate(missing) if not count]
    found: list[int] = []
    while ready:
        node = heapq.heappop(ready)
        found.append(node)
        for reader in readers[node]:
            missing[reader] -= 1
            if not missing[reader]:
                heapq.heappush(ready, reader)
    return found
