"""What expressions refer to beyond their scope: sizes of named tensors, layers and blocks."""

from collections.abc import Mapping

from ..contract.layer import LayerOp
from ..expressions.evaluator import Evaluator
from ..expressions.scope import Callee, Scope
from ..expressions.steps import Steps
from ..layers import find
from ..shapes.shape import Shape
from ..syntax import ast
from ..text.source import Span
from .named_tensors import find_tensor
from .state import State


def evaluator(state: State, scope: Scope | None = None) -> Evaluator:
    """An evaluator for the current position of an elaboration, in its scope or another one."""
    before_input = state.current is None and not state.missing_input_reported
    scope = state.scope if scope is None else scope
    context = StateContext(state)
    return Evaluator(state.sink, scope, state.shape, state.uses, before_input=before_input, context=context)


class StateContext:
    """The context of an expression at the current position of an elaboration."""

    __slots__ = ("_state",)

    def __init__(self, state: State) -> None:
        self._state = state

    def shape_of_tensor(self, word: ast.Word) -> Shape | None:
        """The shape of a named tensor, or of `in`; None if it is unknown, or after an error was reported."""
        tensor = find_tensor(self._state, word, guess=False)
        return None if tensor is None else self._state.shape_of(tensor.node)

    def callee(self, name: str) -> Callee | None:
        """The block or layer with this name."""
        definition = self._state.blocks.get(name) or self._state.find_layer(name)
        return None if definition is None else Callee(name, definition)

    def sized_inputs(self) -> str:
        """The options that set the symbolic dimensions of the inputs so far."""
        return self._state.sized_inputs()

    def count_entries(self, count: int, span: Span) -> None:
        """Count the entries of lists as iterations. Raises Abort if there are too many."""
        self._state.count_iterations(span, count)

    def count_operations(self, count: int, span: Span) -> None:
        """Count operations. Raises Abort if there are too many."""
        self._state.count_steps(span, count)


class LayerNames:
    """The context of the defaults of network parameters: only layers, including those of the file's packages."""

    def __init__(self, layers: Mapping[str, type[LayerOp]]) -> None:
        self._layers = layers
        self._steps = Steps()

    def shape_of_tensor(self, word: ast.Word) -> Shape | None:
        """Always None, because there is no tensor yet."""
        return None

    def callee(self, name: str) -> Callee | None:
        """The layer with this name."""
        layer = self._layers.get(name) or find(name)
        return None if layer is None else Callee(name, layer)

    def sized_inputs(self) -> str:
        """Always empty, because there is no input yet."""
        return ""

    def count_entries(self, count: int, span: Span) -> None:
        """Count the entries of lists. Raises Abort if there are too many."""
        self._steps.add(count, span)

    def count_operations(self, count: int, span: Span) -> None:
        """Count operations. Raises Abort if there are too many."""
        self._steps.add(count, span)
