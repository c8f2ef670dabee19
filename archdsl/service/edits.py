"""Formatting a document, and the changes that an editor may offer."""

import re
from collections.abc import Iterable

from ..diagnostics import Sink
from ..diagnostics.diagnostic import Finding, Severity
from ..diagnostics.help_lines import merged
from ..layers import synonyms
from ..syntax import ast, parse
from ..syntax.format import format_program, one_names
from ..text.source import Source, Span
from .answers import Action, Refused, TextEdit, TextRange
from .document import Version

_STRING_OR_COMMENT = re.compile(r'"[^"\n]*"|(#.*)')


def formatting(version: Version) -> tuple[TextEdit, ...]:
    """The edits that format a text, one for each run of lines that change. Raises Refused for a text with errors."""
    sink = Sink()
    program = parse(Source(version.text, name=version.source.name), sink)
    if sink.errors:
        raise Refused("the text has syntax errors, so it is left unchanged")
    text = format_program(program, synonyms())
    after = Sink()
    again = parse(Source(text), after)
    if after.errors or not ast.same(_canonical(program), _canonical(again)):
        raise Refused("formatting would change the meaning of the text, so it is left unchanged")
    return line_edits(version.text, text)


def _canonical(program: ast.Program) -> object:
    names = one_names(program, synonyms())
    return _renamed(program.statements, names)


def _renamed(part: object, names: dict[str, str]) -> object:
    """A part of a tree with the canonical names of its layers."""
    if isinstance(part, tuple) and not isinstance(part, Span):
        return tuple(_renamed(each, names) for each in part)
    if isinstance(part, ast.LayerStatement) and part.keyword.text in names:
        part = part.replace(keyword=part.keyword.replace(text=names[part.keyword.text]))
    if isinstance(part, ast.Statement | ast.Body):
        return part.replace(**{field: _renamed(value, names) for field, value in part})
    return part


def line_edits(before: str, after: str) -> tuple[TextEdit, ...]:
    """The edits that turn one text into another, of whole lines."""
    from difflib import SequenceMatcher

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    return tuple(
        TextEdit(range=TextRange(start=starts[a], end=starts[b]), text="".join(new[c:d]))
        for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if kind != "equal"
    )


def actions(version: Version, start: int, end: int) -> tuple[Action, ...]:
    """The suggestions for the problems that touch a range, tried by the checker, and for each warning an action that
    ignores it.
    """
    found: list[Action] = []
    for item in version.analysis.diagnostics:
        span = item.diagnostic.span
        if span.source is version.analysis.source and span.start <= end and start <= span.end:
            found += _suggestions(version, item)
            if item.diagnostic.severity is Severity.WARNING:
                found.append(_ignore(version, item))
    return tuple(found)


def _suggestions(version: Version, item: Finding) -> Iterable[Action]:
    span = item.diagnostic.span
    for index, fix in enumerate(item.suggestions):
        if not fix.edits or any(edit.span.source is not span.source for edit in fix.edits):
            continue
        more = merged(item) if index == 0 else ""
        why = ": ".join(filter(None, (fix.title[:1].upper() + fix.title[1:], fix.why)))
        yield Action(
            title=why + (f" ({more.removeprefix('this ')})" if more else ""),
            kind="quickfix",
            edits=tuple(
                TextEdit(range=TextRange(start=edit.span.start, end=edit.span.end), text=edit.text)
                for edit in fix.edits
            ),
            code=item.diagnostic.code,
            problem=TextRange(start=span.start, end=span.end),
            is_preferred=index == 0 and not fix.ambiguous,
        )


def _ignore(version: Version, item: Finding) -> Action:
    """The action that ignores a warning on its line."""
    span, code = item.diagnostic.span, item.diagnostic.code
    line = span.line
    text = version.source.line_text(line)
    at = version.source.line_start(line) + len(text)
    mark = "# archdsl: ignore["
    if mark in text and (close := text.find("]", text.index(mark))) >= 0:
        at = version.source.line_start(line) + close
        edit = TextEdit(range=TextRange(start=at, end=at), text=f", {code}")
    elif (comment := next((m for m in _STRING_OR_COMMENT.finditer(text) if m[1]), None)) is not None:
        at = version.source.line_start(line) + comment.start()
        edit = TextEdit(range=TextRange(start=at, end=at), text=f"{mark}{code}] ")
    else:
        edit = TextEdit(range=TextRange(start=at, end=at), text=f"  {mark}{code}]")
    return Action(
        title=f"Ignore {code} on this line",
        kind="quickfix",
        edits=(edit,),
        code=code,
        problem=TextRange(start=span.start, end=span.end),
    )
