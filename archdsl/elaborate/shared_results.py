"""What elaborations of a text share: blocks, executed statements, and results that need not be computed again."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..contract.layer import LayerOp, Op
from ..diagnostics import Sink
from ..expressions.scope import Scope
from ..record import Record
from ..shapes.shape import Shape
from ..syntax import ast
from .memo import Memo


class Result(NamedTuple):
    """The result of a layer: the shape that it accepted, or a likely one after it rejected its inputs."""

    accepted: Shape | None
    recovery: Shape | None = None


UNRESOLVED = Result(None)


ReplayKey = tuple[Any, ...]
"""What a use of a block depends on: its statement and definition, its values, its input's shape, its depth."""


class ExecutedStatement(NamedTuple):
    """The context in which a statement was first run: the current tensor before and after it, and the names."""

    statement: ast.Statement
    before: Shape | None
    after: Shape | None
    scope: Scope


class Caches:
    """Results that elaborations of the same text, or of versions that share statements with it, need not compute again.

    These are the meanings of the arguments of a statement, ops by their arguments, and shapes by op and input.
    """

    def __init__(self) -> None:
        self.memos: dict[tuple[Any, ...], Memo] = {}
        self.readings: dict[tuple[int, str], tuple[ast.Statement, ast.Statement]] = {}
        """Statements that are interpreted differently than they are written, by identity, with their interpretation."""
        self.ops: dict[tuple[Any, ...], Op] = {}
        self.inferred: dict[tuple[int, tuple[Shape, ...]], Result] = {}
        self.parsed: dict[str, tuple[ast.Program, Sink]] = {}
        """Used files by name, as parsed, with what was found in them."""
        self.used: dict[int, tuple[ast.Body, list[str]]] = {}
        """The layers and blocks that the body of a block uses, by its identity."""
        self.executed = 0
        """The number of statements executed so far: the cost of the elaborations."""

    def parsed_files(self) -> "Caches":
        """New caches that share only the parsed files: for other settings, or other sizes of the inputs."""
        other = Caches()
        other.parsed = self.parsed
        return other


class BlockDef(Record):
    """A block and the names that it can use: the parameters of its file's network, and the blocks of its file.

    `layers` are those of the packages that its file names.
    """

    block: ast.Block
    scope: Scope
    blocks: "Mapping[str, BlockDef]"
    layers: Mapping[str, type[LayerOp]] = {}
