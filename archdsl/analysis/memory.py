"""Training memory: weights, gradients, optimizer state, and what autograd saves for the backward pass.

Each layer declares what it saves (`Layer.saves`); here tensors that several layers save are counted once, and the casts
of autocast and copies are added. docs/analysis.md lists what is left out.
"""

from math import prod

from ..contract.layer import Weights
from ..graph import Graph, Node
from ..record import Record
from ..shapes.symbolic import concrete
from .network_blocks import Path, blocks, sharded_parts
from .tape import FULL, HALF, ID, SavedBytes, Tape, WeightTensor, weights_of

PRECISIONS = ("fp32", "bf16", "fp16")
OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop", "muon")


class Memory(Record):
    """Bytes for training on batches of `batch` samples.

    `parameters`, `gradients` and `optimizer` are in 32 bits whatever the precision; `copies` are the running means of
    the weights. `activations` is everything saved for the backward pass, including casts of weights and the batch;
    `layers` divides `activations` among the nodes: each gets what is saved of its output, and what it saves itself.
    `transient` is the largest pair of gradients, of a layer's output and input, that the backward pass holds at once.

    With several `shards`, these are the bytes of each process, whose batch is its part of `batch`; `gathered` is then
    the largest number of bytes of whole weights and gradients that it holds at once.
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
    shards: int = 1
    gathered: int = 0

    @property
    def total(self) -> int:
        """The sum of all of these. The actual peak is lower: activations are freed while gradients are allocated."""
        fixed = self.parameters + self.buffers + self.gradients + self.optimizer + self.copies + self.gathered
        return fixed + self.activations + self.transient


def memory(
    graph: Graph,
    *,
    batch: int,
    optimizer: str = "adam",
    precision: str = "fp32",
    momentum: bool | None = None,
    other: str = "adamw",
    copies: int = 0,
    activation_checkpointing: bool = False,
    shards: int = 1,
) -> Memory:
    """The memory that training takes. All shapes must be known; symbolic dimensions count with their example sizes.

    `momentum` is whether sgd or rmsprop uses momentum; by default, sgd does and rmsprop does not. `other` is the
    optimizer to which muon leaves all weights except the filters of convolutions. `copies` is the number of running
    means of all weights. With `activation_checkpointing`, the blocks recompute activations instead of saving them.
    `shards` is the number of processes over which FSDP2 shards the weights. Raises ValueError for an unknown optimizer
    or precision.
    """
    for name in (optimizer, other):
        if name not in OPTIMIZERS or precision not in PRECISIONS:
            raise ValueError(f"optimizer {name!r}, precision {precision!r}: use one of {OPTIMIZERS} and {PRECISIONS}")
    rest = other if optimizer == "muon" else optimizer
    with_momentum = rest == "sgd" if momentum is None else momentum
    own = [weight for node in graph.layers if node.shared is None for weight in weights_of(graph, node)]
    mine = -(-batch // shards)
    tape = Tape(graph, FULL if precision == "fp32" else HALF)
    kept, transient = tape.run()
    if activation_checkpointing:
        kept = tape.recomputed(blocks(graph), mine)
    buffers = sum(_buffers(graph, n) for n in graph.layers)
    parameters = FULL * sum(weight.numel(shards) for weight in own)
    trained = [weight for weight in own if weight.trains]
    by_muon = optimizer == "muon"
    states = (w.numel(shards) * (1 if by_muon and w.filters else _states(rest, with_momentum)) for w in trained)
    return Memory(
        batch=batch,
        optimizer_name=optimizer,
        precision=precision,
        parameters=parameters,
        buffers=buffers,
        gradients=FULL * sum(weight.numel(shards) for weight in trained),
        optimizer=FULL * sum(states),
        copies=copies * (parameters + buffers),
        activations=sum(each.bytes(mine) for each in kept),
        transient=transient * mine,
        layers=tuple(each.bytes(mine) for each in kept),
        shards=shards,
        gathered=gathered(graph) if shards > 1 else 0,
    )


def largest_batch(
    graph: Graph,
    bytes: int,
    *,
    optimizer: str = "adam",
    precision: str = "fp32",
    momentum: bool | None = None,
    other: str = "adamw",
    copies: int = 0,
    activation_checkpointing: bool = False,
    shards: int = 1,
) -> int:
    """The largest batch whose training fits in this many bytes; 0 if not even one sample fits.

    With several `shards`, the bytes are those of one process, and the batch that of all: a multiple of their number.
    """

    def total(batch: int) -> int:
        return memory(
            graph,
            batch=batch * shards,
            optimizer=optimizer,
            precision=precision,
            momentum=momentum,
            other=other,
            copies=copies,
            activation_checkpointing=activation_checkpointing,
            shards=shards,
        ).total

    fixed, one = total(0), total(1)
    if one > bytes:
        return 0
    low, high = 1, (bytes - fixed) // max(1, one - fixed) + 1
    if not activation_checkpointing:  # each sample takes as much as the first
        return (high - 1) * shards
    while high - low > 1:  # another block may save the most in larger batches: the first sample takes the least
        middle = (low + high) // 2
        low, high = (middle, high) if total(middle) <= bytes else (low, middle)
    return low * shards


def gathered(graph: Graph) -> int:
    """The bytes of whole weights and gradients that FSDP2 holds at once in each process: those of a part and of the
    parts around it, and the weights of the next part, which is gathered in advance.
    """
    parts = sharded_parts(graph)
    sizes = {
        path: (sum(each.numel() for each in own), sum(each.numel() for each in own if each.trains))
        for path, own in _own_weights(graph, parts).items()
    }
    largest = max(sum(sum(sizes[outer]) for outer in sizes if path[: len(outer)] == outer) for path in sizes)
    ahead = max((sizes[path][0] for path in parts), default=0)
    return FULL * (largest + (ahead if len(parts) > 1 else 0))


def _own_weights(graph: Graph, parts: tuple[Path, ...]) -> dict[Path, list[WeightTensor]]:
    """The weights of each part that are in no inner part; `()` is the whole network."""
    found: dict[Path, list[WeightTensor]] = {path: [] for path in ((), *parts)}
    for node in graph.layers:
        if node.shared is None:
            owner = max((part for part in found if node.path[: len(part)] == part), key=len)
            found[owner] += weights_of(graph, node)
    return found


def activations(graph: Graph, precision: str) -> tuple[tuple[SavedBytes, ...], int]:
    """What is saved for the backward pass, by node; and the most gradients held at once, for one sample."""
    return Tape(graph, FULL if precision == "fp32" else HALF).run()


# --- weights ---


def _buffers(graph: Graph, node: Node) -> int:
    """The bytes of the buffers; a batch counter is a 64-bit integer."""
    if node.shared is not None:
        return 0
    found: Weights = node.op.buffers_of(graph.shapes_in(node))
    return sum(FULL * concrete(prod(dims)) if dims else ID for dims in found.values())


def _states(optimizer: str, momentum: bool) -> int:
    """The number of values that the optimizer stores for each weight value."""
    match optimizer:
        case "sgd":
            return int(momentum)
        case "rmsprop":
            return 1 + momentum
        case _:
            return 2
