"""Inlay hints and code lenses: the output shape after each statement, the parameters of a stage above it."""

from ..graph import DraftNode, likely_shape
from ..syntax import ast
from ..text.counts import counted
from .answers import CodeLens, Hint, TextRange
from .document import Version
from .hover import costs_of, nodes_in
from .syntax_at import end_of, start_of, statements

_SHAPED = (ast.LayerStatement, ast.Merge, ast.Residual, ast.Scan, ast.Moe, ast.Reuse, ast.Repeat, ast.If, ast.Stage)
_MOST = 3
"""The maximum number of shapes that are shown for a statement of a block with several uses."""


def inlay_hints(version: Version, start: int, end: int) -> tuple[Hint, ...]:
    """The output shape after each statement that ends in a range; on a line with several, after the last of them."""
    found: list[Hint] = []
    for statement in statements(version.program):
        at = end_of(statement.span)
        if isinstance(statement, _SHAPED) and start <= at <= end and (text := _shapes(version, statement)):
            found.append(Hint(offset=at, text=text, detail=costs_of(version, nodes_in(version, statement))))
    return tuple(sorted(found, key=lambda hint: hint.offset))


def _shapes(version: Version, statement: ast.Statement) -> str:
    nodes: list[DraftNode] = version.nodes_by_statement.get(id(statement), [])
    passed = version.passed(statement)
    if passed is None or passed.after is None:
        return ""
    shapes = list(dict.fromkeys(str(likely_shape(node) or "?") for node in nodes if node.span == statement.span))
    repeated = isinstance(statement, ast.LayerStatement) and statement.times > 1
    if len(shapes) < 2 or repeated:
        return str(passed.after)
    return ", ".join(shapes[:_MOST]) + (", …" if len(shapes) > _MOST else "")


def lenses(version: Version) -> tuple[CodeLens, ...]:
    """The parameters of the network, its stages and its blocks, and the diagram of the network, above their lines."""
    found: list[CodeLens] = []
    first = version.program.statements[0] if version.program.statements else None
    if first is not None and version.graph is not None:
        place = TextRange(start=start_of(first.span), end=end_of(first.span))
        total = costs_of(version, list(version.draft.nodes))
        found += [CodeLens(range=place, text=total)] if total else []
        found.append(CodeLens(range=place, text="open diagram", command="diagram"))
    for statement in statements(version.program):
        if isinstance(statement, ast.Stage | ast.Aux) and (nodes := nodes_in(version, statement)):
            text = costs_of(version, nodes)
            span = statement.name.span
            if text:
                found.append(CodeLens(range=TextRange(start=start_of(span), end=end_of(span)), text=text))
        elif isinstance(statement, ast.Block):
            uses = {node.uses[_depth(node, statement)] for node in version.draft.nodes if _depth(node, statement) >= 0}
            span = statement.name.span
            word = counted(len(uses), "use")
            found.append(CodeLens(range=TextRange(start=start_of(span), end=end_of(span)), text=word))
    return tuple(found)


def _depth(node: DraftNode, block: ast.Block) -> int:
    """The index of the use of this block among the block uses that led to a node; -1 if there is none."""
    return next((i for i, use in enumerate(node.uses) if use.block == block.name.text), -1)
