"""Repetitions in other notations: `(conv 64 k3; relu) x3`, `[conv 64 k3, relu] × 3`, `3 × { … }`, `conv 64 k3 * 3`."""

import re
from collections.abc import Iterator

from ...diagnostics import Edit
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import STATEMENT_START, line_of

_GROUP = re.compile(
    rf"{STATEMENT_START}[ \t]*"
    r"(?P<whole>(?:(?P<before>\d+)(?:\s*[x×*])?\s*)?"
    r"(?P<open>[(\[{])(?P<inside>[^()\[\]{}#]*)(?P<close>[)\]}])"
    r"(?:\s*(?:[x×*]|\^)\s*(?P<after>\d+)(?!\w))?)"
)
_ONE = re.compile(r"(?<!\s)\s*(?:[×*]\s*(?P<times>\d+)|\(\s*(?P<count>\d+)\s*(?:times|x)\s*\))\s*(?=[;}#]|$)")


def repetitions(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Statements in brackets with a number as `repeat`; one statement times a number as `x3`."""
    source, at = site.span.source, site.span.start
    if source is not context.source:
        return
    for found in _GROUP.finditer(source.text):
        times = found["before"] or found["after"]
        if found.start() <= at <= found.end() and times and not (found["before"] and found["after"]):
            yield _repeat(Span(source, found.start("whole"), found.end("whole")), found, times)
    line = line_of(site.span)
    for found in _ONE.finditer(source.text, line.start, line.end):
        word = source.text[: found.start()].rpartition("\n")[2].rpartition(" ")[2]
        if re.search(r"[A-Za-z]", word):
            times = found["times"] or found["count"]
            edit = Edit(span=Span(source, found.start(), found.start() + len(found[0].rstrip())), text=f" x{times}")
            yield Candidate(title=f"write `x{times}` instead of `{found[0].strip()}`", edits=(edit,), rank=0.1)


def _repeat(whole: Span, found: re.Match[str], times: str) -> Candidate:
    """The group as a body, with `;` in place of its commas unless it has other separators."""
    source, inside = whole.source, found["inside"]
    edits = [
        Edit(
            span=Span(source, whole.start, found.start("inside")), text=f"repeat {times} {{" + " " * _is_tight(inside)
        ),
        Edit(span=Span(source, found.start("close"), whole.end), text=" " * _is_tight(inside[::-1]) + "}"),
    ]
    if not re.search(r"[;\n]", inside):
        commas = (found.start("inside") + each.start() for each in re.finditer(",", inside))
        edits += [Edit(span=Span(source, comma, comma + 1), text=";") for comma in commas]
    words = " ".join(inside.replace(",", ";").split() if ";" not in inside else inside.split())
    title = f"write `repeat {times} {{ {words} }}`" if "\n" not in inside else f"write `repeat {times} {{ … }}`"
    return Candidate(title=title, edits=tuple(edits), rank=0.35)


def _is_tight(text: str) -> bool:
    return not text[:1].isspace()
