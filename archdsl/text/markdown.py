"""Text in Markdown: arbitrary text stays text, and creates no links or @-mentions."""

from collections.abc import Iterable, Sequence
from html import escape

_MARKUP = "\\`*_{}[]()#+-.!|~@"


def plain(text: str) -> str:
    """Text without markup."""
    return "".join(f"\\{char}" if char in _MARKUP else char for char in escape(text, quote=False))


def code(text: str) -> str:
    """Text as code, in which nothing is markup."""
    longest = max((len(run) for run in "".join(c if c == "`" else " " for c in text).split()), default=0)
    ticks, blank = "`" * (longest + 1), " " * (longest > 0)
    return f"{ticks}{blank}{text}{blank}{ticks}"


def code_cell(text: str) -> str:
    """Code in a table cell, which a vertical bar would end."""
    return code(text).replace("|", "\\|")


def table(head: Sequence[str], alignment: str, rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown; `alignment` has `l` or `r` for each column."""
    rule = ["---:" if side == "r" else "---" for side in alignment]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])
