"""Diagnostics as text: the user's line, a caret under the very word, the other places that take part, the way out."""

import unicodedata
from collections.abc import Callable, Iterable

from ..source import Source, Span
from .model import Diagnostic, Found, Label, Severity

_TAB = 4
_COLOURS = {"error": "1;31", "warning": "1;33", "title": "1", "gutter": "34", "primary": "1;31", "other": "1;34"}


def printable(text: str) -> str:
    """The text with everything that a terminal would act upon, or that hides or reorders, written as `\\u{…}`."""
    return "".join(_visible(char) for char in text)


def width(text: str) -> int:
    """How many columns of a terminal a printable text takes: wide characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def render(found: Iterable[Found], *, colour: bool = False, root: Source | None = None) -> str:
    """Every diagnostic, a blank line between them. `root` is the file whose lines "in this use" need not name."""
    paint = _painter(colour)
    return "\n\n".join(_one(item.diagnostic, item.again, paint, root) for item in found)


def _visible(char: str) -> str:
    if char == "\t":
        return " " * _TAB
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return f"\\u{{{ord(char):x}}}"
    return char


Paint = Callable[[str, str], str]


def _painter(colour: bool) -> Paint:
    if not colour:
        return lambda text, _: text
    return lambda text, role: f"\x1b[{_COLOURS[role]}m{text}\x1b[0m" if text else ""


def _one(diagnostic: Diagnostic, again: int, paint: Paint, root: Source | None) -> str:
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity.value)
    lines = [f"{head}: {paint(printable(diagnostic.message()), 'title')}"]
    primary = Label(span=diagnostic.span, text=diagnostic.label())
    labels = [(primary, True), *((label, False) for label in diagnostic.others())]
    last = max(label.span.source.position(label.span.start)[0] for label, _ in labels)
    gutter = len(str(last))
    for source in dict.fromkeys(label.span.source for label, _ in labels):
        here = [(label, main) for label, main in labels if label.span.source is source]
        lines += _excerpt(source, here, gutter, paint)
    notes = [f"help: {text}" for text in diagnostic.help()]
    notes += _uses(diagnostic, again, root)
    lines += [f"{' ' * gutter} {paint('=', 'gutter')} {printable(note)}" for note in notes]
    return "\n".join(lines)


def _uses(diagnostic: Diagnostic, again: int, root: Source | None) -> list[str]:
    notes = []
    for use in diagnostic.uses:
        line = use.span.line
        where = (
            f"line {line}" if use.span.source in (root, diagnostic.span.source) else f"{use.span.source.name}:{line}"
        )
        notes.append(f"in this use of `{use.block}`, {where}")
    if again:
        notes.append(f"and {again} more use{'s' * (again > 1)}")
    return notes


def _excerpt(source: Source, labels: list[tuple[Label, bool]], gutter: int, paint: Paint) -> list[str]:
    anchor = next((label for label, main in labels if main), labels[0][0])
    line, column = source.position(anchor.span.start)
    out = [f"{' ' * gutter} {paint('╭─', 'gutter')} {printable(source.name)}:{line}:{column}"]
    by_line: dict[int, list[tuple[Label, bool]]] = {}
    for label, main in labels:
        by_line.setdefault(source.position(label.span.start)[0], []).append((label, main))
    for number in sorted(by_line):
        text = source.line_text(number)
        out.append(f"{number:>{gutter}} {paint('│', 'gutter')} {printable(text).rstrip()}".rstrip())
        for label, main in sorted(by_line[number], key=lambda pair: pair[0].span.start):
            out.append(f"{' ' * gutter} {paint('│', 'gutter')} {_underline(source, label, main, text, paint)}")
    return out


def _underline(source: Source, label: Label, main: bool, text: str, paint: Paint) -> str:
    span: Span = label.span
    column = source.position(span.start)[1] - 1
    before = width(printable(text[:column]))
    under = max(1, width(printable(text[column : column + span.end - span.start])))
    mark = ("^" if main else "─") * under
    words = f" {printable(label.text)}" if label.text else ""
    return " " * before + paint(mark + words, "primary" if main else "other")


def summary(found: Iterable[Found]) -> str:
    """`2 errors, 1 warning`; empty where there is nothing."""
    severities = [item.diagnostic.severity for item in found]
    counts = [(severities.count(s), s.value) for s in (Severity.ERROR, Severity.WARNING)]
    return ", ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count)
