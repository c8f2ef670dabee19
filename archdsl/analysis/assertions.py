"""Check `assert` statements against the measured values."""

from collections.abc import Callable
from typing import Any

from ..diagnostics import Diagnostic, Sink
from ..diagnostics.catalogue import name_errors, structure_errors
from ..expressions.evaluator import Evaluator, show
from ..expressions.scope import UNKNOWN, Scope
from ..graph import Graph
from ..graph.assertion import Assertion
from ..shapes.symbolic import Condition, recording
from ..syntax import ast
from ..text.names import nearest
from ..text.source import Span
from .cost import Costs


def check_assertions(graph: Graph, costs: Costs, sink: Sink) -> None:
    """Report each assertion that does not hold, with the measured value."""
    for assertion in graph.asserts:
        _check(assertion, _measures(graph, costs), sink, symbolic=bool(graph.symbols))


def _measures(graph: Graph, costs: Costs) -> dict[str, Callable[[], Any]]:
    """The values that an assertion can name; each is computed on first use."""

    def out() -> Any:
        if not graph.outputs:
            return UNKNOWN
        shape = graph.output.shape
        return shape.dims[0] if shape.rank == 1 else shape.dims

    def field() -> Any:
        from .receptive_field import receptive_field

        return receptive_field(graph)

    return {
        "params": lambda: costs.total.parameters,
        "trainable": lambda: costs.total.trainable,
        "macs": lambda: costs.total.macs,
        "flops": lambda: 2 * costs.total.macs,
        "layers": lambda: len(graph.layers),
        "out": out,
        "rf": field,
    }


def _check(assertion: Assertion, measures: dict[str, Callable[[], Any]], sink: Sink, *, symbolic: bool) -> None:
    for condition in _parts(assertion.statement.condition):
        if _compares(condition):
            _check_part(assertion, condition, measures, sink, symbolic=symbolic)
        else:
            sink.emit(structure_errors.NotAComparison(span=condition.span))


def _parts(condition: ast.Expr) -> list[ast.Expr]:
    """The conditions of an assertion: the operands of `and`, separately."""
    match condition:
        case ast.Parenthesized():
            return _parts(condition.inner)
        case ast.Binary(op="and"):
            return _parts(condition.left) + _parts(condition.right)
        case _:
            return [condition]


def _compares(condition: ast.Expr) -> bool:
    match condition:
        case ast.Parenthesized():
            return _compares(condition.inner)
        case ast.Unary(op="not"):
            return _compares(condition.operand)
        case ast.Binary(op="and" | "or"):
            return _compares(condition.left) and _compares(condition.right)
        case ast.Binary():
            return condition.op in ("==", "!=", "<", "<=", ">", ">=")
        case _:
            return False


def _check_part(
    assertion: Assertion, condition: ast.Expr, measures: dict[str, Callable[[], Any]], sink: Sink, *, symbolic: bool
) -> None:
    scope = Scope(assertion.scope)
    used = [name for name in _names(condition) if name in measures and assertion.scope.find(name) is None]
    for name in dict.fromkeys(used):
        value = measures[name]()
        if value is None:
            sink.emit(_unmeasured(condition.span, name, symbolic))
            return
        scope.define(name, value, condition.span)
    if _only_knows(condition, scope, sink, tuple(measures)):
        return
    with recording() as asked:
        holds = Evaluator(sink, scope, assertion.shape, (), before_input=assertion.shape is None).number(condition)
    if holds is UNKNOWN:
        return
    if asked:
        # The example size would decide, which says nothing about other sizes.
        why = f"whether it holds depends on {_symbols(asked)}"
        sink.emit(structure_errors.UndecidedSize(span=condition.span, why=why))
        return
    if holds:
        return
    measured = tuple(f"{name} is {_shown(scope, name)}" for name in dict.fromkeys(used))
    if assertion.shape is not None:
        asked_sizes = dict.fromkeys(each.name for each in _leaves(condition) if isinstance(each, ast.At))
        measured += tuple(f"@{name} is {assertion.shape.size(name)}" for name in asked_sizes)
    sink.emit(structure_errors.AssertFailed(span=condition.span, condition=condition.span.text, measured=measured))


def _unmeasured(span: Span, name: str, symbolic: bool) -> Diagnostic:
    """Why there is no value: no layer has a receptive field, or it is a whole axis of symbolic length."""
    if symbolic:
        return structure_errors.UndecidedSize(span=span, why=f"`{name}` covers an axis whose length is symbolic")
    return structure_errors.NothingToMeasure(span=span, name=name)


def _symbols(conditions: list[Condition]) -> str:
    """The symbolic dimensions that the value depends on: "`H` and `W`"."""
    names = sorted({name for condition in conditions for name in condition.form.symbols()})
    return " and ".join(f"`{name}`" for name in names)


def _only_knows(condition: ast.Expr, scope: Scope, sink: Sink, known: tuple[str, ...]) -> bool:
    """Report a name that assertions do not have."""
    for variable in _variables(condition):
        if scope.find(variable.name) is None:
            near = nearest(variable.name, [*known, *scope.visible()])
            what = "not something that an assertion can measure"
            sink.emit(
                name_errors.UnknownName(span=variable.span, name=variable.name, nearest=near, what=what, known=known)
            )
            return True
    return False


def _shown(scope: Scope, name: str) -> str:
    found = scope.find(name)
    value = found.value if found else None
    return "a single id" if value == () else f"{value:,}" if isinstance(value, int) else show(value)


def _names(expr: ast.Expr) -> list[str]:
    return [variable.name for variable in _variables(expr)]


def _variables(expr: ast.Expr) -> list[ast.Variable]:
    return [each for each in _leaves(expr) if isinstance(each, ast.Variable)]


def _leaves(expr: ast.Expr) -> list[ast.Expr]:
    """The leaves of an expression."""
    match expr:
        case ast.Unary():
            return _leaves(expr.operand)
        case ast.Binary():
            return _leaves(expr.left) + _leaves(expr.right)
        case ast.Parenthesized():
            return _leaves(expr.inner)
        case ast.Choice():
            return [leaf for part in (expr.condition, expr.yes, expr.no) for leaf in _leaves(part)]
        case ast.Call():
            return [leaf for part in expr.args for leaf in _leaves(part)]
        case _:
            return [expr]
