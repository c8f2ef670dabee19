"""The body of a statement that becomes one layer: a graph of its own."""

from collections.abc import Sequence

from ..contract.layer import INPUT
from ..diagnostics.catalog import name_errors, structure_errors
from ..expressions.scope import NamedTensor, Scope
from ..graph import DraftNode, Graph, Node
from ..shapes.shape import Shape
from ..syntax import ast
from ..text.source import Span
from .carried import following, report_missing_value
from .state import State


class LayerBody:
    """The elaboration of a body: its nodes are created after those of the network, and then removed."""

    def __init__(
        self,
        state: State,
        statement: ast.Scan | ast.Moe,
        path: tuple[str, ...],
        carried: tuple[ast.Carried, ...] = (),
    ) -> None:
        self.state, self.statement, self.path, self.carried = state, statement, path, carried
        self.start = len(state.nodes)
        self.counts_before = len(state.inputs), len(state.outputs), len(state.aux), len(state.asserts)

    def run(self, step: Shape, states: Sequence[Shape]) -> tuple[Graph, tuple[int, ...]] | None:
        """The graph, and the outer nodes that it reads; None after an error was reported."""
        state, source = self.state, self.state.current
        outer, scopes = Scope(state.scope), set(state.scopes)
        begin = self.placeholder(step, "x", self.statement.keyword.span)
        for carried, shape in zip(self.carried, states, strict=True):
            node = self.placeholder(shape, carried.name.text, carried.name.span)
            outer.define(carried.name.text, NamedTensor(node=node, first=node), carried.name.span)
        state.current, around, state.step = begin, state.step, begin
        inner = Scope(outer)
        # Uses of blocks in the body are not copied outside: its nodes are removed.
        outside, state.replays = state.replays, {}
        with state.inside(path=self.path, scope=inner):
            state.run(self.statement.body.statements)
        state.replays, state.step = outside, around
        ends = [state.current, *(self.updated(inner, carried.name) for carried in self.carried)]
        nodes = state.nodes[self.start :]
        own = {key: state.scopes.pop(key) for key in set(state.scopes) - scopes}
        for key in own:
            state.calls.pop(key, None)
        del state.nodes[self.start :]
        state.current = source
        if self.has_misplaced() or None in ends:
            return None
        return self.graph(nodes, [end for end in ends if end is not None], own)

    def placeholder(self, shape: Shape, name: str, span: Span) -> int:
        state = self.state
        node = Node(len(state.nodes), INPUT, (), shape, (name,), span)
        state.nodes.append(node)
        return node.id

    def updated(self, inner: Scope, name: ast.Word) -> int | None:
        """The node that the body defines as the next value of a carried tensor; None after an error was reported."""
        found = following(self.state, inner, name)
        if found is None:
            report_missing_value(self.state, self.statement.keyword.text, name)
        return found.node if isinstance(found, NamedTensor) else None

    def has_misplaced(self) -> bool:
        """Whether the body has statements that are only allowed in a network; they are reported and removed."""
        state = self.state
        lists: tuple[list[object], ...] = (state.inputs, state.outputs, state.aux, state.asserts)  # type: ignore[assignment]  # only their lengths matter
        words = ("input", "output", "aux", "assert")
        found = [word for word, each, count in zip(words, lists, self.counts_before, strict=True) if len(each) > count]
        for each, count in zip(lists, self.counts_before, strict=True):
            del each[count:]
        for word in found:
            span = self.statement.keyword.span
            where = f"its body has `{word}`, which belongs outside"
            state.emit(
                structure_errors.Misplaced(span=span, uses=state.uses, word=self.statement.keyword.text, where=where)
            )
        return bool(found)

    def graph(
        self, nodes: Sequence[DraftNode], ends: Sequence[int], scopes: dict[tuple[str, ...], str]
    ) -> tuple[Graph, tuple[int, ...]] | None:
        """The body as a graph whose inputs are the placeholders and the outer nodes that it reads."""
        state, start = self.state, self.start
        resolved = [node for node in nodes if isinstance(node, Node)]
        if len(resolved) < len(nodes):
            return None
        if any(node.shared is not None and node.shared < start for node in resolved):
            what = "a loop with its own weights: its body cannot `reuse` a layer from outside"
            span = self.statement.keyword.span
            state.emit(
                name_errors.UnknownName(
                    span=span, uses=state.uses, name=self.statement.keyword.text, nearest=None, what=what
                )
            )
            return None
        outer = sorted({i for node in resolved for i in (*node.inputs, *ends) if i < start})
        if any(state.shape_of(i) is None for i in outer):
            return None
        count = 1 + len(self.carried)
        entries = [*range(start, start + count), *outer]
        order = [*entries, *(node.id for node in resolved[count:])]
        ids = {old: new for new, old in enumerate(order)}
        made = [self.moved(state, nodes, old, ids) for old in order]
        depth = len(self.path)
        names = tuple(made[i].path[-1] for i in range(count))
        graph = Graph(
            name="body",
            nodes=tuple(made),
            inputs=tuple(range(len(entries))),
            input_names=(*names, *(f"outer{number}" for number in range(1, len(outer) + 1))),
            outputs=tuple((str(number), ids[end]) for number, end in enumerate(ends)),
            settings={},
            scopes={key[depth:]: kind for key, kind in scopes.items()},
        )
        return graph, tuple(outer)

    def moved(self, state: State, nodes: Sequence[DraftNode], old: int, ids: dict[int, int]) -> Node:
        """A node of the body with its new ID, named within the body; an outer node becomes an input."""
        if old < self.start:
            node, shape = state.nodes[old], state.shape_of(old)
            assert shape is not None
            return Node(ids[old], INPUT, (), shape, (f"outer{ids[old]}",), node.span)
        inner = nodes[old - self.start]
        assert isinstance(inner, Node)
        shared = None if inner.shared is None else ids[inner.shared]
        path = inner.path if inner.is_input else inner.path[len(self.path) :]
        inputs = tuple(ids[i] for i in inner.inputs)
        return Node(
            ids[old], inner.op, inputs, inner.shape, path, inner.span, inner.uses, shared, inner.alias,
            inner.statement, inner.arguments,
        )  # fmt: skip
