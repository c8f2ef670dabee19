"""Small texts with a marked position and what the service answers there, kept in Markdown.

A case is a heading of the second level with, under it: files that the text may use, the text in which `▮` marks the
position, and one fence for each answer. The first word of a fence is the question; the words after it are its options.

    ## The shape of a convolution

    ```arch
    input 3x8x8
    co▮nv 8 k3
    ```
    ```hover
    …
    ```
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from archdsl.service import Document
from archdsl.service.answers import Refused, Symbol, TextEdit
from archdsl.service.completion import completions
from archdsl.service.document_problems import problems, tried_problems
from archdsl.service.edits import actions, formatting
from archdsl.service.hints import inlay_hints, lenses
from archdsl.service.hover import hover
from archdsl.service.navigation import definition, references, rename
from archdsl.service.outline import folds, symbols
from archdsl.service.semantic_tokens import semantic_tokens
from archdsl.service.signature import signature
from archdsl.text.library import MemoryLibrary, Stack
from archdsl.zoo import shipped
from tests import markdown_cases

HERE = Path(__file__).parent
MARK = "▮"


class Case(NamedTuple):
    """One question: the text without its mark, the position, the answer expected."""

    page: Path
    title: str
    files: dict[str, str]
    text: str
    position: int
    question: str
    options: str
    answer: str

    def __str__(self) -> str:
        return f"{self.page.stem}: {self.title}: {self.question}"


def cases(page: Path) -> Iterator[Case]:
    """The cases of a page."""
    for section in markdown_cases.sections(page):
        marked = next(text for kind, _, text in section.fences if kind == "arch").removesuffix("\n")
        position = marked.find(MARK)
        text = marked.replace(MARK, "")
        for kind, words, answer in section.fences:
            if kind not in ("arch", "file"):
                yield Case(page, section.title, section.files, text, max(0, position), kind, words, answer)


def pages() -> list[Path]:
    """All pages."""
    return markdown_cases.pages(HERE)


def ask(case: Case) -> str:
    """The answer as text."""
    document = Document(case.text, Stack(MemoryLibrary(case.files), shipped()), name="net.arch", key="net.arch")
    return answer(document, case.position, case.question, case.options)


def answer(document: Document, position: int, question: str, options: str = "") -> str:
    """The answer to a question about a document, as text."""
    try:
        found = _ANSWERS[question](document, position, options)
    except Refused as refused:
        found = f"refused: {refused}"
    return (found or "nothing") + "\n"


def _range_text(document: Document, start: int, end: int | None = None) -> str:
    line, column = document.source.position(start)
    if end is None:
        return f"{line}:{column}"
    last, stop = document.source.position(end)
    return f"{line}:{column}-{stop}" if last == line else f"{line}:{column}-{last}:{stop}"


def _applied(document: Document, edits: tuple[TextEdit, ...]) -> str:
    text = document.text
    for edit in sorted(edits, key=lambda edit: edit.range.start, reverse=True):
        text = text[: edit.range.start] + edit.text + text[edit.range.end :]
    return text


def _problems(document: Document, position: int, options: str) -> str:
    found = tried_problems(document.now) if options == "tried" else problems(document.now)
    lines = []
    for each in found:
        lines.append(
            f"{_range_text(document, each.range.start, each.range.end)} {each.severity} {each.code} {each.message}"
        )
        lines += [f"  help: {text}" for text in each.help]
        for other in each.related:
            where = other.location.file or _range_text(document, other.location.range.start, other.location.range.end)
            lines.append(f"  {where}: {other.text}")
    return "\n".join(lines)


def _hover(document: Document, position: int, options: str) -> str:
    found = hover(document.now, position)
    return (
        "" if found is None else f"[{_range_text(document, found.range.start, found.range.end)}]\n{_fenced(found.text)}"
    )


def _fenced(text: str) -> str:
    """Markdown that can stand in a fence."""
    return text.replace("```", "~~~")


def _hints(document: Document, position: int, options: str) -> str:
    lines = document.text.split("\n")
    notes = {hint.offset: hint.text for hint in inlay_hints(document.now, 0, len(document.text))}
    text = document.text
    for offset, note in sorted(notes.items(), reverse=True):
        text = f"{text[:offset]} ⟨{note}⟩{text[offset:]}"
    assert len(text.split("\n")) == len(lines)
    return text


def _completion(document: Document, position: int, options: str) -> str:
    """The first labels, or those with a kind, with what they insert where that differs."""
    kinds = options.split()
    found = [each for each in completions(document.now, position) if not kinds or each.kind in kinds]
    found.sort(key=lambda each: (each.order, each.label))
    lines = []
    for each in found[:12]:
        typed = document.text[each.range.start : each.range.end]
        lines.append(f"{each.label} ({each.kind}) {each.detail}".rstrip() + (f" [replaces {typed}]" if typed else ""))
    more = [f"… {len(found) - 12} more"] if len(found) > 12 else []
    return "\n".join([*lines, *more])


def _signature(document: Document, position: int, options: str) -> str:
    found = signature(document.now, position)
    if found is None:
        return ""
    active = "none" if found.active is None else found.parameters[found.active].label
    return f"{found.label}\nactive: {active}"


def _definition(document: Document, position: int, options: str) -> str:
    places = definition(document.now, position)
    return "\n".join(
        f"{each.file} {each.range.start}" if each.file else _range_text(document, each.range.start, each.range.end)
        for each in places
    )


def _references(document: Document, position: int, options: str) -> str:
    return "\n".join(_range_text(document, each.start, each.end) for each in references(document.now, position))


def _rename(document: Document, position: int, options: str) -> str:
    return _applied(document, rename(document.now, position, options))


def _symbols(document: Document, position: int, options: str) -> str:
    return "\n".join(_outline(document, symbols(document.now), 0))


def _outline(document: Document, found: tuple[Symbol, ...], depth: int) -> Iterator[str]:
    for each in found:
        where = _range_text(document, each.selection.start, each.selection.end)
        yield f"{'  ' * depth}{each.name} ({each.kind}) {each.detail}".rstrip() + f" {where}"
        yield from _outline(document, each.children, depth + 1)


def _folding(document: Document, position: int, options: str) -> str:
    return "\n".join(f"{fold.first + 1}-{fold.last + 1} {fold.kind}" for fold in folds(document.now))


def _formatting(document: Document, position: int, options: str) -> str:
    return _applied(document, formatting(document.now)).removesuffix("\n")


def _tokens(document: Document, position: int, options: str) -> str:
    return "\n".join(
        f"{document.text[each.range.start : each.range.end]} {each.type}{' definition' * each.is_definition}"
        for each in semantic_tokens(document.now)
    )


def _actions(document: Document, position: int, options: str) -> str:
    parts = []
    for each in actions(document.now, position, position):
        changed = _applied(document, each.edits).split("\n")
        new = [line for line in changed if line not in document.text.split("\n")]
        parts.append("\n  ".join([f"{each.title} ({each.code})", *new]))
    return "\n".join(parts)


def _lenses(document: Document, position: int, options: str) -> str:
    return "\n".join(
        f"{_range_text(document, each.range.start)} {each.text}" + (f" → {each.command}" if each.command else "")
        for each in lenses(document.now)
    )


_ANSWERS: dict[str, Callable[[Document, int, str], str]] = {
    "diagnostics": _problems,
    "hover": _hover,
    "hints": _hints,
    "completion": _completion,
    "signature": _signature,
    "definition": _definition,
    "references": _references,
    "rename": _rename,
    "symbols": _symbols,
    "folding": _folding,
    "formatting": _formatting,
    "tokens": _tokens,
    "actions": _actions,
    "lenses": _lenses,
}
"""The questions."""


def update(page: Path) -> bool:
    """Write the current answers into a page; returns whether anything changed."""
    sections = markdown_cases.texts(page)
    known = {(case.title, case.question, case.options): ask(case) for case in cases(page)}

    def answered(title: str, found: re.Match[str]) -> str:
        kind, words = found[1], found[2]
        if kind in ("arch", "file"):
            return found[0]
        return f"```{kind}{' ' + words if words else ''}\n{known[title, kind, words]}```"

    for index, section in enumerate(sections):
        title = section.partition("\n")[0]
        sections[index] = markdown_cases.FENCE.sub(lambda found, title=title: answered(title, found), section)  # type: ignore[misc]
    return markdown_cases.rewrite(page, sections)
