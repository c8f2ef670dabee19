"""Notation that other languages have: comments, chained comparisons, and statements continued with a backslash."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from ...diagnostics import Edit
from ...diagnostics.catalog import name_errors, syntax_errors
from ...diagnostics.fixes import edited_text
from ...expressions.operations import COMPARISONS
from ...text.source import Source, Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import line_of
from .line_fixes import replaced

_BLOCK = re.compile(r"/\*|<!--|\"\"\"|'''")
_BLOCK_ENDS = {"/*": "*/", "<!--": "-->", '"""': '"""', "'''": "'''"}
_REST_OF_LINE = re.compile(r"(?<!\s)\s*(?:(?<!\S)%+|//|--)\s*(?P<words>[A-Za-z].*)$")
_WHY = "comments start with `#`"
_CONTINUED = re.compile(r"(?<![ \t])[ \t]*\\[ \t]*\n[ \t]*")
_PARTS = re.compile(r"==|!=|<=|>=|[<>()\[\]{};,]|\b(?:and|or|not|if|else|when|assert|for)\b")
_OPERAND = re.compile(r"\s*")


class _Block(NamedTuple):
    """A comment in another notation: its position, and the words in it."""

    start: int
    end: int
    words: str


def comments(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The comments in other languages' notation on the line of an error, written with `#`."""
    source = site.span.source
    if source is not context.source:
        return
    found = [each for each in _blocks(source) if not _is_comment(source, each.start)]
    here = [each for each in found if _line_at(source, each.start) <= site.line <= _line_at(source, each.end)]
    if here:
        for rank, those in enumerate([found, here[:1]] if len(found) > 1 else [found]):
            edits = tuple(edit for each in those for edit in _with_hashes(source, each))
            title = f"write `#` before {'the comment' if len(those) == 1 else 'each comment'}"
            yield Candidate(title=title, edits=edits, rank=0.1 * rank, why=_WHY, kind="comments")
    line = line_of(site.span)
    rest = _REST_OF_LINE.search(line.text)
    if rest is not None and _is_remark(context, site, rest["words"]):
        span = Span(source, line.start + rest.start(), line.end)
        text = f"# {rest['words']}"
        yield replaced(span, f"  {text}" if rest.start() else text, 0.0, _WHY, "comments")


def _blocks(source: Source) -> Iterator[_Block]:
    """The comments between a sign that starts one and the sign that ends it."""
    text, at = source.text, 0
    unended = set[str]()
    while (found := _BLOCK.search(text, at)) is not None:
        ending = _BLOCK_ENDS[found[0]]
        end = -1 if ending in unended else text.find(ending, found.end())
        if end < 0:
            unended.add(ending)
            at = found.end()
        else:
            at = end + len(ending)
            yield _Block(found.start(), at, text[found.end() : end])


def _is_comment(source: Source, at: int) -> bool:
    return "#" in source.text[source.text.rfind("\n", 0, at) + 1 : at]


def _line_at(source: Source, at: int) -> int:
    return source.position(at)[0]


def _is_remark(context: SuggestionContext, site: ErrorSite, text: str) -> bool:
    """Whether what follows `//` is a remark and not a divisor: several words, none of which the layer takes."""
    if site.diagnostic.code.startswith("E01"):
        return True
    if not isinstance(site.diagnostic, name_errors.UnknownName | name_errors.UnknownLayer):
        return False
    words = text.split()
    flags = {flag for p in context.parameters(site.layer) for flag, _ in p.words} if site.layer is not None else set()
    prose = all(re.fullmatch(r"[(\"']?[A-Za-z][\w'’-]*[.,:;)\"']*", word) for word in words)
    return len(words) > 1 and prose and not flags & {*words}


