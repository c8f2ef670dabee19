"""Tries candidates on the whole text, for errors of syntax, files and recipes, which partial elaboration misses."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from ..diagnostics import Diagnostic, Fix
from ..diagnostics.diagnostic import Finding
from ..diagnostics.fixes import edited_text
from ..text.source import Source
from .candidate import Candidate
from .candidate_choice import LEFT_OUT
from .edited_network import EditedNetworks, errors_of
from .generators import candidates
from .generators.foreign_names import FOREIGN_NAMES
from .suggestion_context import ErrorSite, SuggestionContext
from .text_parts import statement_start

_MOST_TRIED = 30
_MOST_WORK = 800
"""Nodes, lines and errors of texts that are checked again for one error; at least a few candidates are tried."""
_LEAST_TRIED = 6
_EXAMPLES = 4
"""The approximate number of elaborations of a text with symbolic dimensions and errors, one per example size."""
_UNLIKELY = 1.6
"""The rank above which an edit is shown but never applied by `--fix`."""
_MOST_SHOWN = 2
_LONG = 20_000
"""In texts with more characters, only the correction that the error itself proposes is tried."""

_MOST_HIDDEN = 1
"""The largest number of errors in a statement that could not be parsed, if no candidate leaves fewer errors."""
_OF_NAMES = ("E0201", "E0202", "E0203", "E0303")
"""Errors of unknown words and surplus values, which an edit must not write."""

_BEFORE_BRACE = re.compile(r"^([^#\n]*[^#\s])\s+\}", re.MULTILINE)
"""Spaces and line breaks before a `}`, after something that is no comment."""
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[A-Za-z_]\w*")
_NUMBER_IN_VALUE = re.compile(r"\d+(?!\w*\()")
"""A number that is not part of the name of a function, as in `Conv2d(8)`."""
_VALUE = re.compile(r"(?<=[\s,(=])[A-Za-z_]\w*(?!\w|\s*[=(])")
"""The name of a value: a word that neither begins the edit nor names an argument or a function."""

Place = tuple[str, int]
_Accepted = tuple[int, float, Candidate, list[Diagnostic]]


class WholeTextFixes(NamedTuple):
    """The suggestions for an error, and the other errors of the text that the first of them removes."""

    fixes: tuple[Fix, ...]
    removed: frozenset[int]


def whole_text_fixes(
    context: SuggestionContext,
    site: ErrorSite,
    found: Iterable[Finding],
    networks: EditedNetworks,
) -> WholeTextFixes:
    """The candidates to show for an error: those after which there are fewer errors, and no new syntax errors.

    If there are none, a likely one after which what could not be parsed has another error instead.
    """
    errors = errors_of(found)
    source = context.source
    accepted: list[_Accepted] = []
    steps: list[_Accepted] = []
    seen = {_as_read(source.text)}
    tried = 0
    cost = (len(context.draft.nodes) + source.lines + len(errors)) * (_EXAMPLES if context.draft.symbols else 1)
    most = max(_LEAST_TRIED, min(_MOST_TRIED, _MOST_WORK // max(cost, 1)))
    for candidate in sorted(candidates(context, site), key=lambda each: each.rank):
        if any(edit.span.source is not source for edit in candidate.edits):
            continue
        text = edited_text(source.text, candidate.edits)
        if _as_read(text) in seen or tried == most or (len(source.text) > _LONG and tried):
            continue
        seen.add(_as_read(text))
        tried += 1
        after = networks.checked(text)
        now = errors_of(after.found)
        new = _new_errors(site.diagnostic, errors, now, candidate, source)
        if new is None or not networks.keeps_checks(after, site.diagnostic, {code for code, _ in new}):
            continue
        if len(now) < len(errors):
            accepted.append((len(new), candidate.rank, candidate, now))
        elif candidate.rank <= _UNLIKELY and _is_step(context, site.diagnostic, new, now, candidate):
            steps.append((len(new), candidate.rank, candidate.replace(ambiguous=True), now))
    accepted = accepted or steps
    # Among those that add the fewest errors, those that remove others come first.
    accepted.sort(key=lambda each: (each[0], each[1] + len(each[3])))
    # The second must be as good as the first: it leaves no more errors.
    best = [each for each in accepted if (each[0], len(each[3])) <= (accepted[0][0], len(accepted[0][3]))]
    best = [each for each in best if each is best[0] or each[2].kind != LEFT_OUT][:_MOST_SHOWN]
    removed = frozenset[int]()
    if best and best[0][0] == 0:
        _, _, candidate, now = best[0]
        left = {(each.code, each.span.start) for each in now}
        resolved = [
            each for each in errors if each is not site.diagnostic and _moved(each, candidate, source) not in left
        ]
        removed = frozenset(id(each) for each in resolved if not each.code.startswith("E01"))
    fixes = (each.fix().replace(ambiguous=each.ambiguous or each.rank > _UNLIKELY) for _, _, each, _ in best)
    return WholeTextFixes(tuple(fixes), removed)


def _as_read(text: str) -> str:
    """A text without the spaces at the ends of its lines and before `}`, so that an edit is not offered twice."""
    return _BEFORE_BRACE.sub(r"\1}", "\n".join(line.rstrip() for line in text.split("\n")))


def _new_errors(
    target: Diagnostic, before: list[Diagnostic], after: list[Diagnostic], candidate: Candidate, source: Source
) -> list[Place] | None:
    """The new errors after a candidate.

    None if its own error remains, or a new one is a syntax error.
    """
    old = {_moved(each, candidate, source) for each in before if each is not target}
    resolved = _moved(target, candidate, source)
    now = [(each.code, each.span.start) for each in after if each.span.source.name == source.name]
    new = [place for place in now if place not in old]
    if resolved in new or any(code == target.code and _same_line(start, resolved, after) for code, start in new):
        return None
    if any(code.startswith("E01") for code, _ in new):
        return None
    return new


def _is_step(
    context: SuggestionContext, target: Diagnostic, new: list[Place], now: list[Diagnostic], candidate: Candidate
) -> bool:
    """Whether new errors after an edit of a syntax error are in what could not be parsed before.

    None is a word of the edit or right beside it.

    Their positions are those of the edited text.
    """
    if not target.code.startswith("E01") or not 0 < len(new) <= _MOST_HIDDEN:
        return False
    for edit in candidate.edits:
        numbers = {*_NUMBER_IN_VALUE.findall(edit.span.text)} - {*_NUMBER.findall(edit.text)}
        names = {*_VALUE.findall(edit.span.text)} - {*_WORD.findall(edit.text)}
        if numbers or not all(_names_layer(context, name) for name in names):
            return False  # what is missing then was written
    unknown = [each.span for each in now if each.code in _OF_NAMES and (each.code, each.span.start) in new]
    start, moved = statement_start(target.span.source.text, target.span.start), 0
    for edit in sorted(candidate.edits, key=lambda each: each.span.start):
        begin = edit.span.start + moved
        if any(begin - 1 <= word.end and word.start <= begin + len(edit.text) for word in unknown):
            return False
        moved += len(edit.text) - (edit.span.end - edit.span.start)
    return all(place >= start for _, place in new)


def _names_layer(context: SuggestionContext, word: str) -> bool:
    """Whether a word may be a layer's name in another notation, with a number or not: `conv3`, `pool`."""
    name = word.rstrip("0123456789_").lower()
    return context.find_layer(name) is not None or name in FOREIGN_NAMES


def _same_line(start: int, resolved: Place, after: list[Diagnostic]) -> bool:
    source = after[0].span.source
    return source.position(start)[0] == source.position(min(resolved[1], len(source.text)))[0]


def _moved(diagnostic: Diagnostic, candidate: Candidate, source: Source) -> Place:
    """The position of an error in the edited text."""
    start = diagnostic.span.start
    if diagnostic.span.source is not source:
        return diagnostic.code, start
    shift = sum(len(e.text) - (e.span.end - e.span.start) for e in candidate.edits if e.span.end <= start)
    return diagnostic.code, start + shift
