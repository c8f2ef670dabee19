"""Values of expressions: exact integers, floats, booleans, sizes. An error is reported once and gives UNKNOWN."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..diagnostics import BlockUse, Diagnostic, Sink
from ..diagnostics.catalog import argument_errors, limit_errors, name_errors, structure_errors
from ..limits import MAX_COUNT, MAX_ENTRIES, SYMBOLIC_STEPS
from ..shapes.shape import Shape
from ..shapes.symbolic import Sym, Undecided, concrete
from ..syntax import ast
from ..text.counts import counted
from ..text.source import Span
from . import lists
from .kinds import incomparable, no_condition
from .operations import BINARY, COMPARISONS, FUNCTIONS, OF_LISTS
from .scope import UNKNOWN, Callee, ListValue, NamedTensor, Scope, Unknown
from .show import show
from .unevaluated import check_names, unknown_function, unknown_name

_MOST_SIZES = 8
"""The largest number of entries of a list that may be meant as a size."""


class EvaluationContext(Protocol):
    """What expressions can refer to besides the names in their scope and the current tensor."""

    def shape_of_tensor(self, word: ast.Word) -> Shape | None:
        """The shape of a named tensor, or of `in`; None if it is unknown, or after an error was reported."""

    def callee(self, name: str) -> Callee | None:
        """The layer or block of this name."""

    def sized_inputs(self) -> str:
        """The options that set the symbolic dimensions of the inputs: `--input 3x224x224`."""

    def count_entries(self, count: int, span: Span) -> None:
        """Count this many entries of lists. Raises an exception if the network has too many in all."""

    def count_operations(self, count: int, span: Span) -> None:
        """Count this many operations. Raises an exception if the network has too many in all."""


class Evaluator:
    """Evaluates expressions in a scope, given the current tensor's shape.

    `shape` is None if it is unknown after an error; `before_input`: there is no tensor yet; without `context`, there
    are no names of layers. `shapes` are names of shapes of any number of dimensions: the shape of a vector is a number.
    `errors` counts the errors that it reported.
    """

    def __init__(
        self,
        sink: Sink,
        scope: Scope,
        shape: Shape | None,
        uses: tuple[BlockUse, ...],
        *,
        before_input: bool = False,
        context: EvaluationContext | None = None,
        shapes: frozenset[str] = frozenset(),
    ) -> None:
        self.sink = sink
        self.scope = scope
        self.shape = shape
        self.uses = uses
        self.before_input = before_input
        self.context = context
        self.shapes = shapes
        self.errors = 0
        self.entries = 0

    def unknown(self, error: Diagnostic) -> Unknown:
        """Report an error and return UNKNOWN."""
        self.errors += 1
        self.sink.emit(error)
        return UNKNOWN

    def bad(self, expr: ast.Expr, why: str) -> Unknown:
        """Report that an expression has no value."""
        return self.unknown(argument_errors.BadExpression(span=expr.span, uses=self.uses, why=why))

    def is_layer(self, name: str) -> bool:
        """Whether a layer or block has this name."""
        return self.context is not None and self.context.callee(name) is not None

    def count_entries(self, count: int, expr: ast.Expr) -> bool:
        """Count entries that an expression computes; False if there are too many, which is reported."""
        self.entries += count
        if self.entries > MAX_ENTRIES:
            self.unknown(limit_errors.TooManyEntries(span=expr.span, uses=self.uses, limit=MAX_ENTRIES))
            return False
        if self.context is not None:
            self.context.count_entries(count, expr.span)
        return True

    def value(self, expr: ast.Expr) -> Any:
        """The value of an expression: a number, a boolean, sizes as a tuple, a string, a list, a tensor or a layer."""
        match expr:
            case ast.Number():
                return UNKNOWN if expr.too_long else expr.value
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
                return self._negated(expr) if expr.op == "not" else self._apply(expr, operator.neg, [expr.operand])
            case ast.Binary():
                return self._binary(expr)
            case ast.Choice():
                return self._choice(expr)
            case ast.Call():
                return self._call(expr)
            case ast.List() | ast.Index() | ast.SliceExpr() | ast.Comprehension():
                return lists.value(self, expr)
            case ast.UnreadableExpr():
                return UNKNOWN
            case _:
                raise AssertionError(expr)

    def number(self, expr: ast.Expr) -> Any:
        """The value of an expression that must be a number: reports a tensor, a list or a layer as an error."""
        return self.as_number(self.value(expr), expr)

    def as_number(self, value: Any, expr: ast.Expr) -> Any:
        """The value, unless it is a tensor, a list or a layer, which is reported."""
        span, uses, name = expr.span, self.uses, expr.span.text
        match value:
            case NamedTensor():
                return self.unknown(argument_errors.TensorAsNumber(span=span, uses=uses, name=name))
            case ListValue():
                short = len(value.items) <= _MOST_SIZES
                numbers = short and all(isinstance(item, int | float) for item in value.items)
                is_name = isinstance(expr, ast.Variable)
                return self.unknown(
                    argument_errors.ListAsNumber(
                        span=span, uses=uses, name=name, count=len(value.items), numbers=numbers, is_name=is_name
                    )
                )
            case Callee():
                return self.unknown(argument_errors.LayerAsNumber(span=span, uses=uses, name=name, layer=value.name))
            case _:
                return value

    def _size(self, expr: ast.Size) -> Any:
        dims: list[Any] = []
        for dim in expr.dims:
            if not isinstance(dim, str):
                dims.append(dim if isinstance(dim, int) else self.dimension(dim))
                continue
            found = self.scope.find(dim)
            if found is None:
                what, help_texts = "a symbolic dimension without a value", (f"`let {dim} = …` gives it one",)
                span, uses = expr.span, self.uses
                error = name_errors.UnknownName(
                    span=span, uses=uses, name=dim, nearest=None, what=what, help_texts=help_texts
                )
                return self.unknown(error)
            dims.append(found.value)
        return UNKNOWN if UNKNOWN in dims else tuple(dims)

    def dimension(self, expr: ast.Expr) -> Any:
        """A size that is written as an expression."""
        value = self.number(expr)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if value is UNKNOWN or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        return self.bad(expr, f"a size is an integer, not {show(value)}")

    def _variable(self, expr: ast.Variable) -> Any:
        found = self.scope.find(expr.name)
        if found is not None:
            return found.value
        if self.context is not None and (callee := self.context.callee(expr.name)) is not None:
            return callee
        return self.unknown(unknown_name(expr, self.scope, self.uses))

    def _at(self, expr: ast.At) -> Any:
        shape, span = self.shape, expr.span
        if expr.of is not None:
            shape = self.context.shape_of_tensor(expr.of) if self.context is not None else None
            if shape is None:
                self.errors += 1  # reported where the tensor was looked for
                return UNKNOWN
        elif self.before_input:
            return self.unknown(name_errors.SizeBeforeInput(span=span, uses=self.uses, name=expr.name))
        if shape is None:
            return UNKNOWN
        size = shape.size(expr.name)
        if size is None:
            letters, tensor = tuple(shape.letters), expr.of.text if expr.of is not None else None
            error = name_errors.UnknownSize(
                span=span, uses=self.uses, name=expr.name, shape=str(shape), letters=letters, tensor=tensor
            )
            return self.unknown(error)
        return size

    def _binary(self, expr: ast.Binary) -> Any:
        if expr.op in ("and", "or"):
            left = self.condition(expr.left)
            if left is UNKNOWN or bool(left) is (expr.op == "or"):
                check_names(self, expr.right)
                return left
            return self.number(expr.right)
        if expr.op in COMPARISONS:
            return self._compare(expr)
        return self._apply(expr, BINARY[expr.op], [expr.left, expr.right])

    def _compare(self, expr: ast.Binary) -> Any:
        values = [self.number(operand) for operand in (expr.left, expr.right)]
        if UNKNOWN in values:
            return UNKNOWN
        shapes = self._is_shape(expr.left) or self._is_shape(expr.right)
        why = incomparable(expr.op, *values, shapes=shapes)
        return self.applied(expr, COMPARISONS[expr.op], values) if why is None else self.bad(expr, why)

    def _is_shape(self, expr: ast.Expr) -> bool:
        while isinstance(expr, ast.Parenthesized):
            expr = expr.inner
        return isinstance(expr, ast.Variable) and expr.name in self.shapes

    def condition(self, expr: ast.Expr) -> Any:
        """The value of an expression that is used as a condition: a number, of which 0 is false."""
        value = self.number(expr)
        why = None if value is UNKNOWN else no_condition(value)
        return value if why is None else self.bad(_last_operand(expr), why)

    def _negated(self, expr: ast.Unary) -> Any:
        value = self.condition(expr.operand)
        return UNKNOWN if value is UNKNOWN else self.applied(expr, operator.not_, [value])

    def _choice(self, expr: ast.Choice) -> Any:
        condition = self.condition(expr.condition)
        if condition is UNKNOWN:
            check_names(self, expr.yes)
            check_names(self, expr.no)
            return UNKNOWN
        check_names(self, expr.no if condition else expr.yes)
        return self.value(expr.yes if condition else expr.no)

    def _call(self, expr: ast.Call) -> Any:
        name = expr.function.text
        if name not in FUNCTIONS:
            return self.unknown(unknown_function(expr, self.uses))
        function, least, most = FUNCTIONS[name]
        if not least <= len(expr.args) <= most:
            several = f"{least} or more values" if most > 2 else f"{least} or {most} values"
            return self.bad(expr, f"`{name}` takes {counted(least, 'value') if least == most else several}")
        if name in OF_LISTS and len(expr.args) == 1:
            return lists.apply(self, expr, name)
        return self._apply(expr, function, list(expr.args))

    def _apply(self, expr: ast.Expr, function: Callable[..., Any], operands: list[ast.Expr]) -> Any:
        values = [self.number(operand) for operand in operands]
        if UNKNOWN in values:
            return UNKNOWN
        return self.applied(expr, function, values)

    def applied(self, expr: ast.Expr, function: Callable[..., Any], values: Sequence[Any]) -> Any:
        """The result of a function of numbers; an error is reported if it has none."""
        if self.context is not None:
            self.context.count_operations(
                SYMBOLIC_STEPS if any(isinstance(each, Sym) for each in values) else 1, expr.span
            )
        try:
            result = function(*values)
        except ZeroDivisionError:
            return self.bad(expr, "division by zero")
        except Undecided as undecided:
            sizes = self.context.sized_inputs() if self.context is not None else ""
            error = structure_errors.UndecidedSize(
                span=expr.span, uses=self.uses, why=str(undecided), sized_inputs=sizes
            )
            return self.unknown(error)
        except OverflowError:
            return self.bad(expr, "the result is too large")
        except (TypeError, ValueError):
            shown = " and ".join(show(value) for value in values)
            return self.bad(expr, f"the operation is not defined for {shown}")
        if isinstance(result, float) and not math.isfinite(result):
            return self.bad(expr, "the result is not a finite number")
        # In Python, a string or a tuple times a number is a repetition; here it is an error.
        if isinstance(result, (str, tuple)) or (isinstance(result, int) and abs(concrete(result)) > MAX_COUNT):
            return self.bad(expr, "the result is not a number below 2^63")
        return result


def _last_operand(expr: ast.Expr) -> ast.Expr:
    """The operand whose value is that of an `and` or `or`, if the others are conditions."""
    while isinstance(expr, ast.Parenthesized) or (isinstance(expr, ast.Binary) and expr.op in ("and", "or")):
        expr = expr.inner if isinstance(expr, ast.Parenthesized) else expr.right
    return expr
