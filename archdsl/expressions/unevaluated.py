"""Names in expressions that are not evaluated, such as the other operand of `a if condition else b`."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from ..diagnostics import BlockUse, Diagnostic
from ..diagnostics.catalog import name_errors
from ..syntax import ast
from ..text.names import nearest
from .operations import FUNCTIONS
from .scope import Scope, Unknown

_ELSEWHERE = frozenset(
    "abs acos asin atan bool cos cosh float hypot int log10 log2 mean mod pow sin sinh tan tanh".split()  # noqa: SIM905  # a list of quoted strings would only be longer
)
"""Functions of other languages: their names are not misspellings of ours."""


class NameChecker(Protocol):
    """The evaluator of the expression around the one that is not evaluated."""

    scope: Scope

    @property
    def uses(self) -> tuple[BlockUse, ...]:
        """The uses of blocks around the expression."""

    def unknown(self, error: Diagnostic) -> Unknown:
        """Report an error."""

    def is_layer(self, name: str) -> bool:
        """Whether a layer or block has this name."""


def check_names(ev: NameChecker, expr: ast.Expr, own: Iterable[str] = ()) -> None:
    """Report the names in an expression that nothing defines, and unknown functions.

    `own` are names that the expression around it defines. A name that a branch of `if` would define is left out,
    because the expression may be evaluated only where that branch runs.
    """
    own = set(own)
    for part in _parts(expr):
        match part:
            case ast.Comprehension():
                own.update(word.text for word in part.target.names)
            case ast.Variable(name=name) if not (name in own or ev.scope.may_define(name) or ev.is_layer(name)):
                ev.unknown(unknown_name(part, ev.scope, ev.uses))
            case ast.Call() if part.function.text not in FUNCTIONS:
                ev.unknown(unknown_function(part, ev.uses))
            case _:
                pass


def _parts(expr: ast.Expr) -> Iterator[ast.Expr]:
    """An expression and all that it consists of, outer ones first."""
    yield expr
    for each in ast.parts(expr):
        yield from _parts(each)


def unknown_name(expr: ast.Variable, scope: Scope, uses: tuple[BlockUse, ...]) -> name_errors.UnknownName:
    """The error for a name that nothing defines."""
    near = nearest(expr.name, list(scope.visible()))
    what = "not a flag, a variable or a tensor"
    return name_errors.UnknownName(span=expr.span, uses=uses, name=expr.name, nearest=near, what=what)


def unknown_function(expr: ast.Call, uses: tuple[BlockUse, ...]) -> name_errors.UnknownFunction:
    """The error for a function that does not exist."""
    name = expr.function.text
    near = None if name in _ELSEWHERE else nearest(name, FUNCTIONS)
    return name_errors.UnknownFunction(span=expr.function.span, uses=uses, name=name, nearest=near)
