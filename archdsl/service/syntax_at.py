"""The syntax at a position: the statements and the body around it, the words before it, the tensor that it reads."""

import re
from collections.abc import Iterator, Sequence

from ..expressions.scope import Callee, ListValue, NamedTensor, Scope
from ..expressions.show import show
from ..graph import likely_shape
from ..record import Record
from ..shapes.shape import Shape
from ..syntax import ast
from ..syntax.bodies import bodies
from ..text.source import Span
from .document import Version

WORD = re.compile(r"[A-Za-z_]\w*")
_TOKEN = re.compile(r'"[^"\n]*"?|#[^\n]*|[\n;{}()\[\]]')


class SyntaxPosition(Record):
    """A position among the statements: those around it, outermost first, and those of the innermost body."""

    chain: tuple[ast.Statement, ...]
    body: ast.Body | None
    siblings: tuple[ast.Statement, ...]

    @property
    def innermost(self) -> ast.Statement | None:
        """The statement around the position."""
        return self.chain[-1] if self.chain else None


def start_of(span: Span) -> int:
    """The start of a span of the document."""
    return span.source.start + span.start


def end_of(span: Span) -> int:
    """The end of a span of the document."""
    return span.source.start + span.end


def covers(span: Span, offset: int) -> bool:
    """Whether a position is in a span or at one of its ends."""
    return start_of(span) <= offset <= end_of(span)


def position_at(version: Version, offset: int) -> SyntaxPosition:
    """The statements around a position."""
    chain: list[ast.Statement] = []
    siblings: Sequence[ast.Statement] = version.program.statements
    body: ast.Body | None = None
    while True:
        found = next((s for s in siblings if covers(s.span, offset)), None)
        later = next((s for s in siblings if start_of(s.span) == offset), None)
        found = later if later is not None else found
        if found is None:
            return SyntaxPosition(chain=tuple(chain), body=body, siblings=tuple(siblings))
        chain.append(found)
        inner = next((b for b in bodies(found) if start_of(b.span) < offset < end_of(b.span)), None)
        if inner is None:
            return SyntaxPosition(chain=tuple(chain), body=body, siblings=tuple(siblings))
        body, siblings = inner, inner.statements


def statements(program: ast.Program) -> Iterator[ast.Statement]:
    """All statements, outer before inner."""
    stack = list(reversed(program.statements))
    while stack:
        statement = stack.pop()
        yield statement
        for body in reversed(bodies(statement)):
            stack.extend(reversed(body.statements))


class Prefix(Record):
    """The statement being typed, up to the position: its start and its text. `is_quiet`: in a comment."""

    start: int
    text: str
    in_string: bool
    is_quiet: bool
    in_brackets: bool


def prefix(text: str, offset: int) -> Prefix:
    """The text of the statement at a position, up to it, whatever errors the text has."""
    begin = max(0, text.rfind("\n", 0, max(0, offset - 4000)) + 1) if offset > 4000 else 0
    start, opened = begin, list[int]()
    in_string = quiet = False
    for found in _TOKEN.finditer(text, begin, offset):
        sign = found[0]
        if sign[0] == '"':
            in_string = found.end() == offset and (len(sign) == 1 or sign[-1] != '"')
        elif sign[0] == "#":
            quiet = found.end() == offset and "\n" not in sign
        elif sign in "([":
            opened.append(found.start())
        elif sign in ")]":
            opened = opened[:-1]
        elif sign != "\n" or not opened:
            start, opened = found.end(), []
    return Prefix(
        start=start, text=text[start:offset].lstrip(), in_string=in_string, is_quiet=quiet, in_brackets=bool(opened)
    )


def word_at(text: str, offset: int) -> tuple[int, int]:
    """The range of the word around a position; empty if there is none."""
    start = end = offset
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return start, end


def shape_before(version: Version, offset: int) -> Shape | None:
    """The shape of the tensor that a statement at a position gets; None if it is unknown."""
    here = position_at(version, offset)
    current = here.innermost
    if current is not None and not (bodies(current) and here.body is None and end_of(current.span) <= offset):
        passed = version.passed(current)
        inside = next((b for b in bodies(current) if start_of(b.span) < offset < end_of(b.span)), None)
        if inside is None and passed is not None and offset < end_of(current.span) + 1:
            return passed.before
    before = [s for s in here.siblings if end_of(s.span) <= offset and s is not current]
    for statement in reversed(before):
        if (passed := version.passed(statement)) is not None:
            return passed.after
    return _entering(version, here)


def _entering(version: Version, here: SyntaxPosition) -> Shape | None:
    """The shape of the tensor that the innermost body starts from."""
    owner = next((s for s in reversed(here.chain) if here.body in bodies(s)), None)
    if owner is None:
        return None
    first = here.siblings[0] if here.siblings else None
    if first is not None and (passed := version.passed(first)) is not None:
        return passed.before
    if isinstance(owner, ast.Block):
        for statement in statements(version.program):
            if isinstance(statement, ast.LayerStatement) and statement.keyword.text == owner.name.text:
                passed = version.passed(statement)
                return None if passed is None else passed.before
        return None
    passed = version.passed(owner)
    return None if passed is None else passed.before


def scope_at(version: Version, offset: int) -> Scope:
    """The names with their values at a position: those around the nearest statement that was run before it."""
    here = position_at(version, offset)
    for statement in (*reversed(here.chain), *reversed(here.siblings)):
        if start_of(statement.span) <= offset and (passed := version.passed(statement)) is not None:
            return passed.scope
    return Scope()


def value_at(version: Version, offset: int, name: str) -> str | None:
    """A name's value at a position in words: a number, or the shape of a tensor; None if it is unknown."""
    binding = scope_at(version, offset).find(name)
    value = None if binding is None else binding.value
    if isinstance(value, NamedTensor):
        nodes = version.draft.nodes
        return str(likely_shape(nodes[value.node])) if value.node < len(nodes) else None
    return show(value).strip("`") if isinstance(value, int | float | ListValue | Callee) else None