def _with_hashes(source: Source, found: _Block) -> Iterator[Edit]:
    """The edits that write a comment of one or several lines with `#`; what follows it on its line is kept."""
    start, end, words = found
    text = source.text
    first = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    before, after = text[first:start].strip(), text[end:stop].strip()
    lines = words.split("\n")
    remarks = [line.strip().lstrip("*").strip() for line in lines]
    if len(lines) == 1 and before and after:
        yield Edit(span=Span(source, len(text[:start].rstrip()), end), text="")
        yield Edit(span=Span(source, stop, stop), text=f"  # {remarks[0]}")
        return
    indentation = text[first : len(text[:start]) - len(text[first:start].lstrip())] if not before else ""
    written = [f"# {remark}".rstrip() for remark in remarks]
    if len(written) > 1:
        written = written[not remarks[0] : len(written) - (not remarks[-1])] or ["#"]
    new = f"\n{indentation}".join(written) + (f"\n{indentation}" if after else "")
    yield Edit(span=Span(source, start, end + (len(text[end:stop]) - len(text[end:stop].lstrip()))), text=new)


def continued(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The lines of a statement that are joined by backslashes, as one line."""
    source = site.span.source
    if not isinstance(site.diagnostic, syntax_errors.StrayCharacter) or site.span.text != "\\":
        return
    runs: list[list[re.Match[str]]] = []
    for found in _CONTINUED.finditer(source.text):
        if runs and "\n" not in source.text[runs[-1][-1].end() : found.start()]:
            runs[-1].append(found)
        else:
            runs.append([found])
    for run in runs:
        if run[0].start() <= site.span.start < run[-1].end():
            first, last = _line_at(source, run[0].start()), _line_at(source, run[-1].end())
            edits = tuple(Edit(span=Span(source, *each.span()), text=" ") for each in run)
            title = f"join lines {first} {'and' if last == first + 1 else 'to'} {last}"
            yield Candidate(title=title, edits=edits, rank=0.0, why="a statement ends with its line", kind="lines")


def chained(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """`a < b and b < c` for `a < b < c`; other chains on the line are errors as well once this one can be parsed."""
    line = line_of(site.span)
    if not isinstance(site.diagnostic, syntax_errors.Unexpected) or site.span.text not in COMPARISONS:
        return
    chains: dict[int, tuple[Edit, ...]] = {}
    for start, negated in _comparison_starts(line.text):
        if start not in chains:
            chains[start] = _unchained(line, start, negated=negated)
    edits = tuple(edit for each in chains.values() for edit in each)
    title = f"write `{' '.join(edited_text(line.source.text, edits)[line.start :].partition(chr(10))[0].split())}`"
    if edits:
        yield Candidate(title=title, edits=edits, rank=0.0, why="comparisons cannot be chained", kind="comparisons")


def _unchained(line: Span, start: int, *, negated: bool) -> tuple[Edit, ...]:
    """The edits that write a chain of comparisons as several joined by `and`; none for a single comparison."""
    signs, stop = _comparison(line.text, start)
    edits: list[Edit] = []
    for (_, left), (right, _) in pairwise(signs):
        operand = line.text[left:right]
        end = line.start + left + len(operand.rstrip())
        edits.append(Edit(span=Span(line.source, end, end), text=f" and {operand.strip()}"))
    if edits and negated:
        whole = Span(line.source, line.start + start, line.start + stop)
        edits = [Edit(span=whole.head, text="("), *edits, Edit(span=whole.tail, text=")")]
    return tuple(edits)


def _comparison_starts(text: str) -> Iterator[tuple[int, bool]]:
    """For each sign of a comparison, where the first operand starts, and whether `not` precedes it."""
    start, negated = 0, False
    outer: list[tuple[int, bool]] = []
    for found in _PARTS.finditer(text):
        if found[0] in COMPARISONS:
            operand = _OPERAND.match(text, start)
            yield (operand.end() if operand is not None else start), negated
        elif found[0] in "([{":
            outer.append((start, negated))
            start, negated = found.end(), False
        elif found[0] in ")]}":
            start, negated = outer.pop() if outer else (found.end(), False)
        else:
            start, negated = found.end(), found[0] == "not"


def _comparison(text: str, start: int) -> tuple[list[tuple[int, int]], int]:
    """The positions of the operators of a chain of comparisons, and the end of the chain."""
    signs: list[tuple[int, int]] = []
    depth = 0
    for found in _PARTS.finditer(text, start):
        if found[0] in ("(", "["):
            depth += 1
        elif found[0] in (")", "]") and depth:
            depth -= 1
        elif depth == 0 and found[0] in COMPARISONS:
            signs.append(found.span())
        elif depth == 0:
            return signs, len(text[: found.start()].rstrip())
    return signs, len(text.rstrip())
