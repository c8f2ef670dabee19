"""The graph that is built while a source network is read."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import torch

from ..contract.arguments import InvalidValue, Kind
from ..contract.layer import INPUT, Op, Reject
from ..graph import Graph, Node
from ..layers import merges, registry
from ..shapes.shape import Shape
from ..structure import Scope
from ..text.source import Source, Span
from .atoms import View
from .import_problem import NotExpressible
from .values import ConstantTensor, Learned, evaluate, only_moves, parameter_sizes, parameters_of

_NO_SPAN = Span(Source("", name="<imported>"), 0, 0)


class Weight(NamedTuple):
    """The origin of a weight: the source values that it is computed from, and how."""

    sources: tuple[Learned | ConstantTensor | torch.Tensor, ...]
    make: Callable[..., torch.Tensor]

    def value(self, given: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The weight for these source parameters."""
        return self.make(*(evaluate(source, given) for source in self.sources))


def elements(weight: Weight) -> tuple[tuple[str, ...], torch.Tensor] | None:
    """The names of a weight's source parameters, and for each of its elements the number of the source element.

    The elements of all sources are numbered one after another. None for a weight that is computed, not copied.
    """
    if not all(only_moves(source) for source in weight.sources):
        return None
    names = tuple(dict.fromkeys(parameters_of(weight.sources)))
    given: dict[str, torch.Tensor] = {}
    count = 0
    for name in names:
        sizes = parameter_sizes(weight.sources, name)
        # Floating-point numbers, because the weight may be converted to another precision.
        given[name] = torch.arange(count, count + prod(sizes), dtype=torch.float64).reshape(sizes)
        count += prod(sizes)
    return names, weight.value(given)


def equal_weights(first: Mapping[str, Weight], second: Mapping[str, Weight]) -> bool:
    """Whether these weights are the same elements of the same parameters."""
    if first.keys() != second.keys():
        return False
    for name in first:
        mine, its = elements(first[name]), elements(second[name])
        if mine is None or its is None or mine[0] != its[0] or not torch.equal(mine[1], its[1]):
            return False
    return True


def same(source: Learned | ConstantTensor, dims: Sequence[int] | None = None) -> Weight:
    """A weight that is a source parameter, perhaps in another shape."""
    return Weight((source,), lambda tensor: tensor if dims is None else tensor.reshape(tuple(dims)))


class ConstantOp(Op):
    """A tensor of known numbers: it has no layer, unless one is found that computes it."""

    keyword = "unknown"
    starts = True
    tensor: Any

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        return Shape(*(tuple(size for size in self.tensor.shape if size != 1) or (1,)))


class ComputedOp(Op):
    """A tensor computed from parameters alone: it has no layer, unless one is found that computes it."""

    keyword = "unknown"
    starts = True
    value: Any

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        return Shape(*(tuple(size for size in self.value.sizes if size != 1) or (1,)))


class UnknownOp(Op):
    """An operation without a counterpart in a partial import; `dims` are those of its result."""

    keyword = "unknown"
    dims: tuple[int, ...]

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        return Shape(*self.dims)


class RepeatedOp(Op):
    """A tensor that is repeated along axes: it has no layer, unless one is found that repeats it, as attention does."""

    keyword = "unknown"
    dims: tuple[int, ...]

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        return Shape(*self.dims)


class Origin(NamedTuple):
    """For a node that only rearranges another node: the other node, and the requested view of it, axis by axis."""

    node: int
    view: View


class Lifted:
    """A node being built: like a node of a graph, with its weights, the modules around it, and what it rearranges."""

    __slots__ = ("id", "inputs", "op", "origin", "runs", "scopes", "shape", "shared", "weights")

    def __init__(self, id: int, op: Op, inputs: tuple[int, ...], shape: Shape, scopes: tuple[Scope, ...]) -> None:
        self.id = id
        self.runs = id
        self.op = op
        self.inputs = inputs
        self.shape = shape
        self.scopes = scopes
        self.weights: dict[str, Weight] = {}
        self.origin: Origin | None = None
        self.shared: int | None = None

    def __repr__(self) -> str:
        return f"{self.id} {self.op.keyword} {self.inputs} {self.shape}"


