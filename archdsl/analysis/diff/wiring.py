"""Which layers of two aligned networks read other layers, or share other weights, or are other outputs."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ...graph import Graph, Node


class Wiring:
    """The connections of two networks, compared through the pairs of their nodes.

    A connection to a layer that only one of the networks has is no change by itself: the diff lists that layer.
    """

    def __init__(self, a: Graph, b: Graph, pairs: Sequence[tuple[int, int]]) -> None:
        self._a, self._b = a, b
        self._to_b = dict(pairs)
        self._to_a = {j: i for i, j in pairs}
        self._outputs = _moved_outputs(a, b, self._to_b, self._to_a)

    def changes(self, i: int, j: int) -> list[str]:
        """What differs for a pair of nodes: inputs, shares, outputs."""
        x, y = self._a.nodes[i], self._b.nodes[j]
        changes = ["inputs"] if not x.is_input and not y.is_input and self._reads_others(x, y) else []
        changes += ["shares"] if self._shares_others(x, y) else []
        return changes + (["outputs"] if j in self._outputs else [])

    def _reads_others(self, x: Node, y: Node) -> bool:
        """Whether two nodes read different layers; those that only create a tensor read none."""
        if x.op.starts or y.op.starts:
            return False
        if len(x.inputs) != len(y.inputs):
            return True
        if x.op.commutative:
            left = Counter(self._to_b[i] for i in x.inputs if i in self._to_b)
            right = Counter(j for j in y.inputs if j in self._to_a)
            return bool(left - right) and bool(right - left)
        return any(self._is_moved(i, j) for i, j in zip(x.inputs, y.inputs, strict=True))

    def _shares_others(self, x: Node, y: Node) -> bool:
        """Whether two nodes have the weights of different layers."""
        if x.shared is None or y.shared is None:
            return x.shared is not y.shared
        return self._is_moved(x.shared, y.shared)

    def _is_moved(self, i: int, j: int) -> bool:
        return _is_moved(i, j, self._to_b, self._to_a)


def _is_moved(i: int, j: int, to_b: Mapping[int, int], to_a: Mapping[int, int]) -> bool:
    """Whether two nodes that should be a pair are parts of different pairs."""
    return i in to_b and j in to_a and to_b[i] != j


def _moved_outputs(a: Graph, b: Graph, to_b: Mapping[int, int], to_a: Mapping[int, int]) -> set[int]:
    """The nodes of the second network that are an output in place of another layer of both networks.

    If the networks have different numbers of outputs, their totals differ, and positions say nothing.
    """
    if len(a.outputs) != len(b.outputs):
        return set()
    ends = zip(a.outputs, b.outputs, strict=True)
    return {j for (_, i), (_, j) in ends if _is_moved(i, j, to_b, to_a)}
