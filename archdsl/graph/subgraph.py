"""The body of a layer as a graph of its own."""

from collections.abc import Iterable, Iterator

from ..contract.call import ModuleBody, symbols_in
from ..contract.layer import Reject, Weights
from ..shapes.shape import Shape
from ..shapes.symbolic import Sym
from .graph import Graph


class Subgraph(ModuleBody):
    """A graph that is part of a layer. It is equal to another one with the same layers, whatever their positions."""

    __slots__ = ("_key", "graph")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        nodes = tuple((node.op, node.inputs, node.path, node.shared, node.shape) for node in graph.nodes)
        self._key = nodes, graph.inputs, tuple(i for _, i in graph.outputs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Subgraph) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __str__(self) -> str:
        return "; ".join(node.text for node in self.graph.layers)

    def __repr__(self) -> str:
        return f"Subgraph({self})"

    def symbols(self) -> Iterator[Sym]:
        for node in self.graph.layers:
            yield from symbols_in(node.op.steps(self.graph.shapes_in(node)))

    def shapes(self, xs: tuple[Shape, ...]) -> tuple[Shape, ...]:
        """The shapes of all nodes for these inputs. Raises Reject or Undecided."""
        graph = self.graph
        given = dict(zip(graph.inputs, xs, strict=True))
        found: list[Shape] = []
        for node in graph.nodes:
            if node.id in given:
                found.append(given[node.id])
                continue
            try:
                found.append(node.op.infer(tuple(found[i] for i in node.inputs)))
            except Reject as reject:
                why = f"`{node.text}` in its body cannot take {found[node.inputs[0]]}: {reject.why}"
                raise Reject(None, why, language_rule=reject.language_rule) from reject
        return tuple(found)

    def outputs(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        """The shapes of its outputs, given those of all nodes."""
        return tuple(shapes[i] for _, i in self.graph.outputs)

    def _inputs(self, shapes: tuple[Shape, ...]) -> Iterable[tuple[int, tuple[Shape, ...]]]:
        """The ids of the layers, with the shapes of their inputs."""
        return ((node.id, tuple(shapes[i] for i in node.inputs)) for node in self.graph.layers)

    def weights(self, shapes: tuple[Shape, ...], prefix: str) -> Weights:
        """The parameters of all layers, by their names in the module."""
        return self._named(prefix, ((i, self.graph.nodes[i].op.weights_of(xs)) for i, xs in self._inputs(shapes)))

    def buffers(self, shapes: tuple[Shape, ...], prefix: str) -> Weights:
        """The buffers of all layers, by their names in the module."""
        return self._named(prefix, ((i, self.graph.nodes[i].op.buffers_of(xs)) for i, xs in self._inputs(shapes)))

    def _named(self, prefix: str, found: Iterable[tuple[int, Weights]]) -> Weights:
        nodes = self.graph.nodes
        return {
            f"{prefix}.{nodes[i].name}.{name}": dims
            for i, weights in found
            if nodes[i].shared is None
            for name, dims in weights.items()
        }

    def frozen(self, prefix: str) -> tuple[str, ...]:
        """The names of the weights that are not trained."""
        layers = (node for node in self.graph.layers if node.shared is None)
        return tuple(f"{prefix}.{node.name}.{name}" for node in layers for name in node.op.frozen_weights())

    def macs(self, shapes: tuple[Shape, ...]) -> int:
        """The multiply-accumulates of one run."""
        return sum(self.graph.nodes[i].op.macs_of(xs, shapes[i]) for i, xs in self._inputs(shapes))
