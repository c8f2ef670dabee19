"""Lists in expressions: their values, entries, parts, and functions of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from ..diagnostics import BlockUse, Diagnostic
from ..diagnostics.catalog import argument_errors
from ..shapes.symbolic import concrete
from ..syntax import ast
from .scope import UNKNOWN, ListValue, Scope, Unknown
from .show import show
from .unevaluated import check_names

_OF_NUMBERS: Mapping[str, Callable[[Sequence[Any]], Any]] = {"sum": sum, "min": min, "max": max}


class Evaluation(Protocol):
    """The evaluator of the expressions inside a list."""

    scope: Scope
    entries: int

    @property
    def uses(self) -> tuple[BlockUse, ...]:
        """The uses of blocks around the expression."""

    def value(self, expr: ast.Expr) -> Any:
        """The value of an expression; UNKNOWN after an error was reported."""

    def number(self, expr: ast.Expr) -> Any:
        """The value of an expression that must be a number."""

    def as_number(self, value: Any, expr: ast.Expr) -> Any:
        """The value, unless it is a tensor, a list or a layer, which is reported."""

    def applied(self, expr: ast.Expr, function: Callable[..., Any], values: Sequence[Any]) -> Any:
        """The result of a function of numbers; an error is reported if it has none."""

    def bad(self, expr: ast.Expr, why: str) -> Unknown:
        """Report that an expression has no value."""

    def unknown(self, error: Diagnostic) -> Unknown:
        """Report an error."""

    def is_layer(self, name: str) -> bool:
        """Whether a layer or block has this name."""

    def count_entries(self, count: int, expr: ast.Expr) -> bool:
        """Count entries that an expression computes; False if there are too many, which is reported."""


def value(ev: Evaluation, expr: ast.List | ast.Index | ast.SliceExpr | ast.Comprehension) -> Any:
    """The value of an expression with lists; UNKNOWN after an error was reported."""
    match expr:
        case ast.List():
            return (
                _list_of([ev.value(item) for item in expr.items])
                if ev.count_entries(len(expr.items), expr)
                else UNKNOWN
            )
        case ast.Index():
            return _index(ev, expr)
        case ast.SliceExpr():
            return _slice(ev, expr)
        case ast.Comprehension():
            return _comprehension(ev, expr)


def _list_of(items: Iterable[Any]) -> ListValue | Unknown:
    found = tuple(items)
    return UNKNOWN if any(item is UNKNOWN for item in found) else ListValue(found)


def _list(ev: Evaluation, expr: ast.Expr, what: str) -> ListValue | Unknown:
    """The value of an expression that must be a list."""
    found = ev.value(expr)
    if found is UNKNOWN or isinstance(found, ListValue):
        return found
    return ev.bad(expr, f"{what} a list, not {show(found)}")


def _index(ev: Evaluation, expr: ast.Index) -> Any:
    base, index = _list(ev, expr.base, "`[…]` takes entries of"), None
    if not isinstance(base, ListValue):
        ev.number(expr.index)
        return UNKNOWN
    index = _position(ev, expr.index)
    count = len(base.items)
    if index is None:
        return UNKNOWN
    if not -count <= index < count:
        span, uses = expr.index.span, ev.uses
        return ev.unknown(argument_errors.NoEntry(span=span, uses=uses, index=index, count=count))
    return base.items[index]


def _slice(ev: Evaluation, expr: ast.SliceExpr) -> Any:
    base = _list(ev, expr.base, "`[…]` takes entries of")
    bounds = [None if each is None else _position(ev, each) for each in (expr.start, expr.stop)]
    failed = any(bound is None and each for bound, each in zip(bounds, (expr.start, expr.stop), strict=True))
    if not isinstance(base, ListValue) or failed:
        return UNKNOWN
    entries = base.items[bounds[0] : bounds[1]]
    return ListValue(entries) if ev.count_entries(len(entries), expr) else UNKNOWN


def _position(ev: Evaluation, expr: ast.Expr) -> int | None:
    """The position of an entry, an integer; None after an error."""
    found = ev.number(expr)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if found is UNKNOWN:
        return None
    if not isinstance(found, int) or isinstance(found, bool):
        ev.bad(expr, f"an index must be an integer, not {show(found)}")
        return None
    # A symbolic dimension must then have this value.
    return concrete(found) if found == concrete(found) else None


def _comprehension(ev: Evaluation, expr: ast.Comprehension) -> Any:
    source = _list(ev, expr.source, "`for` takes")
    if not isinstance(source, ListValue) or not source.items:
        check_names(ev, expr.item, (word.text for word in expr.target.names))
    if not isinstance(source, ListValue) or not ev.count_entries(len(source.items), expr):
        return UNKNOWN
    outer, items = ev.scope, []
    try:
        for entry in source.items:
            ev.scope = Scope(outer)
            if not assign(ev, expr.target, entry):
                return UNKNOWN
            items.append(ev.value(expr.item))
            if items[-1] is UNKNOWN:
                return UNKNOWN
    finally:
        ev.scope = outer
    return ListValue(items)


def assign(ev: Evaluation, target: ast.Target, entry: Any) -> bool:
    """Define the names of a target in the evaluator's scope; False after an error was reported."""
    pairs = unpacked(ev, target, entry)
    for word, each in pairs or ():
        ev.scope.define(word.text, each, word.span)
    return pairs is not None


def unpacked(ev: Evaluation, target: ast.Target, entry: Any) -> list[tuple[ast.Word, Any]] | None:
    """The names of a target with their values; None after an error was reported."""
    if not target.unpacks:
        return [(target.names[0], entry)]
    if entry is UNKNOWN:
        return [(word, UNKNOWN) for word in target.names]
    if not isinstance(entry, ListValue) or len(entry.items) != len(target.names):
        count = len(entry.items) if isinstance(entry, ListValue) else None
        value, wanted = show(entry), len(target.names)
        ev.unknown(
            argument_errors.CannotUnpack(span=target.span, uses=ev.uses, value=value, count=count, wanted=wanted)
        )
        return None
    return list(zip(target.names, entry.items, strict=True))


def apply(ev: Evaluation, expr: ast.Call, name: str) -> Any:
    """`len`, `sum`, `min` or `max` of a list that is the only argument."""
    (arg,) = expr.args
    found = ev.value(arg)
    if found is UNKNOWN:
        return UNKNOWN
    if not isinstance(found, ListValue):
        several = "several numbers or a list" if name in ("min", "max") else "a list"
        return ev.bad(arg, f"`{name}` takes {several}, not {show(found)}")
    if name == "len":
        return len(found.items)
    if not ev.count_entries(len(found.items), expr):
        return UNKNOWN
    strange = next((item for item in found.items if not isinstance(item, int | float)), None)
    if strange is not None:
        return ev.bad(arg, f"`{name}` takes a list of numbers, but it has {show(strange)}")
    if not found.items and name != "sum":
        return ev.bad(arg, "the list is empty")
    return ev.applied(expr, lambda *numbers: _OF_NUMBERS[name](numbers), found.items)
