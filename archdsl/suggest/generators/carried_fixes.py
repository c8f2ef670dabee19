"""Tensors that a scan or a repetition carries over: the statement of the body that computes the next value."""

from collections.abc import Iterator

from ...diagnostics import Edit
from ...diagnostics.catalog import structure_errors
from ...syntax import ast
from ...text.names import nearest
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, written

_NAMED = ast.LayerStatement | ast.Merge | ast.Residual
_LAST = 4


def named(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The name of the carried tensor, added to one of the last statements of the body or in place of a similar name."""
    diagnostic, statement = site.diagnostic, site.statement
    if not isinstance(diagnostic, structure_errors.MissingNextValue) or not isinstance(
        statement, ast.Repeat | ast.Scan
    ):
        return
    for distance, each in enumerate(reversed(statement.body.statements[-_LAST:])):
        if not isinstance(each, _NAMED):
            continue
        if each.alias is None:
            edit, rank = Edit(span=each.span.tail, text=f" as {diagnostic.name}"), 0.5 + 0.3 * distance
        elif nearest(each.alias.text, [diagnostic.name]):
            edit, rank = Edit(span=each.alias.span, text=diagnostic.name), 0.2
        else:
            continue
        name = f"{written(each.replace(alias=None, span=_unnamed(each)))} as {diagnostic.name}"
        yield Candidate(title=f"write `{name}`", edits=(edit,), rank=rank)


def _unnamed(statement: ast.LayerStatement | ast.Merge | ast.Residual) -> Span:
    span = statement.span
    if statement.alias is None:
        return span
    text = span.source.text[span.start : statement.alias.span.start].rstrip()
    return Span(span.source, span.start, span.start + len(text.removesuffix("as").rstrip()))
