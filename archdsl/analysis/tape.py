"""What autograd saves in a forward pass: tensors (each once), the casts of autocast, and copies."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import NamedTuple

from ..contract.saves import MemoryFormat, SavedTensor, Saves
from ..graph import BodyOp, BodyRuns, Graph, Node
from ..shapes.shape import Layout
from ..shapes.symbolic import concrete

FULL, HALF, ID = 4, 2, 8
"""Bytes of a number in 32 and 16 bits, and of an index."""


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


class WeightTensor(NamedTuple):
    """A weight: its sizes, whether it has the filters of a convolution, and whether it is trained."""

    dims: tuple[int, ...]
    filters: bool
    trains: bool

    def numel(self, shards: int = 1) -> int:
        """The number of elements of a shard: FSDP2 divides the first dimension, and rounds up."""
        return -(-self.dims[0] // shards) * prod(self.dims[1:]) if self.dims else 1


def weights_of(graph: Graph, node: Node) -> Iterator[WeightTensor]:
    """The weights of a node."""
    frozen = node.op.frozen_weights()
    for name, dims in node.op.weights_of(graph.shapes_in(node)).items():
        filters = node.op.style == "conv" and len(dims) > 2
        yield WeightTensor(tuple(map(concrete, dims)), filters=filters, trains=name not in frozen)


class Tape:
    """The forward pass: the output of each node, and which outputs are saved."""

    def __init__(self, graph: Graph, autocast_bytes: int, entries: Mapping[int, ResultTensor] | None = None) -> None:
        self.graph, self.autocast_bytes, self.entries = graph, autocast_bytes, entries or {}
        self.tensors: list[ResultTensor] = []
        self.own = [SavedBytes(0, 0)] * len(graph.nodes)
        self.kept: dict[int, set[int]] = {}
        """Which outputs are saved, each by which nodes."""
        self.cast_already: set[tuple[int, str]] = set()
        self.cast_bytes = 0

    def run(self) -> tuple[tuple[SavedBytes, ...], int]:
        inputs = set(self.graph.inputs)
        transient = 0
        for node in self.graph.nodes:
            tensor = self.entry(node) if node.id in inputs else self.result(node)
            self.tensors.append(tensor)
            if tensor.trains:
                # The gradients of a node's inputs are computed while that of its output is held.
                reads = (i for i in dict.fromkeys(node.inputs) if self.tensors[i].trains)
                transient = max(transient, self.size(node.id) + sum(map(self.size, reads)))
        return self.saved(self.kept), transient

    def saved(self, outputs: Iterable[int]) -> tuple[SavedBytes, ...]:
        """What each node saves itself and, for the nodes in `outputs`, their output."""
        whole = set(outputs)
        return tuple(
            SavedBytes(own.per_sample + self.size(i) * (i in whole), own.per_batch) for i, own in enumerate(self.own)
        )

    def recomputed(self, blocks: Sequence[tuple[str, ...]], batch: int) -> tuple[SavedBytes, ...]:
        """What is saved if these blocks recompute their activations: their inputs, what others save, and the
        activations of the block that saves the most with this batch size.
        """
        inside = {node.id: block for node in self.graph.layers for block in blocks if node.path[: len(block)] == block}
        always = {root for root, savers in self.kept.items() if any(saver not in inside for saver in savers)}
        always |= {
            self.tensors[i].root
            for node in self.graph.layers
            for i in node.inputs
            if node.id in inside and inside.get(i) != inside[node.id]
        }
        within: dict[tuple[str, ...], list[SavedBytes]] = {}
        for block in blocks:
            roots = {root for root, savers in self.kept.items() if any(inside.get(i) == block for i in savers)}
            # an output that others keep is computed again as another tensor; the inputs themselves are kept
            again = {root for root in roots if inside.get(root) == block or root not in always}
            within[block] = [
                each if i in again or inside.get(i) == block else SavedBytes(0, 0)
                for i, each in enumerate(self.saved(again))
            ]
        largest = max(within.values(), key=lambda each: sum(saved.bytes(batch) for saved in each), default=None)
        outside = [
            SavedBytes(self.size(i) * (i in always), 0) if i in inside else each
            for i, each in enumerate(self.saved(always))
        ]
        if largest is None:
            return tuple(outside)
        return tuple(
            SavedBytes(a.per_sample + b.per_sample, a.per_batch + b.per_batch)
            for a, b in zip(outside, largest, strict=True)
        )

    def size(self, node: int) -> int:
        """Bytes of a node's output, for one sample."""
        return self.elements(node) * self.tensors[node].bytes

    def elements(self, node: int) -> int:
        return concrete(self.graph.nodes[node].shape.numel)

    def entry(self, node: Node) -> ResultTensor:
        if node.id in self.entries:
            return self.entries[node.id]
        ids = node.shape.layout is Layout.IDS
        return ResultTensor(node.id, ID if ids else FULL, tuple(range(node.shape.rank)), trains=False)

    def result(self, node: Node) -> ResultTensor:
        op, xs = node.op, self.graph.shapes_in(node)
        saves = op.saves_of(xs, node.shape)
        inputs = [self.tensors[i] for i in node.inputs]
        trains = any(each.trains for each in inputs) or any(weight.trains for weight in weights_of(self.graph, node))
        made = self.made(node, saves, inputs, trains)
        if trains:
            self.keep(node, saves, inputs, made)
            if isinstance(op, BodyOp):
                self.keep_body(node, op, inputs)
        return made

    def made(self, node: Node, saves: Saves, inputs: list[ResultTensor], trains: bool) -> ResultTensor:
        """The output of a node: a view of its input's memory, or a new tensor."""
        first = inputs[0]
        number = max((each.bytes for each in inputs if each.bytes != ID), default=FULL)
        number = self.autocast_bytes if saves.autocast else FULL if saves.output_in_fp32 else number
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
            else FULL
            if saves.inputs_in_fp32
            else max(each.bytes for each in inputs)
        )
        for i in saves.inputs:
            self.keep_input(node, node.inputs[i], inputs[i], saves)
        if saves.output:
            self.kept.setdefault(made.root, set()).add(node.id)
        for own in saves.saved:
            self.add(node.id, own, number)
        if self.autocast_bytes != FULL:
            passing = saves.cast_for_input_gradient if inputs[0].trains else ()
            count = self.cast(node, (*saves.cast_weights, *passing))
            self.cast_bytes += count * self.autocast_bytes
            self.add(node.id, SavedTensor(per_batch=count), self.autocast_bytes)

    def keep_body(self, node: Node, op: BodyOp, inputs: list[ResultTensor]) -> None:
        """Save what the runs of a body save; weights are cast once for all runs, views and states counted once."""
        runs, graph = op.runs_of(self.graph.shapes_in(node)), op.body.graph
        body = Tape(graph, self.autocast_bytes, dict(self.body_entries(op, runs, inputs)))
        body.run()
        ends = [body.tensors[i].root for _, i in graph.outputs]
        roots = body.kept.keys() | ({ends[0]} if runs.saves_result else set())
        per_run: set[int] = set()
        once = 0
        for root in roots:
            place = graph.inputs.index(root) if root in graph.inputs else None
            source, carried = (None, None) if place is None else (runs.sources[place], runs.carried[place])
            if source is not None:
                self.kept.setdefault(inputs[source].root, set()).add(node.id)
            else:
                per_run.add(root if carried is None else ends[carried])
                # If a state is saved before and after each run, the initial state is counted as well.
                once += body.size(root) if carried is not None and ends[carried] in roots else 0
        own = sum(each.per_sample for each in body.own) + sum(map(body.size, per_run))
        shared = sum(each.per_batch for each in body.own) - body.cast_bytes
        before = self.own[node.id]
        self.own[node.id] = SavedBytes(
            before.per_sample + own * runs.times + once,
            before.per_batch + shared * runs.times + body.cast_bytes * runs.copies,
        )

    def body_entries(
        self, op: BodyOp, runs: BodyRuns, inputs: list[ResultTensor]
    ) -> Iterator[tuple[int, ResultTensor]]:
        """The inputs of a body: parts of the layer's inputs, gathered from the first one, or carried over."""
        graph = op.body.graph
        trains = any(each.trains for each in inputs) or any(
            w.trains for n in graph.layers for w in weights_of(graph, n)
        )
        for i, source, carried in zip(graph.inputs, runs.sources, runs.carried, strict=True):
            outer = inputs[source or 0]
            order = tuple(range(graph.nodes[i].shape.rank))
            yield i, ResultTensor(i, outer.bytes, order, trains if carried is not None else outer.trains)

    def keep_input(self, node: Node, source: int, tensor: ResultTensor, saves: Saves) -> None:
        """Save an input, or the copy of it that the layer makes: in another dtype or memory format."""
        if saves.inputs_in_fp32 and saves.autocast and not tensor.trains:
            return  # reflection padding of an input without a gradient
        wanted = FULL if saves.inputs_in_fp32 else self.autocast_bytes if saves.autocast else tensor.bytes
        copied = saves.required_format is not None and saves.required_format != tensor.order
        if copied or tensor.bytes not in (wanted, ID):
            self.add(node.id, SavedTensor(per_sample=self.elements(source)), wanted)
        else:
            self.kept.setdefault(tensor.root, set()).add(node.id)

    def cast(self, node: Node, names: Iterable[str]) -> int:
        """How many weight values are copied in 16 bits; each weight once in a forward pass."""
        found = node.op.weights_of(self.graph.shapes_in(node))
        owner = node.id if node.shared is None else node.shared
        new = [name for name in names if name in found and (owner, name) not in self.cast_already]
        self.cast_already.update((owner, name) for name in new)
        return sum(concrete(prod(found[name])) for name in new)

    def add(self, node: int, own: SavedTensor, number: int) -> None:
        bytes = number if own.bytes is None else own.bytes
        before = self.own[node]
        self.own[node] = SavedBytes(
            before.per_sample + concrete(own.per_sample) * bytes, before.per_batch + concrete(own.per_batch) * bytes
        )
