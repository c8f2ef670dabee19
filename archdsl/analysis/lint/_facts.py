"""Facts about a network for lints, computed on first use."""

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from ...contract.layer import Layer, Op
from ...graph import Graph, Node
from ...shapes.shape import Layout, Window
from ...syntax import ast
from ..cost import Costs

if TYPE_CHECKING:
    from ..receptive_field import Fields

_PARTS = (ast.Statement, ast.Expr, ast.Body, ast.Argument, ast.Parameter, ast.Word)

Slides = tuple[tuple[Window, int], ...]
"""For each spatial dimension of an image, how a window slides over it, and its length."""


class Facts:
    """A program, its graph and its costs, and queries about them."""

    def __init__(self, program: ast.Program, graph: Graph, costs: Costs) -> None:
        self.program = program
        self.graph = graph
        self.costs = costs
        self._slides: dict[tuple[int, int], Slides] = {}

    def layers(self, *kinds: type[Op]) -> Iterator[tuple[Node, Any]]:
        """The nodes of these kinds, each with its op, without those that reuse another's weights."""
        found = [nodes for kind, nodes in self._by_kind.items() if issubclass(kind, kinds)]
        for node in found[0] if len(found) == 1 else sorted(chain(*found), key=lambda node: node.id):
            yield node, node.op

    @cached_property
    def _by_kind(self) -> dict[type[Op], list[Node]]:
        """The nodes by the class of their op: a network has few classes, and each lint needs some of them."""
        found: dict[type[Op], list[Node]] = {}
        for node in self.graph.nodes:
            if node.shared is None:
                found.setdefault(type(node.op), []).append(node)
        return found

    @cached_property
    def readers(self) -> tuple[tuple[Node, ...], ...]:
        """By node, the nodes that read its result."""
        found: list[list[Node]] = [[] for _ in self.graph.nodes]
        for node in self.graph.nodes:
            for i in node.inputs:
                found[i].append(node)
        return tuple(map(tuple, found))

    @cached_property
    def windowed(self) -> tuple[tuple[Node, Layer, Node, Slides], ...]:
        """The layers that slide a window, each with its op, the node that it reads, and how the window slides."""
        found = []
        for node, op in self.layers(Layer):
            x = self.graph.nodes[node.inputs[0]]
            if slides := self.slides(op, x):
                found.append((node, op, x, slides))
        return tuple(found)

    def slides(self, op: Layer, x: Node) -> Slides:
        """The windows of a layer over the spatial dimensions of a node, cached by layer and shape; () if none."""
        # Both live as long as the graph, in which equal ones are shared.
        key = id(op), id(x.shape)
        found = self._slides.get(key)
        if found is None:
            sizes = x.shape.spatial_size if x.shape.spatial else ()
            found = self._slides[key] = tuple(zip(op.windows(x.shape), sizes, strict=False)) if sizes else ()
        return found

    def slides_first(self, node: int) -> Node | None:
        """The layer that fixes the layout of a node, if it slides a kernel: two sizes may also be a sequence."""
        open_nodes = [node]
        for i in open_nodes:
            x = self.graph.nodes[i]
            for reader in self.readers[i]:
                if isinstance(reader.op, Layer) and self.slides(reader.op, x):
                    return reader
                if reader.shape.layout in (Layout.OPEN, Layout.SIGNAL):
                    open_nodes.append(reader.id)
        return None

    @cached_property
    def outputs(self) -> frozenset[int]:
        """The nodes that are outputs of the network."""
        return frozenset(i for _, i in self.graph.outputs)

    def before(self, node: Node) -> Node | None:
        """The node that a layer with one input reads."""
        return self.graph.nodes[node.inputs[0]] if len(node.inputs) == 1 else None

    def after(self, node: Node) -> Node | None:
        """The only reader of a node's result; None if there are several or if it is an output of the network."""
        readers = self.readers[node.id]
        return readers[0] if len(readers) == 1 and node.id not in self.outputs else None

    @cached_property
    def fields(self) -> "Fields":
        """The receptive field of each node along each dimension of the input."""
        # Few networks need them, and importing fractions is slow.
        from ..receptive_field import fields

        return fields(self.graph)

    @cached_property
    def statements(self) -> tuple[Any, ...]:
        """Every part of the program's AST, outer before inner."""
        found: list[Any] = []
        stack: list[Any] = [self.program.statements]
        while stack:
            item = stack.pop()
            if type(item) is tuple:
                stack.extend(reversed(item))
            elif isinstance(item, _PARTS):
                found.append(item)
                stack.extend(reversed(item.__dict__.values()))
        return tuple(found)
