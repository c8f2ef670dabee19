"""The network as a flat graph in topological order."""

from collections.abc import Mapping
from typing import Any

from ..contract.layer import Op
from ..diagnostics import Use
from ..record import Record
from ..shapes.shape import Shape
from ..shapes.symbolic import Condition, Sym
from ..text.source import Span


class Node:
    """One layer of the network: an op, where its inputs come from, its shape, and where it was written.

    `op` is None for an input and for a statement that could not be understood; `shape` is None where it is unknown.
    `path` names it: `("layer2", "bottleneck1", "conv2")` is the module, the picture's cluster, the table's section.
    `shared` is the node whose weights this one applies again, made by `reuse`. `alias` is the name given with `as`.
    """

    __slots__ = ("alias", "id", "inputs", "op", "path", "shape", "shared", "span", "uses")

    def __init__(
        self,
        id: int,
        op: Op | None,
        inputs: tuple[int, ...],
        shape: Shape | None,
        path: tuple[str, ...],
        span: Span,
        uses: tuple[Use, ...] = (),
        shared: int | None = None,
        alias: str | None = None,
    ) -> None:
        self.id = id
        self.op = op
        self.inputs = inputs
        self.shape = shape
        self.path = path
        self.span = span
        self.uses = uses
        self.shared = shared
        self.alias = alias

    @property
    def name(self) -> str:
        """The path with dots: torch's module name."""
        return ".".join(self.path)

    @property
    def text(self) -> str:
        """The statement as written, on one line."""
        return " ".join(self.span.text.split())

    def __repr__(self) -> str:
        keyword = self.op.keyword if self.op else "input"
        return f"Node({self.id}, {self.name}, {keyword}, {self.inputs}, {self.shape})"


class Graph(Record):
    """A network: nodes in an order in which each comes after its inputs.

    `inputs` are the ids of the input nodes, `input_names` what the text calls them (`x` where it does not);
    `outputs` maps names to ids: one `output` where nothing is named, the auxiliary ones after the others.
    `scopes` says what each path prefix is: `stage`, `branch`, `aux`, or the name of a block. `settings` are the values
    of the network's parameters; `training` the lines of its `train { … }`. `symbols` are the sizes that are not known,
    and `conditions` what the statements demand of them.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    input_names: tuple[str, ...]
    outputs: tuple[tuple[str, int], ...]
    settings: Mapping[str, Any]
    scopes: Mapping[tuple[str, ...], str]
    training: tuple[Any, ...] = ()
    asserts: tuple[Any, ...] = ()
    symbols: Mapping[str, Sym] = {}
    conditions: tuple[tuple[Condition, Span], ...] = ()

    def shapes_in(self, node: Node) -> tuple[Shape | None, ...]:
        """The shapes of a node's inputs."""
        return tuple(self.nodes[i].shape for i in node.inputs)

    @property
    def output(self) -> Node:
        """The first output's node."""
        return self.nodes[self.outputs[0][1]]

    @property
    def layers(self) -> tuple[Node, ...]:
        """The nodes that are not inputs."""
        entries = set(self.inputs)
        return tuple(node for node in self.nodes if node.id not in entries)
