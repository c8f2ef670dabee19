"""Diagnostics as text: the source line with a caret, the other places involved, the suggestions."""

from collections.abc import Iterable

from ..text.counts import counted
from ..text.source import Source
from .diagnostic import Diagnostic, Finding, Label, Severity
from .excerpt import Paint, excerpt, last_line
from .help_lines import help_lines, merged
from .printable import printable, width

__all__ = ["printable", "render", "summary", "width"]

_COLUMNS = 120
_COLORS = {"error": "1;31", "warning": "1;33", "title": "1", "gutter": "34", "primary": "1;31", "other": "1;34"}
_USES = 4
_LINES = 6


def render(
    found: Iterable[Finding], *, color: bool = False, root: Source | None = None, columns: int = _COLUMNS
) -> str:
    """All diagnostics, separated by empty lines; a warning that occurs in many places is shown at the first.

    `root` is the file for which the notes "in this use" show only the line. Source lines longer than `columns` are cut
    around the marks.
    """
    paint = _painter(color)
    folded: dict[object, list[Finding]] = {}
    for index, item in enumerate(found):
        warning = item.diagnostic.severity is Severity.WARNING
        folded.setdefault(item.diagnostic.code if warning else index, []).append(item)
    return "\n\n".join(_one(items, paint, root, columns) for items in folded.values())


def _painter(color: bool) -> Paint:
    if not color:
        return lambda text, _: text
    return lambda text, role: f"\x1b[{_COLORS[role]}m{text}\x1b[0m" if text else ""


def _one(items: list[Finding], paint: Paint, root: Source | None, columns: int) -> str:
    diagnostic, others = items[0].diagnostic, items[0].other_occurrences
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity.value)
    lines = [f"{head}: {paint(printable(diagnostic.message()), 'title')}"]
    primary = Label(span=diagnostic.span, text=diagnostic.label())
    labels = [(primary, True), *((label, False) for label in diagnostic.others())]
    gutter = len(str(last_line(labels)))
    for source in dict.fromkeys(label.span.source for label, _ in labels):
        here = [(label, main) for label, main in labels if label.span.source is source]
        lines += excerpt(source, here, gutter, columns, paint)
    notes = [f"help: {text}" for text in help_lines(items[0])]
    if also := merged(items[0]):
        notes.insert(1, also)
    notes += _uses(diagnostic, others, root) + _places(items[1:], diagnostic.span.source)
    lines += [f"{' ' * gutter} {paint('=', 'gutter')} {printable(note)}" for note in notes]
    return "\n".join(lines)


def _uses(diagnostic: Diagnostic, others: int, root: Source | None) -> list[str]:
    """The enclosing uses of blocks, innermost first, and how many more there are."""
    notes = []
    for use in diagnostic.uses[::-1][:_USES]:
        line = use.span.line
        near = use.span.source in (root, diagnostic.span.source)
        where = f"line {line}" if near else f"{use.span.source.name}:{line}"
        notes.append(f"in this use of `{use.block}`, {where}")
    if len(diagnostic.uses) > _USES:
        notes.append(f"… inside {len(diagnostic.uses) - _USES} more uses of blocks")
    if others:
        # Without a block, it occurred again in a repetition.
        notes.append(f"and {counted(others, 'more use' if diagnostic.uses else 'more time')}")
    return notes


def _places(items: list[Finding], source: Source) -> list[str]:
    """The other positions of the same warning."""
    if not items:
        return []
    spans = [item.diagnostic.span for item in items]
    places = [str(span.line) if span.source is source else f"{span.source.name}:{span.line}" for span in spans]
    places = list(dict.fromkeys(places))
    dots = ", …" if len(places) > _LINES else ""
    word = "line" if len(places) == 1 else "lines"
    return [f"and {len(items)} more like this: {word} {', '.join(places[:_LINES])}{dots}"]


def summary(found: Iterable[Finding]) -> str:
    """`2 errors, 1 warning`; empty if there are none."""
    severities = [item.diagnostic.severity for item in found]
    counts = [(severities.count(s), s.value) for s in (Severity.ERROR, Severity.WARNING)]
    return ", ".join(counted(count, word) for count, word in counts if count)
