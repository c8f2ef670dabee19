"""Apply fixes to a text: those that do not overlap; the result is checked again."""

from collections import Counter
from collections.abc import Callable, Iterable

from ..record import Record
from ..text.source import Source
from .diagnostic import Edit, Finding, Fix, Severity

Check = Callable[[Source], tuple[Finding, ...]]

_ROUNDS = 10


class Applied(Record):
    """An applied fix, and its line when it was applied."""

    line: int
    code: str
    title: str


class Fixed(Record):
    """A text after its fixes, its remaining diagnostics, and the applied fixes."""

    source: Source
    found: tuple[Finding, ...]
    applied: tuple[Applied, ...]


def fix(source: Source, found: tuple[Finding, ...], check: Check, *, unsafe: bool) -> Fixed:
    """Apply fixes to this text until none is left; used files are not changed.

    A fix that does not remove its diagnostic, or that adds errors, is left out.
    """
    done: list[Applied] = []
    for _ in range(_ROUNDS):
        fixes = _without_overlaps(source, fixable(source, found, unsafe=unsafe))
        better = _apply(source, found, fixes, check)
        if better is None:
            break
        source, found, applied = better
        done += applied
    return Fixed(source=source, found=found, applied=tuple(done))


def fixable(source: Source, found: Iterable[Finding], *, unsafe: bool) -> list[tuple[Finding, Fix]]:
    """The fixes that change only this text: the safe ones, or all."""
    pairs = [(item, item.suggestions[0]) for item in found if item.suggestions]
    return [
        (item, fix)
        for item, fix in pairs
        if fix.edits
        and not fix.ambiguous
        and (fix.safe or unsafe)
        and all(edit.span.source is source for edit in fix.edits)
    ]


def _without_overlaps(source: Source, fixes: list[tuple[Finding, Fix]]) -> list[tuple[Finding, Fix]]:
    """The fixes without those that overlap an earlier one."""
    kept: list[tuple[Finding, Fix]] = []
    taken: list[Edit] = []
    for item, each in fixes:
        if not any(_overlap(edit, other) for edit in each.edits for other in taken):
            kept.append((item, each))
            taken += each.edits
    return kept


def _overlap(a: Edit, b: Edit) -> bool:
    return a.span.start <= b.span.end and b.span.start <= a.span.end


def _apply(
    source: Source, found: tuple[Finding, ...], fixes: list[tuple[Finding, Fix]], check: Check
) -> tuple[Source, tuple[Finding, ...], list[Applied]] | None:
    """The text with these fixes, or with the first one that improves it by itself; None if none does."""
    for some in [fixes, *([each] for each in fixes)]:
        if not some:
            continue
        text = edited_text(source.text, [edit for _, each in some for edit in each.edits])
        after = Source(text, name=source.name, path=source.path)
        now = check(after)
        if _is_better(found, now, [item for item, _ in some]):
            return after, now, [_applied(item, each) for item, each in some]
    return None


def edited_text(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits applied, none of which overlap."""
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _is_better(before: tuple[Finding, ...], after: tuple[Finding, ...], fixed: list[Finding]) -> bool:
    """Whether there are no more errors than before, and fewer of each fixed kind on its line. A fix adds no lines."""
    counts = [Counter(map(_place, found)) for found in (before, after)]
    errors = [
        sum(1 + len(item.merged) for item in found if item.diagnostic.severity is Severity.ERROR)
        for found in (before, after)
    ]
    return errors[1] <= errors[0] and all(counts[1][_place(item)] < counts[0][_place(item)] for item in fixed)


def _place(item: Finding) -> tuple[str, str, int]:
    span = item.diagnostic.span
    return item.diagnostic.code, span.source.name, span.line


def _applied(item: Finding, fix: Fix) -> Applied:
    return Applied(line=item.diagnostic.span.line, code=item.diagnostic.code, title=fix.title)
