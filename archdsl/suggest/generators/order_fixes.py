"""Misplaced statements: swapped lines, a statement outside its braces, one that is commented out."""

import re
from collections.abc import Iterator

from ...diagnostics import Edit
from ...syntax import ast
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext, inserted_before, removed, written
from ..text_parts import indentation, line_start

_FLATTENING = ("flatten", "gap", "gmp")
_NEAR_LINES = 12


def exchanged(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The line of an error or one before it, swapped with its neighbor."""
    source, line = site.span.source, site.line
    if source is not context.source:
        return
    for rank, first in ((1.7, line - 1), (1.75, line), (2.0, line - 2)):
        if not 1 <= first < source.lines:
            continue
        one, other = source.line_text(first), source.line_text(first + 1)
        if _movable(one) and _movable(other) and indentation(one) == indentation(other) and one != other:
            start = site.span.source.text.find(one, line_start(source, first))
            end = start + len(source.text[start:].split("\n")[0]) + 1 + len(other)
            edit = Edit(span=Span(source, start, end), text=f"{other}\n{one}")
            yield Candidate(title=f"swap lines {first} and {first + 1}", edits=(edit,), rank=rank)


def _movable(line: str) -> bool:
    text = line.strip()
    fixed = ("#", "net ", "input ", "block ", "use ", "}", "output ", "assert ")
    return bool(text) and not text.startswith(fixed) and text.count("{") == text.count("}")


def flattened_late(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A `flatten` or `gap` after the layer that needs it, moved before that layer."""
    layer = site.layer
    home = context.statements.position_of(layer) if layer is not None else None
    if layer is None or home is None:
        return
    for each in home.siblings[home.position + 1 : home.position + 3]:
        if isinstance(each, ast.LayerStatement) and each.keyword.text in _FLATTENING:
            text = written(each)
            edits = (*inserted_before(layer, text, 0.0).edits, *removed(context, each, 0.0).edits)
            yield Candidate(title=f"move `{text}` before `{written(layer)}`", edits=edits, rank=0.4)


def inside(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The statement after or before a residual, moved inside its braces."""
    statement = site.statement
    home = context.statements.position_of(statement) if statement is not None else None
    if not isinstance(statement, ast.Residual) or home is None:
        return
    body, source = statement.body, statement.span.source
    after = home.siblings[home.position + 1] if home.position + 1 < len(home.siblings) else None
    if isinstance(after, ast.LayerStatement) and statement.shortcut is None and body.statements:
        text = written(after)
        last = body.statements[-1].span
        edits = (Edit(span=last.tail, text=f"; {text}"), *removed(context, after, 0.0).edits)
        yield Candidate(title=f"move `{text}` into the braces", edits=edits, rank=1.3)
    before = next(context.statements.before(statement), None)
    if isinstance(before, ast.LayerStatement) and before.alias is None and body.statements:
        text = written(before)
        edits = (*removed(context, before, 0.0).edits, *inserted_before(body.statements[0], text, 0.0).edits)
        if all(edit.span.source is source for edit in edits):
            yield Candidate(title=f"move `{text}` into the braces", edits=edits, rank=1.5)


def uncommented(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A statement that is commented out near an error, or that defines the unknown name."""
    source, line = site.span.source, site.line
    if source is not context.source:
        return
    name = site.span.text if site.diagnostic.code == "E0202" else ""
    for number in range(max(1, line - (200 if name else _NEAR_LINES)), line):
        found = re.match(r"(\s*)#\s?(?=[a-z])", source.line_text(number))
        if found is None:
            continue
        text = source.line_text(number)[found.end() :]
        gives = bool(name) and re.search(rf"\bas {re.escape(name)}\b|\blet {re.escape(name)}\b", text) is not None
        if name and not gives:
            continue
        start = line_start(source, number) + len(found[1])
        edit = Edit(span=Span(source, start, start + found.end() - len(found[1])), text="")
        yield Candidate(title=f"uncomment line {number}", edits=(edit,), rank=0.3 if gives else 0.9)