class Builder:
    """Nodes in the order in which they run."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.nodes: list[Lifted] = []
        self.inputs: list[int] = []
        self.input_names: list[str] = []
        self.scopes: tuple[Scope, ...] = ()
        self.renamed: dict[int, int] = {}
        self._known: dict[Any, int] = {}

    def input(self, name: str, shape: Shape) -> int:
        """Add an input of the network."""
        node = Lifted(len(self.nodes), INPUT, (), shape, ())
        self.nodes.append(node)
        self.inputs.append(node.id)
        self.input_names.append(name)
        return node.id

    def add(self, op: Op, *inputs: int, **weights: Weight) -> int:
        """Add a node and return its id. Raises NotExpressible if the layer does not accept the shapes."""
        inputs = (self.inputs[0],) if getattr(op, "starts", False) else inputs
        try:
            shape = op.infer(tuple(self.nodes[i].shape for i in inputs))
        except Reject as reject:
            shapes = ", ".join(str(self.nodes[i].shape) for i in inputs)
            raise NotExpressible(
                f"`{op.keyword}` of {shapes} ({reject.why})", "shapes that the layer accepts"
            ) from None
        node = Lifted(len(self.nodes), op, inputs, shape, self.scopes)
        node.weights = dict(weights)
        self.nodes.append(node)
        return node.id

    def layer(self, keyword: str, *inputs: int, weights: Mapping[str, Weight] | None = None, **arguments: Any) -> int:
        """Add a layer or a merge by its keyword. Equal ones without weights or randomness are added once."""
        made = make_op(keyword, arguments)
        key = None if weights or keyword in ("dropout", "dropout2d", "drop_path") else (made, inputs, self.scopes)
        if key is not None and key in self._known:
            return self._known[key]
        node = self.add(made, *inputs, **(weights or {}))
        if key is not None:
            self._known[key] = node
        return node

    def needs(self, node: int) -> list[int]:
        """The nodes that must run before a node."""
        here = self.nodes[node]
        return [*here.inputs, *(() if here.shared is None else (here.shared,))]

    def dims(self, node: int) -> tuple[int, ...]:
        """The sizes of a node."""
        return self.nodes[node].shape.dims


def make_op(keyword: str, arguments: Mapping[str, Any]) -> Op:
    """The op of a keyword with these arguments, each validated. Raises NotExpressible for invalid values."""
    kind: type[Op] = (registry() | merges())[keyword]
    known = {p.name: p.kind for p in kind.parameters if not p.rest and not p.many}
    values = {name: _accepted(known.get(name), value, name) for name, value in arguments.items()}
    return kind.of(values)


def _accepted(kind: Kind | None, value: Any, name: str) -> Any:
    if kind is None or value is None:
        return value
    try:
        return kind.accept(tuple(value) if isinstance(value, list) else value)  # torch.fx has lists of sizes
    except InvalidValue as error:
        raise NotExpressible(f"the value {name}={value}", f"a layer that takes more than {error}") from None


def live_nodes(nodes: Sequence[Lifted], outputs: Sequence[int], inputs: Sequence[int]) -> list[int]:
    """The ids of the inputs and of all nodes that the outputs depend on, in order."""
    wanted, stack = set(inputs), list(outputs)
    while stack:
        i = stack.pop()
        if i in wanted:
            continue
        wanted.add(i)
        node = nodes[i]
        stack += node.inputs
        if node.shared is not None:
            stack.append(node.shared)
    return sorted(wanted)


def to_graph(builder: Builder, name: str, outputs: Sequence[tuple[str, int]]) -> tuple[Graph, dict[int, int]]:
    """The graph of all nodes that the outputs depend on, and the new id of each."""
    live = live_nodes(builder.nodes, [i for _, i in outputs], builder.inputs)
    ids = {old: new for new, old in enumerate(live)}
    nodes = []
    counts: dict[str, int] = {}
    for old in live:
        each = builder.nodes[old]
        word = each.op.keyword
        counts[word] = counts.get(word, 0) + 1
        path = (f"{word}{counts[word]}",)
        shared = None if each.shared is None else ids[each.shared]
        nodes.append(
            Node(ids[old], each.op, tuple(ids[i] for i in each.inputs), each.shape, path, _NO_SPAN, shared=shared)
        )
    graph = Graph(
        name=name,
        nodes=tuple(nodes),
        inputs=tuple(ids[i] for i in builder.inputs),
        input_names=tuple(builder.input_names),
        outputs=tuple((word, ids[i]) for word, i in outputs),
        settings={},
        scopes={},
    )
    return graph, ids
