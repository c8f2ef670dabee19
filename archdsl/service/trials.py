"""Trying a statement at a position: its output shape, without elaborating the file again."""

from collections.abc import Mapping

from ..contract.layer import INPUT, LayerOp
from ..diagnostics import Sink
from ..elaborate import Override, execute
from ..elaborate.shared_results import BlockDef, Caches
from ..elaborate.state import State
from ..expressions.scope import Scope
from ..expressions.steps import Abort, Steps
from ..graph import Node
from ..shapes.shape import Shape
from ..syntax import ast, parse
from ..text.source import Source, Span


class Trials:
    """Tries statements on a tensor of one shape, with the names of a scope."""

    def __init__(
        self,
        shape: Shape,
        scope: Scope,
        blocks: dict[str, BlockDef],
        layers: Mapping[str, type[LayerOp]],
        example: int = 224,
    ) -> None:
        self._shape = shape
        self._scope = scope
        self._blocks = blocks
        self._layers = layers
        self._example = example
        self._caches = Caches()
        self._steps = Steps()

    def shape_after(self, text: str) -> Shape | None:
        """The output shape of a statement; None if it has an error, or all statements together exceed a limit."""
        sink = Sink()
        source = Source(text)
        program = parse(source, sink)
        if sink.errors or [type(each) for each in program.statements] != [ast.LayerStatement]:
            return None
        override = Override({})
        state = State(sink, lambda s, each: execute(s, each, override), self._example, self._caches)
        node = Node(0, INPUT, (), self._shape, ("x",), Span(source, 0, 0))
        state.nodes.append(node)
        state.inputs.append((None, node))
        state.current, state.scope = 0, self._scope.copy()
        state.blocks, state.layers = self._blocks, self._layers
        state.names = frozenset()
        state.steps = self._steps
        try:
            state.run(program.statements)
        except Abort:
            return None
        last = state.nodes[-1]
        return last.shape if not len(sink) and isinstance(last, Node) and last is not node else None
