"""Assertions of a text, for the analyses to check."""

from ..expressions.scope import Scope
from ..record import Record
from ..shapes.shape import Shape
from ..syntax import ast


class Assertion(Record):
    """`assert EXPR OP EXPR`, the names it sees, and the current tensor where it stands (None: there is none)."""

    statement: ast.Assert
    scope: Scope
    shape: Shape | None
