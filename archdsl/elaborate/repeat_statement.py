"""The `repeat` statement: its body runs for each number or entry, one after another."""

from collections.abc import Sequence
from typing import Any

from ..diagnostics.catalog import argument_errors
from ..expressions.scope import UNKNOWN, ListValue, NamedTensor, Scope
from ..expressions.show import show
from ..graph import ZerosOp
from ..limits import MAX_COUNT, MAX_ITERATIONS
from ..shapes.shape import Shape
from ..shapes.symbolic import Sym
from ..syntax import ast
from .assignment import assign
from .budget import affordable, uncounted
from .carried import following, initial, report_missing_value
from .evaluation_context import evaluator
from .layer_statements import is_too_large
from .shared_results import UNRESOLVED, Result
from .skipped_branches import check_skipped
from .state import State

_MANY = 1000
"""The number of iterations above which a repetition is always counted, even inside another one."""


def run_repeat(state: State, statement: ast.Repeat) -> None:
    """`repeat N as i { … }`: i counts from 0; `repeat LIST as d { … }`: d is each entry in turn."""
    entries = _entries(state, statement)
    names = [*(statement.target.names if statement.target else ()), *(carried.name for carried in statement.carried)]
    if state.is_static:
        _check(state, statement, names)
        return
    if not entries:
        check_skipped(state, statement.body, names)
    if entries is None or (not entries and isinstance(statement.count, ast.Number | ast.List)):
        # A literal count of 0 was reported.
        _unknown_result(state, statement)
        return
    if len(entries) > _MANY:
        with uncounted(state):
            affordable(state, statement)
    else:
        affordable(state, statement)
    if state.iterations + len(entries) > MAX_ITERATIONS:
        # Reported at once: running the iterations that the limit allows takes seconds.
        state.count_iterations(statement.count.span, len(entries))
    first, source = len(state.nodes), state.current
    values = {carried.name.text: _initial(state, carried) for carried in statement.carried}
    outer, state.counted = state.counted, True
    try:
        _run(state, statement, entries, values)
    finally:
        state.counted = outer
    for carried in statement.carried:
        state.define(carried.name, values[carried.name.text])
    if statement.alias is not None:
        state.name_result(statement.alias, first, source)


def _check(state: State, statement: ast.Repeat, names: Sequence[ast.Word]) -> None:
    """Check the body of a repetition that may never run, and the initial values of its carried tensors."""
    for carried in statement.carried:
        _initial(state, carried)
    body = check_skipped(state, statement.body, names)
    for carried in statement.carried:
        if carried.name.text not in body:
            report_missing_value(state, "repeat", carried.name)
    _unknown_result(state, statement)


def _unknown_result(state: State, statement: ast.Repeat) -> None:
    """Make the current tensor and all that the statement names unknown."""
    _unknown_tensor(state, statement)
    for word in (*(carried.name for carried in statement.carried), statement.alias):
        if word is not None:
            state.define(word, UNKNOWN)


def _unknown_tensor(state: State, statement: ast.Repeat) -> None:
    """Make the current tensor unknown, if there is one."""
    if state.current is not None:
        head = statement.span.head.to(statement.count.span)
        state.unresolved(None, (state.current,), None, state.child("repeat"), head)


def _run(state: State, statement: ast.Repeat, entries: Sequence[Any], values: dict[str, Any]) -> None:
    """Run the body for each entry; `values` are the carried tensors, which it updates."""
    carried = statement.carried
    named: set[str] = set()
    for entry in entries:
        state.count_iterations(statement.count.span)
        outer = scope = Scope(state.scope)
        if carried:
            for each in carried:
                outer.define(each.name.text, values[each.name.text], each.name.span)
            scope = Scope(outer)
        if statement.target is not None and not assign(state, statement.target, entry, scope):
            _unknown_tensor(state, statement)
            return
        with state.inside(scope=scope, started=False):
            state.run(statement.body.statements)
        for each in carried:
            value = following(state, scope, each.name)
            if value is not None:
                values[each.name.text] = value
                named.add(each.name.text)
    for each in carried if entries else ():
        if each.name.text not in named:
            report_missing_value(state, "repeat", each.name)


def _initial(state: State, carried: ast.Carried) -> Any:
    """The initial value of a carried tensor; UNKNOWN after an error was reported."""
    value = initial(state, carried, "repeat")
    if not isinstance(value, Shape):
        return UNKNOWN if value is None else value
    if not state.need_input(carried.span) or state.current is None:
        return UNKNOWN
    x, source, first = state.shape, state.current, len(state.nodes)
    op = ZerosOp(shape=value, axes=_axes(carried.value, value, x))
    is_accepted = x is not None and not is_too_large(state, op, (x,), value, carried.value.span)
    state.add(op, (source,), Result(value) if is_accepted else UNRESOLVED, state.child("zeros"), carried.span)
    tensor = NamedTensor(node=state.current, first=first, source=source)
    state.current = source
    return tensor


def _axes(written: ast.Expr, shape: Shape, x: Shape | None) -> tuple[int | None, ...]:
    """For each axis of zeros, the axis of the current tensor that gives its size, by `(@l)` or a symbolic dimension."""
    if x is None:
        return (None,) * shape.rank
    parts = written.dims if isinstance(written, ast.Size) else (written,) * shape.rank
    forms = [dim.form if isinstance(dim, Sym) else None for dim in x.dims]
    found: list[int | None] = []
    for part, dim in zip(parts, shape.dims, strict=True):
        while isinstance(part, ast.Parenthesized):
            part = part.inner
        if isinstance(part, ast.At) and part.of is None:
            found.append(x.letters.index(part.name))
        else:
            found.append(forms.index(dim.form) if isinstance(dim, Sym) and dim.form in forms else None)
    return tuple(found)


def _entries(state: State, statement: ast.Repeat) -> Sequence[Any] | None:
    """The values of the index of a repetition, in order; None after an error was reported."""
    ev = evaluator(state)
    count = ev.value(statement.count)
    if isinstance(count, ListValue):
        return count.items
    count = ev.as_number(count, statement.count)
    if count is UNKNOWN:
        return None
    if isinstance(count, float) and count.is_integer():
        count = int(count)
    if type(count) is int and count >= 0:
        # Beyond the maximum length of a list, the limit of iterations is reached anyway.
        return range(min(count, MAX_COUNT))
    # `repeat 0` is an error; a count that is computed may be 0.
    words = f"an integer of at least {int(isinstance(statement.count, ast.Number))}, or a list"
    span, value = statement.count.span, show(count)
    error = argument_errors.BadValue(
        span=span, uses=state.uses, keyword="repeat", name="count", value=value, words=words
    )
    state.emit(error)
    return None
