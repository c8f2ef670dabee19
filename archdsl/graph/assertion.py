"""Assertions of a text, for the analyses to check."""

from ..expressions.scope import Scope
from ..record import Record
from ..syntax import ast


class Assertion(Record):
    """`assert EXPR OP EXPR` and the names it sees."""

    statement: ast.Assert
    scope: Scope
