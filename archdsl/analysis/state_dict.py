"""The tensors of a network's state dict, by name, without torch."""

from collections.abc import Mapping

from ..graph import Graph, Node
from ..record import Record
from ..shapes.symbolic import concrete


class StateTensor(Record):
    """One entry: its shape, its node, its name in the layer's module, and whether it is a parameter."""

    shape: tuple[int, ...]
    node: int
    local: str
    parameter: bool

    @property
    def numel(self) -> int:
        """The number of values."""
        count = 1
        for size in self.shape:
            count *= size
        return count


def state_dict(graph: Graph) -> Mapping[str, StateTensor]:
    """The entries of the module's state dict, parameters and buffers; shared weights occur once."""
    found: dict[str, StateTensor] = {}
    for node in graph.layers:
        for local, (shape, parameter) in _own(graph, node).items():
            found[f"{node.name}.{local}"] = StateTensor(shape=shape, node=node.id, local=local, parameter=parameter)
    return found


def _own(graph: Graph, node: Node) -> dict[str, tuple[tuple[int, ...], bool]]:
    if node.shared is not None:
        return {}
    xs = graph.shapes_in(node)
    weights = {name: (tuple(map(concrete, dims)), True) for name, dims in node.op.weights_of(xs).items()}
    return weights | {name: (tuple(map(concrete, dims)), False) for name, dims in node.op.buffers_of(xs).items()}
