"""Which box makes the tensor that a node reads, if repetitions are drawn once and some layers are hidden."""

from ...graph import Graph
from .labels import shape_words
from .plan import DrawingPlan


class DrawnTensors:
    """The tensors of a graph as they are drawn; an arrow leads through hidden nodes, each of which reads one tensor."""

    def __init__(self, graph: Graph, plan: DrawingPlan, hidden: frozenset[int]) -> None:
        self._graph = graph
        self.plan = plan
        self.hidden = hidden
        self._copies = {drawn.node: drawn.copies for drawn in plan.nodes if drawn.node in hidden}

    def shown(self, node: int) -> int:
        """The node whose box an arrow for this tensor starts at."""
        node = self.plan.resolve(node)
        while node in self.hidden:
            node = self.plan.resolve(self._graph.nodes[node].inputs[0])
        return node

    def hidden_before(self, node: int) -> tuple[int, ...]:
        """The hidden nodes on the arrow for this tensor, the first one first."""
        found, node = [], self.plan.resolve(node)
        while node in self.hidden:
            found.append(node)
            node = self.plan.resolve(self._graph.nodes[node].inputs[0])
        return tuple(reversed(found))

    def copies(self, node: int) -> tuple[int, ...]:
        """A hidden node with all its repetitions."""
        return self._copies[node]

    def words(self, node: int) -> str:
        """The shape of a tensor, and the shape before hidden layers if they change it: `64×56×56 → 64×28×28`."""
        after = shape_words(self._graph.nodes[node].shape)
        hidden = self.hidden_before(node)
        if not hidden:
            return after
        before = shape_words(self._graph.nodes[self._graph.nodes[hidden[0]].inputs[0]].shape)
        return after if before == after else f"{before} → {after}"
