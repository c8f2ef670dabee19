"""Training memory: weights, gradients, optimizer state, and what autograd saves for the backward pass.

Each layer declares what it saves (`Layer.saves`); here tensors that several layers save are counted once, and the casts
of autocast and copies are added. docs/analysis.md lists what is left out.
"""

from collections.abc import Iterable, Iterator
from math import prod
from typing import NamedTuple

from ..contract.layer import Weights
from ..contract.saves import MemoryFormat, SavedTensor, Saves
from ..graph import Graph, Node
from ..record import Record
from ..shapes.shape import Layout
from ..shapes.symbolic import plain

PRECISIONS = ("fp32", "bf16", "fp16")
OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop", "muon")
_FULL, _HALF, _ID = 4, 2, 8


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


class SavedBytes(NamedTuple):
    """Saved bytes: for each sample, and in addition for each batch."""

    per_sample: int
    per_batch: int

    def bytes(self, batch: int) -> int:
        """The bytes for a batch."""
        return self.per_sample * batch + self.per_batch


class ResultTensor(NamedTuple):
    """A node's output: the node that owns its memory, bytes of an element, memory format, whether it has a gradient."""

    root: int
    bytes: int
    order: MemoryFormat
    trains: bool


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
    own = [weight for node in graph.layers if node.shared is None for weight in _weights(graph, node)]
    kept, transient = activations(graph, precision)
    parameters, buffers = _FULL * sum(weight.numel for weight in own), sum(_buffers(graph, n) for n in graph.layers)
    trained = [weight for weight in own if weight.trains]
    states = (weight.numel * _states(optimizer, with_momentum, weight.filters) for weight in trained)
    return Memory(
        batch=batch,
        optimizer_name=optimizer,
        precision=precision,
        parameters=parameters,
        buffers=buffers,
        gradients=_FULL * sum(weight.numel for weight in trained),
        optimizer=_FULL * sum(states),
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
    return _Tape(graph, _FULL if precision == "fp32" else _HALF).run()


# --- weights ---


class _Weight(NamedTuple):
    numel: int
    filters: bool
    trains: bool


def _weights(graph: Graph, node: Node) -> Iterator[_Weight]:
    frozen = node.op.frozen_weights()
    for name, dims in node.op.weights_of(graph.shapes_in(node)).items():
        filters = node.op.style == "conv" and len(dims) > 2
        yield _Weight(numel=plain(prod(dims)), filters=filters, trains=name not in frozen)


def _buffers(graph: Graph, node: Node) -> int:
    """Bytes; the number of batches is a 64-bit integer."""
    if node.shared is not None:
        return 0
    found: Weights = node.op.buffers_of(graph.shapes_in(node))
    return sum(_FULL * plain(prod(dims)) if dims else _ID for dims in found.values())


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


# --- what autograd keeps ---


class _Tape:
    """The forward pass: the output of each node, and which outputs are saved."""

    def __init__(self, graph: Graph, autocast_bytes: int) -> None:
        self.graph, self.autocast_bytes = graph, autocast_bytes
        self.tensors: list[ResultTensor] = []
        self.own = [SavedBytes(0, 0)] * len(graph.nodes)
        self.kept: set[int] = set()
        self.cast_already: set[tuple[int, str]] = set()

    def run(self) -> tuple[tuple[SavedBytes, ...], int]:
        entries = set(self.graph.inputs)
        transient = 0
        for node in self.graph.nodes:
            tensor = self.entry(node) if node.id in entries else self.result(node)
            self.tensors.append(tensor)
            if tensor.trains:
                # The gradients of a node's inputs are computed while that of its output is held.
                reads = (i for i in dict.fromkeys(node.inputs) if self.tensors[i].trains)
                transient = max(transient, self.size(node.id) + sum(map(self.size, reads)))
        whole = {i: self.size(i) for i in self.kept}
        return tuple(
            SavedBytes(own.per_sample + whole.get(i, 0), own.per_batch) for i, own in enumerate(self.own)
        ), transient

    def size(self, node: int) -> int:
        """Bytes of a node's output, for one sample."""
        return self.elements(node) * self.tensors[node].bytes

    def elements(self, node: int) -> int:
        return plain(self.graph.nodes[node].shape.numel)

    def entry(self, node: Node) -> ResultTensor:
        ids = node.shape.layout is Layout.IDS
        return ResultTensor(node.id, _ID if ids else _FULL, tuple(range(node.shape.rank)), trains=False)

    def result(self, node: Node) -> ResultTensor:
        op, xs = node.op, self.graph.shapes_in(node)
        saves = op.saves_of(xs, node.shape)
        inputs = [self.tensors[i] for i in node.inputs]
        trains = any(each.trains for each in inputs) or any(weight.trains for weight in _weights(self.graph, node))
        made = self.made(node, saves, inputs, trains)
        if trains:
            self.keep(node, saves, inputs, made)
        return made

    def made(self, node: Node, saves: Saves, inputs: list[ResultTensor], trains: bool) -> ResultTensor:
        """The output of a node: a view of its input's memory, or a tensor of its own."""
        first = inputs[0]
        number = max((each.bytes for each in inputs if each.bytes != _ID), default=_FULL)
        number = self.autocast_bytes if saves.autocast else _FULL if saves.output_in_fp32 else number
        if saves.output_format is not None:
            order = saves.output_format(first.order)
        else:
            order = first.order if len(first.order) == node.shape.rank else tuple(range(node.shape.rank))
        same = saves.view and (saves.required_format is None or saves.required_format == first.order)
        return ResultTensor(first.root if same else node.id, number, order, trains)

    def keep(self, node: Node, saves: Saves, inputs: list[ResultTensor], made: ResultTensor) -> None:
        number = (
            self.autocast_bytes
            if saves.autocast
            else _FULL
            if saves.inputs_in_fp32
            else max(each.bytes for each in inputs)
        )
        for i in saves.inputs:
            self.keep_input(node, node.inputs[i], inputs[i], saves)
        if saves.output:
            self.kept.add(made.root)
        for own in saves.saved:
            self.add(node.id, own, number)
        if self.autocast_bytes != _FULL:
            passing = saves.cast_for_input_gradient if inputs[0].trains else ()
            self.add(
                node.id, SavedTensor(per_batch=self.cast(node, (*saves.cast_weights, *passing))), self.autocast_bytes
            )

    def keep_input(self, node: Node, source: int, tensor: ResultTensor, saves: Saves) -> None:
        """Save an input, or the copy of it that the layer makes: in another dtype or memory format."""
        if saves.inputs_in_fp32 and saves.autocast and not tensor.trains:
            return  # reflection padding of an input without a gradient
        wanted = _FULL if saves.inputs_in_fp32 else self.autocast_bytes if saves.autocast else tensor.bytes
        copied = saves.required_format is not None and saves.required_format != tensor.order
        if copied or tensor.bytes not in (wanted, _ID):
            self.add(node.id, SavedTensor(per_sample=self.elements(source)), wanted)
        else:
            self.kept.add(tensor.root)

    def cast(self, node: Node, names: Iterable[str]) -> int:
        """How many weight values are copied in 16 bits; each weight once in a forward pass."""
        found = node.op.weights_of(self.graph.shapes_in(node))
        owner = node.id if node.shared is None else node.shared
        new = [name for name in names if name in found and (owner, name) not in self.cast_already]
        self.cast_already.update((owner, name) for name in new)
        return sum(plain(prod(found[name])) for name in new)

    def add(self, node: int, own: SavedTensor, number: int) -> None:
        bytes = number if own.bytes is None else own.bytes
        before = self.own[node]
        self.own[node] = SavedBytes(
            before.per_sample + plain(own.per_sample) * bytes, before.per_batch + plain(own.per_batch) * bytes
        )
