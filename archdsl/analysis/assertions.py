"""Check `assert` statements against the measured values."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from ..diagnostics import Diagnostic, Sink
from ..diagnostics.catalog import name_errors, structure_errors
from ..expressions.evaluator import Evaluator
from ..expressions.scope import UNKNOWN, NamedTensor, Scope
from ..expressions.show import show
from ..expressions.steps import Abort, Steps
from ..graph import Graph
from ..graph.assertion import MEASURES, Assertion
from ..shapes.shape import Shape
from ..shapes.symbolic import Condition, recording
from ..syntax import ast
from ..text.names import nearest
from ..text.source import Span
from .cost import Costs


def check_assertions(graph: Graph, costs: Costs, sink: Sink) -> None:
    """Report each assertion that does not hold, with the measured value."""
    measures, work = _measures(graph, costs), Steps()
    for assertion in graph.asserts:
        try:
            _check(graph, assertion, measures, work, sink)
        except Abort as abort:
            sink.emit(abort.error)
            return


_SHAPES = frozenset({"out"})
"""The measures that are shapes."""


def _measures(graph: Graph, costs: Costs) -> dict[str, Callable[[], Any]]:
    """The values that an assertion can name; each is computed on first use, once for all assertions."""

    def out() -> Any:
        if not graph.outputs:
            return UNKNOWN
        shape = graph.output.shape
        return shape.dims[0] if shape.rank == 1 else shape.dims

    def field() -> Any:
        from .receptive_field import receptive_field

        return receptive_field(graph)

    found = {
        "params": lambda: costs.total.parameters,
        "trainable": lambda: costs.total.trainable,
        "macs": lambda: costs.total.macs,
        "flops": lambda: 2 * costs.total.macs,
        "layers": lambda: len(graph.layers),
        "out": out,
        "rf": field,
    }
    assert found.keys() == MEASURES
    return {name: cache(measure) for name, measure in found.items()}


def _check(graph: Graph, assertion: Assertion, measures: dict[str, Callable[[], Any]], work: Steps, sink: Sink) -> None:
    for condition in _parts(assertion.statement.condition):
        if _compares(condition):
            _check_part(graph, assertion, condition, measures, work, sink)
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
    graph: Graph,
    assertion: Assertion,
    condition: ast.Expr,
    measures: dict[str, Callable[[], Any]],
    work: Steps,
    sink: Sink,
) -> None:
    scope = Scope(assertion.scope)
    used = [name for name in _names(condition) if name in measures and assertion.scope.find(name) is None]
    for name in dict.fromkeys(used):
        value = measures[name]()
        if value is None:
            sink.emit(_unmeasured(graph, condition.span, name))
            return
        scope.define(name, value, condition.span)
    if _has_unknown_name(condition, scope, sink, tuple(measures)):
        return
    context = _NamedSizes(graph, assertion, work, sink)
    evaluator = Evaluator(
        sink,
        scope,
        assertion.shape,
        (),
        before_input=assertion.shape is None,
        context=context,
        shapes=_SHAPES & {*used},
    )
    with recording() as asked:
        holds = evaluator.condition(condition)
    if holds is UNKNOWN:
        return
    if asked:
        # The result would hold only for the example size.
        why = f"whether it holds depends on {_symbols(asked)}"
        sink.emit(structure_errors.UndecidedSize(span=condition.span, why=why, sized_inputs=graph.sized_inputs))
        return
    if holds:
        return
    measured = _values(condition, evaluator)
    sink.emit(structure_errors.AssertFailed(span=condition.span, condition=condition.span.text, measured=measured))


def _values(condition: ast.Expr, evaluator: Evaluator) -> tuple[str, ...]:
    """The values of the names and sizes in a condition that does not hold, and of its computed operands."""
    names = [each for each in ast.leaves(condition) if isinstance(each, ast.Variable | ast.At)]
    computed = [each for each in _operands(condition) if not isinstance(each, ast.Number | ast.Size | ast.Text)]
    with evaluator.sink.suppressed():  # `or` has not evaluated all operands, and some may have no value
        pairs = {each.span.text: evaluator.value(each) for each in (*names, *computed)}
    return tuple(
        f"{text} is {_shown(value)}"
        for text, value in pairs.items()
        if value is not UNKNOWN and not isinstance(value, NamedTensor)
    )


def _operands(condition: ast.Expr) -> Iterator[ast.Expr]:
    """The two operands of each comparison in a condition."""
    match condition:
        case ast.Parenthesized():
            yield from _operands(condition.inner)
        case ast.Unary(op="not"):
            yield from _operands(condition.operand)
        case ast.Binary(op="and" | "or"):
            yield from _operands(condition.left)
            yield from _operands(condition.right)
        case ast.Binary():
            yield condition.left
            yield condition.right


class _NamedSizes:
    """What an assertion can refer to beyond its scope: sizes of named tensors."""

    def __init__(self, graph: Graph, assertion: Assertion, work: Steps, sink: Sink) -> None:
        self._graph = graph
        self._assertion = assertion
        self._work = work
        self._sink = sink

    def shape_of_tensor(self, word: ast.Word) -> Shape | None:
        """The shape of a named tensor, or of `in`; None after an error was reported."""
        node = self._node(word)
        if node is not None:
            return self._graph.nodes[node].shape
        what = "not a tensor"
        self._sink.emit(name_errors.UnknownName(span=word.span, name=word.text, nearest=None, what=what))
        return None

    def _node(self, word: ast.Word) -> int | None:
        if word.text == "in":
            return self._assertion.start
        found = self._assertion.scope.find(word.text)
        return found.value.node if found is not None and isinstance(found.value, NamedTensor) else None

    def callee(self, name: str) -> None:
        """Always None, because an assertion cannot refer to a layer."""

    def sized_inputs(self) -> str:
        """The options that set the symbolic dimensions of the inputs."""
        return self._graph.sized_inputs

    def count_entries(self, count: int, span: Span) -> None:
        """Count the entries of lists. Raises Abort at the limit."""
        self._work.add(count, span)

    def count_operations(self, count: int, span: Span) -> None:
        """Count operations. Raises Abort at the limit."""
        self._work.add(count, span)


def _unmeasured(graph: Graph, span: Span, name: str) -> Diagnostic:
    """Why there is no value: no layer has a receptive field, or the field is a whole axis of symbolic length."""
    if graph.symbols:
        why = f"`{name}` covers an axis whose length is symbolic"
        return structure_errors.UndecidedSize(span=span, why=why, sized_inputs=graph.sized_inputs)
    return structure_errors.NothingToMeasure(span=span, name=name)


def _symbols(conditions: list[Condition]) -> str:
    """The symbolic dimensions that the value depends on: "`H` and `W`"."""
    names = sorted({name for condition in conditions for name in condition.form.symbols()})
    return " and ".join(f"`{name}`" for name in names)


def _has_unknown_name(condition: ast.Expr, scope: Scope, sink: Sink, known: tuple[str, ...]) -> bool:
    """Whether a condition has a name that an assertion cannot refer to; that is reported."""
    for variable in _variables(condition):
        if scope.find(variable.name) is None:
            near = nearest(variable.name, [*known, *scope.visible()])
            what = "not something that an assertion can measure"
            sink.emit(
                name_errors.UnknownName(span=variable.span, name=variable.name, nearest=near, what=what, known=known)
            )
            return True
    return False


def _shown(value: Any) -> str:
    if value == ():
        return "a single ID"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else show(value)


def _names(expr: ast.Expr) -> list[str]:
    return [variable.name for variable in _variables(expr)]


def _variables(expr: ast.Expr) -> list[ast.Variable]:
    return [each for each in ast.leaves(expr) if isinstance(each, ast.Variable)]
