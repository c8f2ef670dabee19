"""Whether two graphs are the same network, and which nodes correspond."""

from collections.abc import Iterator
from typing import Any

from ..contract.arguments import TensorRef
from ..contract.layer import Op
from ..graph import Graph, Node, Subgraph


def correspondence(a: Graph, b: Graph) -> dict[int, int] | None:
    """The node of b for each node of a if both are the same network; else None.

    The same network: equal layers with equal shapes, connected alike, with the same weights shared. Names do not count,
    nor does the order in which independent branches run, nor that of two tensors that are added or multiplied.
    """
    found = _Matching(a, b)
    ends = zip(_ends(a), _ends(b), strict=False)
    alike = len(a.nodes) == len(b.nodes) and len(a.inputs) == len(b.inputs) and len(_ends(a)) == len(_ends(b))
    if alike and found.match([*zip(a.inputs, b.inputs, strict=True), *ends]) and len(found.pairs) == len(a.nodes):
        return found.pairs
    return None


def _ends(graph: Graph) -> list[int]:
    """The outputs in order, then the nodes that nothing reads."""
    read = {i for node in graph.nodes for i in node.inputs} | {i for _, i in graph.outputs} | set(graph.inputs)
    return [*(i for _, i in graph.outputs), *(node.id for node in graph.nodes if node.id not in read)]


class _Matching:
    def __init__(self, a: Graph, b: Graph) -> None:
        self.a, self.b = a, b
        self.pairs: dict[int, int] = {}
        self.back: dict[int, int] = {}
        self.of_a, self.of_b = _signatures(a), _signatures(b)

    def match(self, pending: list[tuple[int, int]]) -> bool:
        """Whether these nodes and everything that they depend on correspond."""
        while pending:
            i, j = pending.pop()
            if i in self.pairs or j in self.back:
                if self.pairs.get(i) != j:
                    return False
                continue
            self.pairs[i], self.back[j] = j, i
            x, y = self.a.nodes[i], self.b.nodes[j]
            if x.shape != y.shape or len(x.inputs) != len(y.inputs) or not same_op(x.op, y.op):
                return False
            if not x.op.starts:
                pending += zip(x.inputs, self.in_order(x, y), strict=True)
            if has_state(self.a, x):
                if (x.shared is None) is not (y.shared is None):
                    return False
                if x.shared is not None and y.shared is not None:
                    pending.append((x.shared, y.shared))
        return True

    def in_order(self, x: Node, y: Node) -> tuple[int, ...]:
        """The inputs of y in the order in which they correspond to those of x: a sum has no order."""
        if not x.op.commutative or len(x.inputs) != 2:
            return y.inputs
        first = self.of_a[x.inputs[0]]
        return y.inputs[::-1] if first not in (self.of_b[y.inputs[0]], self.of_a[x.inputs[1]]) else y.inputs


def _signatures(graph: Graph) -> list[int]:
    """A number for each node: equal for nodes that are computed in the same way from inputs with equal shapes."""
    found: list[int] = []
    for node in graph.nodes:
        inputs = () if node.op.starts else tuple(found[i] for i in node.inputs)
        if node.op.commutative:
            inputs = tuple(sorted(inputs))
        found.append(hash((node.op.keyword, str(node.shape), inputs)))
    return found


def has_state(graph: Graph, node: Node) -> bool:
    """Whether a node has parameters or buffers, of its own or shared ones."""
    if node.is_input:
        return False
    xs = graph.shapes_in(node)
    return bool(node.op.shared_weights or node.op.weights_of(xs) or node.op.buffers_of(xs))


def same_op(a: Op, b: Op) -> bool:
    """Whether two layers are equal, regardless of the names of tensors in their arguments."""
    return type(a) is type(b) and all(_same(x, y) for x, y in zip(_values(a), _values(b), strict=True))


def _values(op: Op) -> Iterator[Any]:
    return (value for _, value in op)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, TensorRef) or isinstance(b, TensorRef):
        return isinstance(a, TensorRef) and isinstance(b, TensorRef)
    if isinstance(a, Subgraph) and isinstance(b, Subgraph):
        return correspondence(a.graph, b.graph) is not None
    return bool(a == b)
