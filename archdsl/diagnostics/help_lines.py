"""What is printed below a diagnostic: its suggestions, its explanations, and the errors that the first one removes."""

import re

from ..text.counts import counted
from .diagnostic import Finding, Fix

_LINES = 6
_LINE = re.compile(r"\blines? \d")


def help_lines(found: Finding) -> tuple[str, ...]:
    """The lines, without `help:`; the best suggestion first."""
    diagnostic = found.diagnostic
    lines = [suggestion(fix, found, second=index > 0) for index, fix in enumerate(found.suggestions)]
    # An explanation is redundant next to an edit, unless it is an alternative, such as an option of the command.
    return tuple(lines) if lines and not diagnostic.has_alternatives else (*lines, *diagnostic.help())


def suggestion(fix: Fix, found: Finding, *, second: bool) -> str:
    """A suggestion in a line: what to do, where, and why."""
    span = found.diagnostic.span
    lines = sorted({edit.span.line for edit in fix.edits})
    elsewhere = [line for line in lines if line != span.line or fix.edits[0].span.source is not span.source]
    where = f", line {elsewhere[0]}" if elsewhere and not _LINE.search(fix.title) else ""
    why = f": {fix.why}" if fix.why else ""
    return f"{'or ' if second else ''}{fix.title}{where}{why}"


def merged(found: Finding) -> str:
    """`this also removes 3 more errors: lines 17, 20, 23`; empty if it removes none."""
    if not found.merged:
        return ""
    count = len(found.merged)
    lines = sorted({item.diagnostic.span.line for item in found.merged})
    shown = ", ".join(map(str, lines[:_LINES])) + (", …" if len(lines) > _LINES else "")
    word = "line" if len(lines) == 1 else "lines"
    return f"this also removes {counted(count, 'more error')}: {word} {shown}"
