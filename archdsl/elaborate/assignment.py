"""Names for values: those of `let`, and the index of a repetition."""

from typing import Any

from ..expressions.lists import unpacked
from ..expressions.scope import UNKNOWN, Scope
from ..syntax import ast
from .evaluation_context import evaluator
from .state import State


def assign(state: State, target: ast.Target, value: Any, scope: Scope | None = None) -> bool:
    """Bind a value, or the entries of a list, to names, in a new scope or in the current one; False after an error."""
    # Most targets are a single name, and an evaluator takes as long as everything else here.
    pairs = unpacked(evaluator(state), target, value) if target.unpacks else [(target.names[0], value)]
    if pairs is None:
        for word in target.names:
            state.define(word, UNKNOWN)
        return False
    for word, each in pairs:
        if scope is None:
            state.define(word, each)
        else:
            state.note(word.text, each)
            scope.define(word.text, each, word.span)
    return True
