"""What the arguments of a statement ask for: where the answers are the same, so is what they mean."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..contract.arguments import Parameter
from ..syntax import ast
from .bind import is_word
from .state import State


class Memo:
    """What a statement was found to mean, by the values of the names and sizes in its arguments.

    A repetition then costs a look at those. Only what had no mistake is kept, so that every mistake is met again.
    """

    __slots__ = ("_names", "_sizes", "found", "parameters")

    def __init__(self, args: Sequence[ast.Argument], parameters: Sequence[Parameter]) -> None:
        asked = [each for arg in args if not _is_word(arg, parameters) for each in _asks(arg.value)]
        # The default of a block's parameter may ask for a size, and sees no other name that changes.
        asked += [each for p in parameters if isinstance(p.default, ast.Expr) for each in _asks(p.default)]
        self.parameters = parameters
        self._names = tuple(dict.fromkeys(each for each in asked if isinstance(each, str)))
        self._sizes = any(isinstance(each, ast.At) for each in asked)
        self.found: dict[tuple[Any, ...] | None, Any] = {}

    @staticmethod
    def of(state: State, statement: ast.Layer, parameters: Callable[[], Sequence[Parameter]]) -> "Memo":
        """The memo of a statement, made the first time."""
        memo = state.memos.get(id(statement))
        if memo is None:
            memo = state.memos[id(statement)] = Memo(statement.args, parameters())
        return memo

    def key(self, state: State) -> tuple[Any, ...] | None:
        """The values of what the arguments ask for, here; None where a size is not known and each is to be decided."""
        if state.symbols:
            return None
        values: list[Any] = [state.shape] if self._sizes else []
        for name in self._names:
            binding = state.scope.find(name)
            value = None if binding is None else binding.value
            # 1, 1.0 and truth are equal, and not the same.
            values += (value, type(value))
        return tuple(values)


def _is_word(arg: ast.Argument, parameters: Sequence[Parameter]) -> bool:
    return arg.name is None and isinstance(arg.value, ast.Variable) and is_word(arg.value.name, parameters)


def _asks(expr: ast.Expr) -> Iterator[str | ast.At]:
    """The names and sizes in an expression."""
    match expr:
        case ast.Variable():
            yield expr.name
        case ast.At():
            yield expr
        case ast.Size():
            yield from (dim for dim in expr.dims if isinstance(dim, str))
        case ast.Group():
            yield from _asks(expr.inner)
        case ast.Unary():
            yield from _asks(expr.operand)
        case ast.Binary():
            yield from _asks(expr.left)
            yield from _asks(expr.right)
        case ast.Choice():
            for each in (expr.condition, expr.yes, expr.no):
                yield from _asks(each)
        case ast.Call():
            for each in expr.args:
                yield from _asks(each)
        case _:
            pass
