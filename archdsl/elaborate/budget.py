"""The number of layers that a statement will create, counted without creating them."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..diagnostics.catalog import limit_errors
from ..expressions.scope import UNKNOWN, ListValue
from ..expressions.steps import Abort
from ..limits import MAX_NODES
from ..syntax import ast
from .evaluation_context import evaluator
from .state import State


def estimate(state: State, statement: ast.Statement) -> int:
    """A lower bound for the nodes that a statement creates; a repeat count that is still unknown counts as 1."""
    return _Counter(state).statement(statement, 0)


def affordable(state: State, statement: ast.Statement) -> bool:
    """True if a repetition stays within the limit of layers, counted once, for the outermost one. Raises Abort.

    The count of the outermost repetition cannot include branches of `if` or counts that depend on an index: these are
    counted when they are reached.
    """
    if state.counted or state.is_static:
        return True
    count = len(state.nodes) - len(state.inputs) + estimate(state, statement)
    if count > MAX_NODES:
        span = statement.keyword.span if isinstance(statement, ast.LayerStatement) else statement.span
        raise Abort(limit_errors.TooManyLayers(span=span, uses=state.uses, count=count, limit=MAX_NODES))
    return True


@contextmanager
def uncounted(state: State) -> Iterator[None]:
    """Count the statements that run here separately, because the repetition around them could not include them."""
    outer, state.counted = state.counted, False
    try:
        yield
    finally:
        state.counted = outer


class _Counter:
    def __init__(self, state: State) -> None:
        self.state = state
        self.blocks: dict[str, int] = {}

    def body(self, statements: tuple[ast.Statement, ...], depth: int) -> int:
        return sum(self.statement(each, depth) for each in statements)

    def statement(self, statement: ast.Statement, depth: int) -> int:
        match statement:
            case ast.LayerStatement():
                return statement.times * self.layer(statement.keyword.text, depth)
            case ast.Input():
                return 1
            case ast.Scan() | ast.Moe():
                return 1
            case ast.Stage() | ast.Aux():
                return self.body(statement.body.statements, depth)
            case ast.Merge():
                bodies = [each for each in statement.operands if isinstance(each, ast.Body)]
                return statement.times * (1 + sum(self.body(each.statements, depth) for each in bodies))
            case ast.Residual():
                shortcut = statement.shortcut.statements if statement.shortcut else ()
                return statement.times * (1 + self.body(statement.body.statements + shortcut, depth))
            case ast.Repeat():
                return self.count(statement.count) * self.body(statement.body.statements, depth)
            case ast.If(orelse=ast.Body() | ast.If() as other):
                rest = other.statements if isinstance(other, ast.Body) else (other,)
                return min(self.body(statement.body.statements, depth), self.body(rest, depth))
            case _:
                # An `if` without `else` may create nothing.
                return 0

    def layer(self, word: str, depth: int) -> int:
        definition = self.state.blocks.get(word)
        if definition is None:
            return 1
        if word not in self.blocks:
            self.blocks[word] = 1
            if depth < 30:
                self.blocks[word] = self.body(definition.block.body.statements, depth + 1)
        return self.blocks[word]

    def count(self, expr: ast.Expr) -> int:
        with self.state.sink.suppressed():
            value = evaluator(self.state).value(expr)
        if isinstance(value, ListValue):
            return len(value.items)
        return value if value is not UNKNOWN and type(value) is int and value >= 0 else 1
