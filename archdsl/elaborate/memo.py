"""Results of binding, cached by the values of the names and sizes that the arguments of a statement use."""

from collections.abc import Iterator, Sequence
from typing import Any

from ..contract.arguments import ParameterSpec, parameter_of_word
from ..expressions.scope import Scope
from ..shapes.shape import Shape
from ..syntax import ast


class Memo:
    """The cached meanings of a statement, by the values of the names and sizes in its arguments.

    A repetition then only looks these up. Only results without errors are cached, so that every error is reported
    again.
    """

    __slots__ = ("_names", "_owners", "_sizes", "found", "is_local", "parameters")

    def __init__(
        self,
        owners: object,
        args: Sequence[ast.Argument],
        parameters: Sequence[ParameterSpec],
        names: frozenset[str],
    ) -> None:
        self._owners = owners  # kept alive: memos are found by identity
        # A flag or shorthand has the same meaning everywhere, unless a text uses it as a name.
        used = [each for arg in args if not _is_word(arg, parameters, names) for each in _names_and_sizes(arg.value)]
        # The default of a block's parameter may use a size, but no other name that changes.
        used += [each for p in parameters if isinstance(p.default, ast.Expr) for each in _names_and_sizes(p.default)]
        self.parameters = parameters
        self._names = tuple(dict.fromkeys(each for each in used if isinstance(each, str)))
        self._sizes = any(isinstance(each, ast.At) for each in used)
        self.is_local = any(isinstance(each, ast.At) and each.of is not None for each in used)
        """Whether it uses a size of `in`, which no value in the scope determines."""
        self.found: dict[tuple[Any, ...], Any] = {}

    def key(self, scope: Scope, shape: Shape | None) -> tuple[Any, ...]:
        """The values of the names and sizes that the arguments use, in a scope and with this current shape."""
        values: list[Any] = [shape] if self._sizes else []
        for name in self._names:
            binding = scope.find(name)
            value = None if binding is None else binding.value
            # 1, 1.0 and True are equal, but not the same.
            values += (value, type(value))
        return tuple(values)


def _is_word(arg: ast.Argument, parameters: Sequence[ParameterSpec], names: frozenset[str]) -> bool:
    if arg.name is not None or not isinstance(arg.value, ast.Variable) or arg.value.name in names:
        return False
    return parameter_of_word(parameters, arg.value.name) is not None


def _names_and_sizes(expr: ast.Expr) -> Iterator[str | ast.At]:
    """The names and sizes in an expression."""
    for leaf in ast.leaves(expr):
        match leaf:
            case ast.Variable():
                yield leaf.name
            case ast.At(of=ast.Word() as tensor) if tensor.text != "in":
                yield tensor.text
            case ast.At():
                yield leaf
            case ast.Size():
                yield from (dim for dim in leaf.dims if isinstance(dim, str))
            case _:
                pass
