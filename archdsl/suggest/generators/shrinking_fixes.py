"""Superfluous layers that shrink a tensor before an error."""

from collections.abc import Iterator

from ...shapes.shape import Shape
from ...syntax import ast
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, away, removed, written

_SHRINKING = ("maxpool", "avgpool", "lppool", "flatten", "gap", "gmp")


def fewer(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Removes a pooling or flatten layer before an error, never the statement with the error."""
    node = site.node
    if node is None:
        return
    yield from _doubled(context, site)
    mine = "" if site.layer is None else written(site.layer)
    for statement, maker, distance in context.layers_before(node):
        word = maker.op.keyword if maker.op is not None else ""
        if statement is not site.statement and distance == 1 and written(statement) == mine:
            yield removed(context, statement, 0.6, "it appears twice in a row")
        after_flat = distance == 1 and word == "flatten" and site.layer is not None
        if after_flat and site.layer is not None and site.layer.keyword.text in ("gap", "gmp", "adaptive_avgpool"):
            yield removed(context, statement, 0.5, "global pooling already returns a vector")
        if word in _SHRINKING and statement is not site.statement:
            before = context.shape(maker.inputs[0]) if maker.inputs else None
            flat = word in ("flatten", "gap", "gmp")
            yield removed(context, statement, (1.6 if flat else 2.2) + away(distance), _reason(before, word))


def _doubled(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A pooling layer that occurs twice in a row, anywhere."""
    for each in context.statements.all:
        if isinstance(each, ast.LayerStatement) and each.keyword.text in _SHRINKING and each is not site.statement:
            previous = next(context.statements.before(each), None)
            if previous is not None and written(previous) == written(each):
                yield removed(context, each, 0.9, "it appears twice in a row")


def _reason(before: Shape | None, word: str) -> str:
    return "" if before is None or word not in ("flatten", "gap", "gmp") else f"its input is {before}"
