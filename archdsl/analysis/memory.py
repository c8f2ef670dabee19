"""Training memory: weights, gradients, optimizer state, and what autograd saves for the backward pass.

Each layer declares what it saves (`Layer.saves`); here tensors that several layers save are counted once, and the casts
of autocast and copies are added. docs/analysis.md lists what is left out.
"""

from math import prod

from ..contract.layer import Weights
from ..graph import Graph, Node
from ..record import Record
from ..shapes.symbolic import concrete
from .tape import FULL, HALF, ID, SavedBytes, Tape, weights_of

PRECISIONS = ("fp32", "bf16", "fp16")
OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop", "muon")


class Memory(Record):
    """Bytes for training on batches of `batch` samples.

    `parameters`, `gradients` and `optimizer` are in 32 bits whatever the precision; `copies` are the running means of
    the weights. `activations` is everything saved for the backward pass, including casts of weights and the batch;
    `layers` divides it among the nodes: to each what is saved of its output, and what it saves itself. `transient` is
    the largest pair of gradients, of a layer's output and input, that the backward pass holds at a time.
    """

    batch: int
    optimizer_name: str
    precision: str
    parameters: int
    buffers: int
    gradients: int
    optimizer: int
    copies: int
    activations: int
    transient: int
    layers: tuple[int, ...]

    @property
    def total(self) -> int:
        """The sum of all. The actual peak is lower: activations are freed while gradients are allocated."""
        fixed = self.parameters + self.buffers + self.gradients + self.optimizer + self.copies
        return fixed + self.activations + self.transient


def memory(
    graph: Graph,
    *,
    batch: int,
    optimizer: str = "adam",
    precision: str = "fp32",
    momentum: bool | None = None,
    copies: int = 0,
) -> Memory:
    """The memory that training takes. All shapes must be known; symbolic dimensions count with their example sizes.

    `momentum` is whether sgd or rmsprop use momentum; by default, sgd does and rmsprop does not. `copies` is the number
    of running means of all weights. Raises ValueError for an unknown optimizer or precision.
    """
    if optimizer not in OPTIMIZERS or precision not in PRECISIONS:
        raise ValueError(f"{optimizer!r} with {precision!r} is none of {OPTIMIZERS} with {PRECISIONS}")
    with_momentum = optimizer == "sgd" if momentum is None else momentum
    own = [weight for node in graph.layers if node.shared is None for weight in weights_of(graph, node)]
    kept, transient = activations(graph, precision)
    parameters, buffers = FULL * sum(weight.numel for weight in own), sum(_buffers(graph, n) for n in graph.layers)
    trained = [weight for weight in own if weight.trains]
    states = (weight.numel * _states(optimizer, with_momentum, weight.filters) for weight in trained)
    return Memory(
        batch=batch,
        optimizer_name=optimizer,
        precision=precision,
        parameters=parameters,
        buffers=buffers,
        gradients=FULL * sum(weight.numel for weight in trained),
        optimizer=FULL * sum(states),
        copies=copies * (parameters + buffers),
        activations=sum(each.bytes(batch) for each in kept),
        transient=transient * batch,
        layers=tuple(each.bytes(batch) for each in kept),
    )


def largest_batch(
    graph: Graph,
    bytes: int,
    *,
    optimizer: str = "adam",
    precision: str = "fp32",
    momentum: bool | None = None,
    copies: int = 0,
) -> int:
    """The largest batch whose training fits in this many bytes; 0 if not even one sample fits."""

    def total(batch: int) -> int:
        return memory(
            graph, batch=batch, optimizer=optimizer, precision=precision, momentum=momentum, copies=copies
        ).total

    fixed = total(0)
    each = total(1) - fixed
    return 0 if fixed + each > bytes else (bytes - fixed) // max(1, each)


def activations(graph: Graph, precision: str) -> tuple[tuple[SavedBytes, ...], int]:
    """What is saved for the backward pass, by node; and the maximum gradients held at a time, for one sample."""
    return Tape(graph, FULL if precision == "fp32" else HALF).run()


# --- weights ---


def _buffers(graph: Graph, node: Node) -> int:
    """Bytes; the number of batches is a 64-bit integer."""
    if node.shared is not None:
        return 0
    found: Weights = node.op.buffers_of(graph.shapes_in(node))
    return sum(FULL * concrete(prod(dims)) if dims else ID for dims in found.values())


def _states(optimizer: str, momentum: bool, filters: bool) -> int:
    """Values that the optimizer stores for each weight value; Muon handles only the filters of convolutions."""
    match optimizer:
        case "sgd":
            return int(momentum)
        case "rmsprop":
            return 1 + momentum
        case "muon":
            return 1 if filters else 2
        case _:
            return 2
