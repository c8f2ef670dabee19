"""Assertions of a program, checked by the analyses."""

from ..expressions.scope import Scope
from ..record import Record
from ..shapes.shape import Shape
from ..syntax import ast

MEASURES = frozenset({"params", "trainable", "macs", "flops", "layers", "out", "rf"})
"""The measures of a network that an assertion can name."""


class Assertion(Record):
    """`assert EXPR OP EXPR`, the names in its scope, and the shape of the current tensor (None if there is none).

    `start` is the node that `in` stands for, if there is one.
    """

    statement: ast.Assert
    scope: Scope
    shape: Shape | None
    start: int | None = None
