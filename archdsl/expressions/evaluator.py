"""Values of expressions: exact integers, floats, booleans, sizes. An error is reported once and gives UNKNOWN."""

import math
import operator
from collections.abc import Callable
from typing import Any

from ..diagnostics import BlockUse, Diagnostic, Sink
from ..diagnostics.catalogue import argument_errors, name_errors, structure_errors
from ..limits import MAX_COUNT
from ..shapes.shape import Shape
from ..shapes.symbolic import Undecided, plain
from ..syntax import ast
from ..text.names import nearest
from .scope import UNKNOWN, NamedTensor, Scope, Unknown

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def round_to(value: float, multiple: int) -> int:
    """The nearest multiple that is at least 90 % of the value: MobileNet's make_divisible."""
    found = max(multiple, int(value + multiple / 2) // multiple * multiple)
    return found + multiple if found < 0.9 * value else found


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "min": (min, 1, 16),
    "max": (max, 1, 16),
    "round": (round, 1, 1),
    "floor": (math.floor, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "sqrt": (math.sqrt, 1, 1),
    "round_to": (round_to, 2, 2),
}


_ELSEWHERE = frozenset(
    "abs acos asin atan bool cos cosh exp float hypot int len log log10 log2 mean mod pow sin sinh sum tan tanh".split()  # noqa: SIM905
)
"""Functions of other languages: their names are not misspellings of ours."""


class Evaluator:
    """Evaluates expressions in a scope, given the current tensor's shape.

    `shape` is None if it is unknown after an error; `before_input`: there is no tensor yet. `errors` counts the errors
    that it reported.
    """

    def __init__(
        self, sink: Sink, scope: Scope, shape: Shape | None, uses: tuple[BlockUse, ...], *, before_input: bool = False
    ) -> None:
        self.sink = sink
        self.scope = scope
        self.shape = shape
        self.uses = uses
        self.before_input = before_input
        self.errors = 0

    def unknown(self, error: Diagnostic) -> Unknown:
        """Report an error and return UNKNOWN."""
        self.errors += 1
        self.sink.emit(error)
        return UNKNOWN

    def bad(self, expr: ast.Expr, why: str) -> Unknown:
        """Report that an expression has no value."""
        return self.unknown(argument_errors.BadExpression(span=expr.span, uses=self.uses, why=why))

    def value(self, expr: ast.Expr) -> Any:
        """The value of an expression: a number, a boolean, sizes as a tuple, a string, or a tensor."""
        match expr:
            case ast.Number():
                return expr.value
            case ast.Size():
                return self._size(expr)
            case ast.Text():
                return expr.value
            case ast.Parenthesized():
                return self.value(expr.inner)
            case ast.Variable():
                return self._variable(expr)
            case ast.At():
                return self._at(expr)
            case ast.Unary():
                return self._apply(expr, lambda v: not v if expr.op == "not" else -v, [expr.operand])
            case ast.Binary():
                return self._binary(expr)
            case ast.Choice():
                return self._choice(expr)
            case ast.Call():
                return self._call(expr)
            case ast.UnreadableExpr():
                return UNKNOWN
            case _:
                raise AssertionError(expr)

    def number(self, expr: ast.Expr) -> Any:
        """The value of an expression that must be a number: reports the name of a tensor as an error."""
        value = self.value(expr)
        if isinstance(value, NamedTensor):
            error = argument_errors.TensorAsNumber(span=expr.span, uses=self.uses, name=expr.span.text)
            return self.unknown(error)
        return value

    def _size(self, expr: ast.Size) -> Any:
        dims: list[Any] = []
        for dim in expr.dims:
            if isinstance(dim, int):
                dims.append(dim)
                continue
            found = self.scope.find(dim)
            if found is None:
                what, helps = "a symbol without a value", (f"`let {dim} = …` gives it one",)
                span, uses = expr.span, self.uses
                error = name_errors.UnknownName(span=span, uses=uses, name=dim, nearest=None, what=what, helps=helps)
                return self.unknown(error)
            dims.append(found.value)
        return UNKNOWN if UNKNOWN in dims else tuple(dims)

    def _variable(self, expr: ast.Variable) -> Any:
        found = self.scope.find(expr.name)
        if found is not None:
            return found.value
        near = nearest(expr.name, list(self.scope.visible()))
        what = "not a flag, a variable or a tensor"
        span, uses = expr.span, self.uses
        return self.unknown(name_errors.UnknownName(span=span, uses=uses, name=expr.name, nearest=near, what=what))

    def _at(self, expr: ast.At) -> Any:
        if self.before_input:
            return self.unknown(name_errors.SizeBeforeInput(span=expr.span, uses=self.uses, name=expr.name))
        if self.shape is None:
            return UNKNOWN
        size = self.shape.size(expr.name)
        if size is None:
            shape, letters = str(self.shape), tuple(self.shape.letters)
            error = name_errors.UnknownSize(
                span=expr.span, uses=self.uses, name=expr.name, shape=shape, letters=letters
            )
            return self.unknown(error)
        return size

    def _binary(self, expr: ast.Binary) -> Any:
        if expr.op in ("and", "or"):
            left = self.number(expr.left)
            if left is UNKNOWN or bool(left) is (expr.op == "or"):
                return left
            return self.number(expr.right)
        return self._apply(expr, _BINARY[expr.op], [expr.left, expr.right])

    def _choice(self, expr: ast.Choice) -> Any:
        condition = self.number(expr.condition)
        if condition is UNKNOWN:
            return UNKNOWN
        return self.value(expr.yes if condition else expr.no)

    def _call(self, expr: ast.Call) -> Any:
        name = expr.function.text
        if name not in FUNCTIONS:
            near = None if name in _ELSEWHERE else nearest(name, FUNCTIONS)
            span = expr.function.span
            return self.unknown(name_errors.UnknownFunction(span=span, uses=self.uses, name=name, nearest=near))
        function, least, most = FUNCTIONS[name]
        if not least <= len(expr.args) <= most:
            count = str(least) if least == most else f"{least} or more"
            return self.bad(expr, f"`{name}` takes {count} value{'s' * (count != '1')}")
        return self._apply(expr, function, list(expr.args))

    def _apply(self, expr: ast.Expr, function: Callable[..., Any], operands: list[ast.Expr]) -> Any:
        values = [self.number(operand) for operand in operands]
        if UNKNOWN in values:
            return UNKNOWN
        try:
            result = function(*values)
        except ZeroDivisionError:
            return self.bad(expr, "division by zero")
        except Undecided as undecided:
            return self.unknown(structure_errors.UndecidedSize(span=expr.span, uses=self.uses, why=str(undecided)))
        except (TypeError, ValueError, OverflowError):
            shown = " and ".join(show(value) for value in values)
            return self.bad(expr, f"the operation is not defined for {shown}")
        if isinstance(result, float) and not math.isfinite(result):
            return self.bad(expr, "the result is not a finite number")
        # In Python, a string or a tuple times a number is a repetition; here it is an error.
        if isinstance(result, (str, tuple)) or (isinstance(result, int) and abs(plain(result)) > MAX_COUNT):
            return self.bad(expr, "the result is not a number below 2^63")
        return result


def show(value: object) -> str:
    """A value as written in a program."""
    match value:
        case tuple():
            return f"`{'x'.join(map(str, value))}`"
        case bool():
            return "`true`" if value else "`false`"
        case float():
            return f"{value:g}"
        case NamedTensor():
            return "a tensor"
        case _:
            return f"`{value}`" if isinstance(value, str) else str(value)
