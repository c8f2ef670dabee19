"""Parameters and multiply-accumulates.

MACs are the multiply-accumulates of convolutions, linear maps and attention's products for one sample; bias,
normalisation, activation and pooling count 0, and FLOPs = 2 × MACs. It is what torch's FlopCounterMode counts (halved)
and what torchvision publishes as GFLOPS.
"""

from collections.abc import Iterable
from math import prod

from ..graph import Graph, Node
from ..record import Record
from ..shapes.symbolic import plain


class Cost(Record):
    """What one node costs. A node that applies another's weights again has MACs of its own and no parameters."""

    parameters: int
    trainable: int
    buffers: int
    macs: int


ZERO = Cost(parameters=0, trainable=0, buffers=0, macs=0)


class Costs(Record):
    """The cost of each node, by its id (None where the shape is unknown), and of the whole."""

    nodes: tuple[Cost | None, ...]

    def __getitem__(self, node: int) -> Cost | None:
        return self.nodes[node]

    @property
    def total(self) -> Cost:
        """The sums over all nodes whose shape is known."""
        return add(cost for cost in self.nodes if cost is not None)


def add(costs: Iterable[Cost]) -> Cost:
    """The sum of several costs."""
    parameters = trainable = buffers = macs = 0
    for cost in costs:
        parameters += cost.parameters
        trainable += cost.trainable
        buffers += cost.buffers
        macs += cost.macs
    return Cost(parameters=parameters, trainable=trainable, buffers=buffers, macs=macs)


def costs(graph: Graph) -> Costs:
    """What every node of a graph costs."""
    memo: dict[object, Cost] = {}
    return Costs(nodes=tuple(_cost(graph, node, memo) for node in graph.nodes))


def _cost(graph: Graph, node: Node, memo: dict[object, Cost]) -> Cost | None:
    if node.op is None:
        return ZERO if node.shape is not None else None
    xs = tuple(shape for i in node.inputs if (shape := graph.nodes[i].shape) is not None)
    if node.shape is None or len(xs) < len(node.inputs):
        return None
    key = (id(node.op), xs, node.shape, node.shared is None)
    found = memo.get(key)
    if found is None:
        macs = node.op.macs_of(xs, node.shape)
        if node.shared is not None:
            found = ZERO.replace(macs=macs)
        else:
            weights = node.op.weights_of(xs)
            frozen = node.op.frozen_weights()
            found = Cost(
                parameters=sum(plain(prod(dims)) for dims in weights.values()),
                trainable=sum(plain(prod(dims)) for name, dims in weights.items() if name not in frozen),
                buffers=sum(plain(prod(dims)) for dims in node.op.buffers_of(xs).values()),
                macs=macs,
            )
        memo[key] = found
    return found
