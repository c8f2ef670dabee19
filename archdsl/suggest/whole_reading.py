"""Parses an edited text once more, to check that it is the program that was tried."""

from collections.abc import Sequence

from ..diagnostics import Edit, Sink
from ..diagnostics.fixes import edited_text
from ..layers import merges
from ..syntax import ast, parse
from ..text.source import Source, Span
from .text_parts import within


def reads_alike(before: ast.Program, edits: Sequence[Edit], edited: ast.Program) -> bool:
    """Whether an edited text is parsed as the program that was tried.

    Only the lines around the edits are parsed, with the statements before and after them, which they may continue.
    """
    part = None if _changes_vocabulary(before, edited) else _reparsed_range(before, edits)
    if part is not None:
        first, last, span = part
        after = len(before.statements) - last
        end = len(edited.statements) - after
        kept = (*edited.statements[:first], *edited.statements[end:])
        if all(a is b for a, b in zip(kept, (*before.statements[:first], *before.statements[last:]), strict=True)):
            text = edited_text(span.text, within(span, edits))
            return ast.same(_read(before.source, text, edited), edited.statements[first:end])
    return ast.same(_read(before.source, edited_text(before.source.text, edits), edited), edited.statements)


def _read(source: Source, text: str, edited: ast.Program) -> tuple[ast.Statement, ...]:
    part = Source(text, name=source.name, path=source.path, key=source.key)
    return parse(part, Sink(), edited.names).statements


def _changes_vocabulary(before: ast.Program, edited: ast.Program) -> bool:
    """Whether words elsewhere may change their meaning, by a new name such as `x2` or a block with a merge's name."""
    words = {*merges(), "moe"}
    return before.names != edited.names or any(block.name.text in words for block in (*before.blocks, *edited.blocks))


def _reparsed_range(program: ast.Program, edits: Sequence[Edit]) -> tuple[int, int, Span] | None:
    """The range of statements whose lines are parsed again, and those lines; None if the edits are in no statement."""
    statements, text = program.statements, program.source.text
    start, end = min(edit.span.start for edit in edits), max(edit.span.end for edit in edits)
    touched = [index for index, each in enumerate(statements) if each.span.start <= end and start <= each.span.end]
    if not touched:
        return None
    first, last = max(0, touched[0] - 1), min(len(statements), touched[-1] + 2)
    while first > 0 and "\n" not in text[statements[first - 1].span.end : statements[first].span.start]:
        first -= 1
    while last < len(statements) and "\n" not in text[statements[last - 1].span.end : statements[last].span.start]:
        last += 1
    begin = text.rfind("\n", 0, min(start, statements[first].span.start)) + 1
    stop = text.find("\n", max(end, statements[last - 1].span.end))
    return (
        first,
        last,
        Span(program.source, begin if first else 0, stop if stop >= 0 and last < len(statements) else len(text)),
    )
