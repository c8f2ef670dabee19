"""The `train { … }` block: settings as written, for the training recipe to check."""

from typing import Any

from ..diagnostics.catalog import structure_errors
from ..expressions.scope import UNKNOWN, NamedTensor
from ..graph import Setting
from ..syntax import ast
from .evaluation_context import evaluator
from .state import State


def read(state: State) -> tuple[Setting, ...]:
    """The settings of all `train` blocks, in order."""
    found: list[Setting] = []
    for block in state.training:
        for statement in block.body.statements:
            if isinstance(statement, ast.LayerStatement) and statement.times == 1 and statement.alias is None:
                found.append(_setting(state, statement))
            elif not isinstance(statement, ast.UnreadableStatement):
                where = "`train` takes settings such as `epochs 20`"
                word = statement.span.text.split()[0]
                state.emit(structure_errors.Misplaced(span=statement.span, uses=state.uses, word=word, where=where))
    return tuple(found)


def _setting(state: State, statement: ast.LayerStatement) -> Setting:
    plain = [arg for arg in statement.args if arg.name is None]
    named = [arg for arg in statement.args if arg.name is not None]
    return Setting(
        name=statement.keyword.text,
        values=tuple(_value(state, arg.value) for arg in plain),
        named=tuple((arg.name.text, _value(state, arg.value)) for arg in named if arg.name),
        span=statement.span,
        value_spans=tuple(arg.span for arg in plain),
        named_spans=tuple(arg.value.span for arg in named),
    )


def _value(state: State, expr: ast.Expr) -> Any:
    """The value of a setting. A bare word that is not a network parameter is itself, even if it names a tensor."""
    if isinstance(expr, ast.Variable):
        found = state.scope.find(expr.name)
        if found is None or isinstance(found.value, NamedTensor):
            return expr.name
    value = evaluator(state).number(expr)
    return None if value is UNKNOWN else value
