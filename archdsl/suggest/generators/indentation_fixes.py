"""Bodies by indentation, as in Python: `block unit(c):` with indented lines below, in braces."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ...diagnostics import Edit
from ...text.source import Source, Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from .definition_fixes import KIND

_DEFINING = re.compile(r"(?:def|class|fn|func|function|module|block)\s+(\w+)\s*(?:\(([^()]*)\))?\s*(?:->[^:]*)?:$")
_LOOP = re.compile(r"for\s+(\w+)\s+in\s+range\((.*)\)\s*:$")
_ENDING = re.compile(r"(?:return\b.*|pass)$")


class _Line(NamedTuple):
    start: int
    indentation: int
    text: str


def braces(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """Every header that ends with a colon as one with braces around the lines that are indented below it."""
    source = context.source
    if site.span.source is not source or not re.search(r":[ \t]*(?:#.*)?$", source.text, re.MULTILINE):
        return
    lines = list(_lines(source))
    edits: list[Edit] = []
    headers = []
    for index, line in enumerate(lines):
        body = _body(lines, index)
        if not line.text.endswith(":") or not body or "{" in line.text:
            continue
        new = _header(line.text, "\n".join(each.text for each in body))
        headers.append(new)
        edits.append(_replaced(source, line, new))
        last = body[-1]
        end = last.start + last.indentation + len(last.text)
        edits.append(Edit(span=Span(source, end, end), text=f"\n{' ' * line.indentation}}}"))
        edits += [_without(source, each) for each in body if _ENDING.match(each.text) and each is not last]
        if _ENDING.match(last.text):
            edits[-1] = Edit(span=Span(source, last.start, end), text=f"{' ' * line.indentation}}}")
    if edits and len({edit.span for edit in edits}) == len(edits):
        title = f"write `{headers[0]} … }}`, with braces instead of indentation"
        yield Candidate(title=title, edits=tuple(edits), rank=0.0, kind=KIND)


def _lines(source: Source) -> Iterator[_Line]:
    """The lines that are not empty, without comments."""
    start = 0
    for text in source.text.split("\n"):
        bare = text.partition("#")[0].rstrip()
        if bare:
            yield _Line(start, len(bare) - len(bare.lstrip()), bare.lstrip())
        start += len(text) + 1


def _body(lines: list[_Line], index: int) -> list[_Line]:
    found = []
    for each in lines[index + 1 :]:
        if each.indentation <= lines[index].indentation:
            break
        found.append(each)
    return found


def _header(text: str, body: str) -> str:
    """The header in this language, up to its brace."""
    if (found := _DEFINING.match(text)) is not None:
        names = [name.strip() for name in (found[2] or "").split(",")]
        names = [name.partition(":")[0].strip() for name in names if name and name not in ("self", "x")]
        parameters = f"({', '.join(names)})" if names else ""
        return f"block {found[1]}{parameters} {{"
    if (found := _LOOP.match(text)) is not None:
        counted = f" as {found[1]}" if re.search(rf"\b{found[1]}\b", body) else ""
        return f"repeat {found[2]}{counted} {{"
    return f"{text[:-1].rstrip()} {{"


def _replaced(source: Source, line: _Line, new: str) -> Edit:
    start = line.start + line.indentation
    return Edit(span=Span(source, start, start + len(line.text)), text=new)


def _without(source: Source, line: _Line) -> Edit:
    end = source.text.find("\n", line.start)
    return Edit(span=Span(source, line.start, len(source.text) if end < 0 else end + 1), text="")
