"""Nodes: each is one layer of a network, accepted by its own `infer`, or unresolved."""

from collections.abc import Mapping

from ..contract.layer import InputOp, Op
from ..diagnostics import BlockUse
from ..shapes.shape import Shape
from ..syntax import ast
from ..text.source import Span

Arguments = Mapping[str, Span]
"""The spans of the arguments of a layer's statement, by name."""
NO_ARGUMENTS: Arguments = {}


class NodeSite:
    """The position of a node in the text and in the network.

    `path` is its name: `("layer2", "bottleneck1", "conv2")` is the module, the cluster in the diagram, and the section
    of the table. `uses` are the block uses that led to it, `alias` the name given with `as`, `statement` its statement
    (None for an input given by the caller), and `arguments` the spans of the layer's arguments.
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
        """The path joined with dots: the name of the torch module."""
        return ".".join(self.path)


class Node(NodeSite):
    """An input, or a layer with the shape returned by its `infer`.

    `shared` is the node whose weights it reuses (`reuse`).
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
    def text(self) -> str:
        """The statement as written, on one line; a keyword that is a block's parameter is replaced with the layer's
        name.
        """
        text = _on_one_line(self.span)
        word, blank, rest = text.partition(" ")
        if not isinstance(self.statement, ast.LayerStatement) or word in (self.op.keyword, *self.op.synonyms):
            return text
        return f"{self.op.keyword}{blank}{rest}" if word == self.statement.keyword.text else text

    @property
    def is_input(self) -> bool:
        """Whether it is an input of the network."""
        return isinstance(self.op, InputOp)

    def renumbered(self, id: int, inputs: tuple[int, ...], shared: int | None) -> "Node":
        """The same node with other ids, for another graph."""
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
    """A statement without a shape: rejected by its layer, not understood, or dependent on such a statement.

    `op` is the layer, if known. `recovery_shape` is the likely shape, with which elaboration continues; no analysis
    sees it.
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

    @property
    def text(self) -> str:
        """The statement as written, on one line."""
        return _on_one_line(self.span)

    def __repr__(self) -> str:
        keyword = self.op.keyword if self.op else "?"
        return f"Unresolved({self.id}, {self.name}, {keyword}, {self.inputs}, {self.recovery_shape})"


def _on_one_line(span: Span) -> str:
    return " ".join(span.text.split())


DraftNode = Node | Unresolved


def likely_shape(node: DraftNode) -> Shape | None:
    """The shape of a node, or its recovery shape after an error; None if neither is known."""
    return node.shape if isinstance(node, Node) else node.recovery_shape
