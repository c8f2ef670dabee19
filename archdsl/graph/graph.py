"""The network as a flat graph in topological order, and the draft that it is made from if there are no errors."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from ..record import Record
from ..shapes.input_options import sized_inputs
from ..shapes.shape import Shape
from ..shapes.symbolic import Condition, Sym, concrete
from ..text.source import Span
from .assertion import Assertion
from .block_call import BlockCall
from .figure_settings import FigureSettings
from .node import DraftNode, Node, likely_shape
from .setting import Setting

if TYPE_CHECKING:
    from ..packages.package import UsedPackage

N = TypeVar("N", bound=DraftNode)


class BaseGraph(Record, Generic[N]):
    """What a graph and a draft have in common: nodes in topological order.

    `inputs` are the ids of the input nodes, `input_names` their names (`x` by default). `outputs` maps names to ids:
    one `output` if none is named, auxiliary outputs last. `scopes` has the kind of each path prefix: `stage`, `branch`,
    `aux`, or the name of a block, and `calls` the arguments of the uses of blocks. `settings` are the values of the
    network's parameters; `training` has the lines of its `train { … }`, and `figure` what its `figure { … }` sets.
    `symbols` are the symbolic dimensions, and `conditions` what the statements require of them. `packages` are those
    that the program or a file that it uses names. `is_partial` says that layers may be missing, for example
    because braces do not match.
    """

    name: str
    nodes: tuple[N, ...]
    inputs: tuple[int, ...]
    input_names: tuple[str, ...]
    outputs: tuple[tuple[str, int], ...]
    settings: Mapping[str, int | float | str]
    scopes: Mapping[tuple[str, ...], str]
    calls: Mapping[tuple[str, ...], BlockCall] = {}
    training: tuple[Setting, ...] = ()
    figure: FigureSettings | None = None
    asserts: tuple[Assertion, ...] = ()
    symbols: Mapping[str, Sym] = {}
    conditions: tuple[tuple[Condition, Span], ...] = ()
    packages: "tuple[UsedPackage, ...]" = ()
    is_partial: bool = False

    @property
    def sized_inputs(self) -> str:
        """The options that set the symbolic dimensions of the inputs to their examples: `--input 3x224x224`."""
        names = self.input_names if len(self.inputs) > 1 else (None,)
        return sized_inputs((name, likely_shape(self.nodes[i])) for name, i in zip(names, self.inputs, strict=False))

    def known(self) -> tuple[bool, ...]:
        """For each node, whether it is resolved and so are all nodes that it depends on."""
        found: list[bool] = []
        for node in self.nodes:
            found.append(isinstance(node, Node) and all(found[i] for i in node.inputs))
        return tuple(found)

    @property
    def layers(self) -> tuple[N, ...]:
        """The nodes that are not inputs."""
        entries = set(self.inputs)
        return tuple(node for node in self.nodes if node.id not in entries)


class Graph(BaseGraph[Node]):
    """A network without errors: every node has an op and the shape returned by the op's `infer`."""

    def shapes_in(self, node: Node) -> tuple[Shape, ...]:
        """The shapes of a node's inputs."""
        return tuple(self.nodes[i].shape for i in node.inputs)

    @property
    def example(self) -> str:
        """The sizes of the inputs, with the example sizes of symbolic dimensions: `3×224×224`."""
        dims = (self.nodes[i].shape.dims for i in self.inputs)
        return ", ".join("×".join(str(concrete(dim)) for dim in each) for each in dims)

    @property
    def output(self) -> Node:
        """The first output's node."""
        return self.nodes[self.outputs[0][1]]


class Draft(BaseGraph[DraftNode]):
    """An elaborated network, with or without errors; `errors` is the number of errors reported for it.

    The table, the diagnostics and editors use it. Everything else uses the `Graph` returned by `checked`.
    """

    errors: int

    def checked(self) -> Graph | None:
        """The graph of a network without errors; None if at least one error was reported."""
        nodes = tuple(node for node in self.nodes if isinstance(node, Node))
        if self.errors or len(nodes) < len(self.nodes):
            return None
        return self._graph(nodes, dict(self))

    def subgraph(self, targets: tuple[int, ...]) -> tuple[Graph, Mapping[int, int]]:
        """The subgraph of all nodes that some resolved nodes depend on, and a mapping from old to new ids.

        The targets are its outputs. Raises ValueError if a target depends on an unresolved node.
        """
        wanted, stack = set(targets), list(targets)
        while stack:
            new = [i for i in self.nodes[stack.pop()].inputs if i not in wanted]
            wanted.update(new)
            stack += new
        ids = {old: new for new, old in enumerate(sorted(wanted))}
        nodes: list[Node] = []
        for old in ids:
            node = self.nodes[old]
            if not isinstance(node, Node):
                raise ValueError(f"node {old} is not resolved")
            shared = None if node.shared is None else ids.get(node.shared)
            nodes.append(node.renumbered(len(nodes), tuple(ids[i] for i in node.inputs), shared))
        inputs = [(name, ids[i]) for name, i in zip(self.input_names, self.inputs, strict=True) if i in ids]
        changes = {
            "inputs": tuple(i for _, i in inputs),
            "input_names": tuple(name for name, _ in inputs),
            "outputs": tuple((".".join(self.nodes[i].path), ids[i]) for i in targets),
        }
        return self._graph(tuple(nodes), {**dict(self), **changes}), ids

    @staticmethod
    def _graph(nodes: tuple[Node, ...], fields: dict[str, object]) -> Graph:
        values = {name: value for name, value in fields.items() if name not in ("nodes", "errors")}
        return Graph(nodes=nodes, **values)  # type: ignore[arg-type]  # the fields of a draft, which are the graph's
