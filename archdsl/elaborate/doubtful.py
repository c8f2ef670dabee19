"""Layers that are uncertain, as after a brace without a partner: another reading of the text gives other layers."""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import NamedTuple

from ..graph import DraftNode, Node, Unresolved
from ..syntax import ast
from ..text.source import Source, Span


class _Certain(NamedTuple):
    """The part of a file before and after such errors: statements that start and end in it are read as meant."""

    start: float
    end: float


def doubtful_marked(
    nodes: Sequence[DraftNode], programs: Iterable[ast.Program], is_layer: Callable[[str], bool]
) -> tuple[tuple[DraftNode, ...], bool]:
    """The nodes, unresolved where they are doubtful; and whether a part of a program is.

    After a `{` without a `}`, any statement may be outside its body. Before a `}` without a `{`, any statement may be
    inside the body that it ends. Statements after the unreadable first line of a block are those of the block. A word
    with nothing before it that separates it from a statement belongs to that statement, unless `is_layer` is true.
    """
    found = {file: certain for program in programs for file, certain in _certain(program, is_layer)}
    if not found:
        return tuple(nodes), False
    return tuple(_unresolved(node) if _is_doubtful(node, found) else node for node in nodes), True


def _certain(program: ast.Program, is_layer: Callable[[str], bool]) -> list[tuple[Source, _Certain]]:
    """The file of a program with its certain part; nothing if all of it is certain."""
    heads = [each.span for each in program.statements if _is_head_of_block(each)]
    continued = [span for span, word in program.uncertain_unless if not is_layer(word)]
    ends = [_start(span) for span in (*program.uncertain_from, *heads, *continued)]
    starts = [_start(span) for span in program.uncertain_to]
    if not ends and not starts:
        return []
    return [(program.source.file, _Certain(max(starts, default=-inf), min(ends, default=inf)))]


def _is_head_of_block(statement: ast.Statement) -> bool:
    return isinstance(statement, ast.UnreadableStatement) and statement.span.text.split()[:1] == ["block"]


def _is_doubtful(node: DraftNode, found: dict[Source, _Certain]) -> bool:
    """Whether a node is created by a statement that is not in the certain part of its file."""
    if not isinstance(node, Node) or node.is_input:
        return False
    span = node.span if node.statement is None else node.statement.span
    for each in (span, *(use.span for use in node.uses)):
        part = found.get(each.source.file)
        if part is not None and (_start(each) < part.start or each.source.start + each.end > part.end):
            return True
    return False


def _unresolved(node: DraftNode) -> DraftNode:
    if not isinstance(node, Node):
        return node
    return Unresolved(
        node.id,
        node.op,
        node.inputs,
        node.shape,
        node.path,
        node.span,
        node.uses,
        node.alias,
        node.statement,
        node.arguments,
    )


def _start(span: Span) -> int:
    return span.source.start + span.start
