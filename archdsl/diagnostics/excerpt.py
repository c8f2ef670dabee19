"""Source excerpts with marks under the relevant text."""

from collections.abc import Callable, Iterator
from itertools import accumulate

from ..record import Record
from ..text.source import Source, Span
from .diagnostic import Label
from .printable import cells, printable, width

Paint = Callable[[str, str], str]
"""A function that applies the style of a role to a text."""

_LEAST = 20


class Mark(Record):
    """A range of one line to mark, and the text next to the mark. `main` is the diagnostic's own position."""

    line: int
    start: int
    end: int
    words: str
    main: bool


def excerpt(source: Source, labels: list[tuple[Label, bool]], gutter: int, columns: int, paint: Paint) -> list[str]:
    """The location, the lines and the marks; lines longer than the terminal are cut around the marks."""
    anchor = next((label for label, main in labels if main), labels[0][0])
    line, column = source.position(anchor.span.start)
    margin = f"{' ' * gutter} {paint('│', 'gutter')} "
    out = [f"{' ' * gutter} {paint('╭─', 'gutter')} {printable(source.name)}:{line}:{column}"]
    marks = [mark for label, main in labels for mark in _marks(label, main)]
    for number in sorted({mark.line for mark in marks}):
        here = sorted((mark for mark in marks if mark.line == number), key=lambda mark: (mark.start, mark.end))
        shown = _Line(source.line_text(number), here, max(_LEAST, columns - gutter - 3))
        out.append(f"{number:>{gutter}} {paint('│', 'gutter')} {shown.text}".rstrip())
        for mark in here:
            out += [margin + each for each in shown.under(mark, paint)]
    return out


def _marks(label: Label, main: bool) -> Iterator[Mark]:
    """One mark; two for a range over several lines: on its first line, and with the text on its last."""
    source, start, end = label.span
    text = source.text[start:end]
    if "\n" not in text.strip():
        line, column = source.position(start)
        yield Mark(line=line, start=column - 1, end=column - 1 + end - start, words=label.text, main=main)
        return
    first, column = source.position(start)
    yield Mark(line=first, start=column - 1, end=len(source.line_text(first)), words="from here …", main=main)
    last, column = source.position(start + len(text.rstrip()) - 1)
    start = len(source.line_text(last)) - len(source.line_text(last).lstrip())
    yield Mark(line=last, start=start, end=column, words=f"… to here{': ' * bool(label.text)}{label.text}", main=main)


class _Line:
    """One line as shown: its cells, and the range of cells that fits."""

    def __init__(self, text: str, marks: list[Mark], columns: int) -> None:
        shown = cells(text.rstrip())
        self.width = columns
        self.at = [0, *accumulate(width(cell) for cell in shown)]
        self.first, self.last = 0, len(shown)
        if self.at[-1] > columns:
            mark = next((mark for mark in marks if mark.main), marks[0])
            self._cut(min(mark.start, len(shown)), min(mark.end, len(shown)))
        left, right = "…" * (self.first > 0), "…" * (self.last < len(shown))
        self.text = left + "".join(shown[self.first : self.last]) + right
        self.shift = len(left) - self.at[self.first]

    def _cut(self, start: int, end: int) -> None:
        """Keep the surroundings of a mark: a third of the width before it, the rest after."""
        count = len(self.at) - 1
        columns = self.width - 2
        while self.first < start and self.at[start] - self.at[self.first] > columns // 3:
            # Only as much as is needed to show the end of the mark or of the line.
            if (
                self.at[min(count, max(end, start + 1))] - self.at[self.first] <= columns // 2
                and self._remaining_width() <= columns
            ):
                break
            self.first += 1
        while self.last > self.first + 1 and self._remaining_width() > columns:
            self.last -= 1

    def _remaining_width(self) -> int:
        return self.at[self.last] - self.at[self.first]

    def under(self, mark: Mark, paint: Paint) -> list[str]:
        """The mark under the line, with its text next to it, or below if it does not fit."""
        start, end = (self._column(place) for place in (mark.start, mark.end))
        sign = ("^" if mark.main else "─") * max(1, end - start)
        words, role = printable(mark.words), "primary" if mark.main else "other"
        if not words:
            return [" " * start + paint(sign, role)]
        wide = width(words)
        if start + len(sign) + 1 + wide <= self.width or start == 0:
            return [" " * start + paint(f"{sign} {words}", role)]
        return [" " * start + paint(sign, role), " " * max(0, min(start, self.width - wide)) + paint(words, role)]

    def _column(self, place: int) -> int:
        if place >= len(self.at):
            # After the end of the line.
            place = len(self.at) - 1
        return max(0, self.at[max(self.first, min(place, self.last))] + self.shift)


def last_line(labels: list[tuple[Label, bool]]) -> int:
    """The largest line number in the excerpt of these labels."""
    return max(_end(label.span) for label, _ in labels)


def _end(span: Span) -> int:
    return span.source.position(span.start + max(0, len(span.text.rstrip()) - 1))[0]
