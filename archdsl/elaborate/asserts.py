"""Assertions, kept for the analyses to check."""

from ..record import Record
from ..syntax import ast
from .scope import Scope


class Assertion(Record):
    """`assert EXPR OP EXPR` and the names it sees."""

    statement: ast.Assert
    scope: Scope
