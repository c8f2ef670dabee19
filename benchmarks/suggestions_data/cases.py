"""One network with one error: what a check suggests for it, and whether that is right."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from random import Random

from archdsl.diagnostics import Severity, Sink
from archdsl.diagnostics.diagnostic import Finding, Fix
from archdsl.network import analyze
from archdsl.text.source import Source

from .protocol import Kind, Valid

TRIES = 3
"""How often a kind is tried for one text."""
CASES_PER_NETWORK = 2
"""How many texts with an error of one kind a network may give."""

Suggested = list[tuple[Finding, tuple[Fix, ...]]]


def suggested(text: str, name: str = "<text>") -> Suggested:
    """The errors of a text in their order, each with what is suggested for it, the best first."""
    found = analyze(Source(text, name=name), Sink()).diagnostics
    return [(each, each.suggestions) for each in found if each.diagnostic.severity is Severity.ERROR]


def errors(text: str, name: str = "<text>") -> list[Finding]:
    """The errors of a text."""
    found = analyze(Source(text, name=name), Sink()).found
    return [each for each in found if each.diagnostic.severity is Severity.ERROR]


@dataclass(frozen=True)
class Case:
    """A network with an error, and what is suggested."""

    kind: Kind
    valid: Valid
    text: str
    suggested: Suggested
    check_ms: float
    suggest_ms: float
    """Milliseconds of CPU time of a check without suggestions, and of the suggestions for all its errors."""

    @cached_property
    def shown(self) -> tuple[Fix, ...]:
        """The suggestions of the first error that has any."""
        return next((fixes for _, fixes in self.suggested if fixes), ())[:2]

    @cached_property
    def restored(self) -> tuple[bool, ...]:
        """For each of the first suggestions, whether it restores the original."""
        return tuple(self._restores(fix) for fix in self.shown)

    @cached_property
    def measures(self) -> dict[str, bool]:
        """The measures of this case by name; without an edit, `valid` is missing."""
        found = {
            "located": bool(self.lines),
            "offered": bool(self.shown),
            "first": any(self.restored[:1]),
            "first two": any(self.restored),
        }
        every = [self._is_valid(item, fix) for item, fixes in self.suggested for fix in fixes]
        return found | ({"valid": all(every)} if every else {})

    @cached_property
    def lines(self) -> set[int]:
        """The lines of the introduced error that have a reported error or the edit of a suggestion."""
        spans = [found.diagnostic.span for found, _ in self.suggested]
        spans += [edit.span for _, fixes in self.suggested for fix in fixes for edit in fix.edits]
        found = {span.line for span in spans if span.source.text == self.text}
        return found & _changed_lines(self.valid.text, self.text)

    def _restores(self, fix: Fix) -> bool:
        network = analyze(Source(applied(self.text, fix)), Sink()).network
        return network is not None and self.kind.right(self.valid.graph, network.graph)

    def _is_valid(self, item: Finding, fix: Fix) -> bool:
        """Whether an edit removes its error, and whether all that remain were there before."""
        before = {_place(found) for found in errors(self.text)}
        after = {(found.diagnostic.code, _moved_back(fix, found)) for found in errors(applied(self.text, fix))}
        return _place(item) not in after and after <= before


def _place(found: Finding) -> tuple[str, int]:
    return found.diagnostic.code, found.diagnostic.span.start


def applied(text: str, fix: Fix) -> str:
    """The text after a suggestion's edits."""
    for edit in sorted(fix.edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _moved_back(fix: Fix, found: Finding) -> int:
    """Where an error of the edited text starts in the original text; an error within an edit starts where the edit
    does.
    """
    place, moved = found.diagnostic.span.start, 0
    for edit in sorted(fix.edits, key=lambda edit: edit.span.start):
        start = edit.span.start + moved
        if place >= start + len(edit.text):
            moved += len(edit.text) - (edit.span.end - edit.span.start)
        elif place >= start:
            return edit.span.start
    return place - moved


def _changed_lines(before: str, after: str) -> set[int]:
    """The lines of the second text that are not those of the first; where lines are missing, those around the place.

    An assertion that was added beside the error is not part of it.
    """
    old, new = before.split("\n"), after.split("\n")
    lines: set[int] = set()
    for tag, _, _, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            lines |= {n for n in range(start + 1, end + 1) if not new[n - 1].startswith("assert out")}
            lines |= {start, start + 1} if start == end else set()
    return lines


def cases(kind: Kind, valids: tuple[Valid, ...], seed: int, limit: int) -> Iterator[Case]:
    """Cases of a kind: one per network, or two if few networks have a place for it; families take turns."""
    for valid, text in wrong_texts(kind, valids, seed, limit):
        yield _case(kind, valid, text)


def wrong_texts(kind: Kind, valids: tuple[Valid, ...], seed: int, limit: int) -> Iterator[tuple[Valid, str]]:
    """The networks of these cases, each with a text that has an error."""
    made: set[str] = set()
    order = _mixed(valids, Random(f"{seed} {kind.name}"))
    for number, valid in ((number, valid) for number in range(CASES_PER_NETWORK) for valid in order):
        if len(made) >= limit:
            return
        text = _wrong(kind, valid, f"{seed} {kind.name} {valid.name} {number}", made)
        if text is not None:
            made.add(text)
            yield valid, text


def _wrong(kind: Kind, valid: Valid, seed: str, made: set[str]) -> str | None:
    """A text with an error of this kind that is not among those made; None if there is none after a few tries."""
    for number in range(TRIES):
        text = kind.make(Random(f"{seed} {number}"), valid)
        if text is None:
            return None
        if text not in made and text != valid.text and errors(text):
            return text
    return None


def _mixed(valids: tuple[Valid, ...], random: Random) -> list[Valid]:
    """In random order: the first network of each family, then the second of each, and so on."""
    seen: dict[str, int] = {}
    turns: list[tuple[int, Valid]] = []
    for valid in random.sample(valids, len(valids)):
        turn = seen.get(valid.family, 0)
        seen[valid.family] = turn + 1
        # The families that ship with the package have more networks than the generated ones.
        turns.append((turn // 4 if valid.family in ("zoo", "docs") else turn, valid))
    return [valid for _, valid in sorted(turns, key=lambda each: each[0])]


def _case(kind: Kind, valid: Valid, text: str) -> Case:
    name = f"{valid.name}.arch"
    start = time.process_time()
    errors(text, name)
    checked = time.process_time()
    found = suggested(text, name)
    ended = time.process_time()
    check_ms, both_ms = (checked - start) * 1000, (ended - checked) * 1000
    return Case(kind, valid, text, found, check_ms, max(0.0, both_ms - check_ms))
