"""Parameters and multiply-accumulates.

MACs are the multiply-accumulates of convolutions, linear maps and matrix products (attention, `matmul`), for one
sample. Bias, normalization, activation and pooling count 0, and FLOPs = 2 × MACs. The MACs are half of what torch's
FlopCounterMode counts; torchvision publishes them as GFLOPS.
"""

from collections.abc import Iterable
from functools import cached_property
from math import prod

from ..graph import Draft, Graph, Node
from ..record import Record
from ..shapes.shape import Shape
from ..shapes.symbolic import concrete


class Cost(Record):
    """The cost of one node. A node that reuses another node's weights has MACs but no parameters."""

    parameters: int
    trainable: int
    buffers: int
    macs: int


ZERO = Cost(parameters=0, trainable=0, buffers=0, macs=0)


class Costs:
    """The cost of each node of a graph, by id, and the total."""

    def __init__(self, nodes: tuple[Cost, ...]) -> None:
        self.nodes = nodes

    def __getitem__(self, node: int) -> Cost:
        return self.nodes[node]

    @cached_property
    def total(self) -> Cost:
        """The sums over all nodes."""
        return add(self.nodes)


DraftCosts = tuple[Cost | None, ...]
"""The cost of each node of a draft; None if the node depends on an error."""


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
    """The costs of a graph."""
    memo: dict[object, Cost] = {}
    seen: dict[tuple[int, ...], Cost] = {}
    nodes, found = graph.nodes, []
    for node in nodes:
        # Nodes that repeat others share their ops and shapes; comparing these takes longer than comparing identities.
        key = (id(node.op), node.shared is None, *[id(nodes[i].shape) for i in node.inputs])
        cost = seen.get(key)
        if cost is None:
            cost = seen[key] = _cost(graph.shapes_in(node), node, memo)
        found.append(cost)
    return Costs(tuple(found))


def draft_costs(draft: Draft | Graph) -> DraftCosts:
    """The costs of a draft, as far as they are known; None for a node that depends on an error."""
    memo: dict[object, Cost] = {}
    found: list[Cost | None] = []
    for node, known in zip(draft.nodes, draft.known(), strict=True):
        if not known or not isinstance(node, Node):
            found.append(None)
            continue
        inputs = (draft.nodes[i] for i in node.inputs)
        found.append(_cost(tuple(each.shape for each in inputs if isinstance(each, Node)), node, memo))
    return tuple(found)


def _cost(xs: tuple[Shape, ...], node: Node, memo: dict[object, Cost]) -> Cost:
    if node.is_input:
        return ZERO
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
                parameters=sum(concrete(prod(dims)) for dims in weights.values()),
                trainable=sum(concrete(prod(dims)) for name, dims in weights.items() if name not in frozen),
                buffers=sum(concrete(prod(dims)) for dims in node.op.buffers_of(xs).values()),
                macs=macs,
            )
        memo[key] = found
    return found
