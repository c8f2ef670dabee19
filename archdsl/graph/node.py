"""Nodes: one layer of a network each, accepted by its own `infer` or not resolved."""

from collections.abc import Mapping

from ..contract.layer import InputOp, Op
from ..diagnostics import BlockUse
from ..shapes.shape import Shape
from ..syntax import ast
from ..text.source import Span

Arguments = Mapping[str, Span]
"""Where a statement writes the arguments of its layer, by their names."""
NO_ARGUMENTS: Arguments = {}


class NodeSite:
    """Where a node stands: in the text, in the network, and after which other nodes.

    `path` names it: `("layer2", "bottleneck1", "conv2")` is the module, the figure's cluster, the table's section.
    `uses` are the uses of blocks that led to it, `alias` the name given with `as`, `statement` the statement that made
    it (None for an input that the caller gave), and `arguments` where that writes the layer's arguments.
    """

    __slots__ = ("alias", "arguments", "id", "inputs", "path", "span", "statement", "uses")

    def __init__(
        self,
        id: int,
        inputs: tuple[int, ...],
        path: tuple[str, ...],
        span: Span,
        uses: tuple[BlockUse, ...] = (),
        alias: str | None = None,
        statement: ast.Statement | None = None,
        arguments: Arguments = NO_ARGUMENTS,
    ) -> None:
        self.id = id
        self.inputs = inputs
        self.path = path
        self.span = span
        self.uses = uses
        self.alias = alias
        self.statement = statement
        self.arguments = arguments

    @property
    def name(self) -> str:
        """The path with dots: torch's module name."""
        return ".".join(self.path)

    @property
    def text(self) -> str:
        """The statement as written, on one line."""
        return " ".join(self.span.text.split())


class Node(NodeSite):
    """An input, or a layer with the shape that its own `infer` returned.

    `shared` is the node whose weights this one applies again, made by `reuse`.
    """

    __slots__ = ("op", "shape", "shared")

    def __init__(
        self,
        id: int,
        op: Op,
        inputs: tuple[int, ...],
        shape: Shape,
        path: tuple[str, ...],
        span: Span,
        uses: tuple[BlockUse, ...] = (),
        shared: int | None = None,
        alias: str | None = None,
        statement: ast.Statement | None = None,
        arguments: Arguments = NO_ARGUMENTS,
    ) -> None:
        super().__init__(id, inputs, path, span, uses, alias, statement, arguments)
        self.op = op
        self.shape = shape
        self.shared = shared

    @property
    def is_input(self) -> bool:
        """Whether it is an input of the network."""
        return isinstance(self.op, InputOp)

    def renumbered(self, id: int, inputs: tuple[int, ...], shared: int | None) -> "Node":
        """The same node in another graph."""
        return Node(
            id,
            self.op,
            inputs,
            self.shape,
            self.path,
            self.span,
            self.uses,
            shared,
            self.alias,
            self.statement,
            self.arguments,
        )

    def __repr__(self) -> str:
        return f"Node({self.id}, {self.name}, {self.op.keyword}, {self.inputs}, {self.shape})"


class Unresolved(NodeSite):
    """A statement without a shape of its own: refused by its layer, not understood, or behind such a statement.

    `op` is the layer, where that much is known. `recovery_shape` is the likely shape, with which elaboration goes on;
    it belongs to no op, and no analysis sees it.
    """

    __slots__ = ("op", "recovery_shape")

    def __init__(
        self,
        id: int,
        op: Op | None,
        inputs: tuple[int, ...],
        recovery_shape: Shape | None,
        path: tuple[str, ...],
        span: Span,
        uses: tuple[BlockUse, ...] = (),
        alias: str | None = None,
        statement: ast.Statement | None = None,
        arguments: Arguments = NO_ARGUMENTS,
    ) -> None:
        super().__init__(id, inputs, path, span, uses, alias, statement, arguments)
        self.op = op
        self.recovery_shape = recovery_shape

    def __repr__(self) -> str:
        keyword = self.op.keyword if self.op else "?"
        return f"Unresolved({self.id}, {self.name}, {keyword}, {self.inputs}, {self.recovery_shape})"


DraftNode = Node | Unresolved


def likely_shape(node: DraftNode) -> Shape | None:
    """A node's shape, or the one that elaboration goes on with after a mistake; None where nothing is known."""
    return node.shape if isinstance(node, Node) else node.recovery_shape
