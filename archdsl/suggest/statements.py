"""The statements of a program by position: what surrounds each, and the program with some of its text replaced."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..diagnostics import Edit, Sink
from ..diagnostics.fixes import edited_text
from ..syntax import ast, parse
from ..syntax.bodies import bodies
from ..text.source import Source, Span
from .text_parts import within


class StatementPosition(NamedTuple):
    """The position of a statement: the statements of its body, its index there, and the statement with that body."""

    siblings: tuple[ast.Statement, ...]
    position: int
    owner: ast.Statement | None
    number: int
    """Its number among all statements."""


_MAX_DISTANCE = 150
"""The number of statements before and after one that are considered near: a text may have many thousands."""


class Statements:
    """An index of the statements of a program."""

    def __init__(self, program: ast.Program) -> None:
        self.program = program
        self.all: list[ast.Statement] = []
        self._positions: dict[int, StatementPosition] = {}
        self._add(program.statements, None)

    def _add(self, statements: tuple[ast.Statement, ...], owner: ast.Statement | None) -> None:
        for index, statement in enumerate(statements):
            self._positions[id(statement)] = StatementPosition(statements, index, owner, len(self.all))
            self.all.append(statement)
            for body in bodies(statement):
                self._add(body.statements, statement)

    def position_of(self, statement: ast.Statement) -> StatementPosition | None:
        """The position of a statement; None for one of another program."""
        return self._positions.get(id(statement))

    def ancestors(self, statement: ast.Statement) -> Iterator[ast.Statement]:
        """The statements whose bodies contain a statement, the innermost first."""
        home = self.position_of(statement)
        while home is not None and home.owner is not None:
            yield home.owner
            home = self.position_of(home.owner)

    def block(self, statement: ast.Statement) -> ast.Block | None:
        """The block whose definition contains a statement."""
        return next((each for each in self.ancestors(statement) if isinstance(each, ast.Block)), None)

    def at(self, span: Span) -> ast.Statement | None:
        """The innermost statement that covers a span."""
        found = None
        statements = self.program.statements
        while statements:
            inner = [s for s in statements if s.span.source is span.source and covers(s.span, span)]
            if not inner:
                return found
            found = inner[0]
            statements = tuple(each for body in bodies(found) for each in body.statements)
        return found

    def inside(self, statement: ast.Statement) -> Iterator[ast.Statement]:
        """A statement and all statements in its bodies."""
        yield statement
        for body in bodies(statement):
            for each in body.statements:
                yield from self.inside(each)

    def before(self, statement: ast.Statement) -> Iterator[ast.Statement]:
        """The statements before a statement in its body, the nearest first."""
        home = self.position_of(statement)
        if home is not None:
            yield from reversed(home.siblings[: home.position])

    def by_distance(self, statement: ast.Statement) -> list[ast.Statement]:
        """Other statements near a statement, sorted by distance in the tree, then in the text."""
        chain = [statement, *self.ancestors(statement)]
        depth = {id(each): i for i, each in enumerate(chain)}

        def key(other: ast.Statement) -> tuple[int, int]:
            up = next((depth[id(each)] for each in [other, *self.ancestors(other)] if id(each) in depth), len(chain))
            return up, abs(other.span.start - statement.span.start)

        here = self._positions[id(statement)].number
        near = self.all[max(0, here - _MAX_DISTANCE) : here + _MAX_DISTANCE]
        return sorted((each for each in near if each is not statement), key=key)


def covers(outer: Span, inner: Span) -> bool:
    """Whether the outer span contains the inner one."""
    return outer.start <= inner.start and inner.end <= outer.end


def edited_program(program: ast.Program, edits: Sequence[Edit]) -> ast.Program | None:
    """The program with its text edited: if possible, only the statements that the edits touch are parsed again.

    None if the edited statements have a syntax error. Spans of new statements are in a separate source.
    """
    try:
        editor = _Editor(program.names)
        return program.replace(statements=editor.edited(program.statements, edits), names=frozenset(editor.names))
    except _Unreadable:
        pass
    source = program.source
    try:
        whole = Fragment(edited_text(source.text, edits), Span(source, 0, len(source.text)), tuple(edits))
        editor = _Editor(program.names)
        return program.replace(statements=tuple(editor.parsed(whole)), names=frozenset(editor.names))
    except _Unreadable:
        return None


class Fragment(Source):
    """The text of an edited statement, which is parsed on its own."""

    def __init__(self, text: str, origin: Span, edits: tuple[Edit, ...]) -> None:
        super().__init__(text, name=origin.source.name, path=origin.source.path, key=origin.source.key)
        self._origin = origin
        self._edits = edits

    def origin(self, offset: int) -> int | None:
        """The offset of a character in the unedited text; None for a new one."""
        old = moved_back(self._edits, offset)
        return None if old is None else self._origin.start + old


def moved_back(edits: Sequence[Edit], offset: int) -> int | None:
    """The offset that a character of the edited text had before the edits; None for an inserted one."""
    moved = 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        first = edit.span.start + moved
        if offset < first:
            break
        if offset < first + len(edit.text):
            return None
        moved += len(edit.text) - (edit.span.end - edit.span.start)
    return offset - moved


class _Unreadable(Exception):
    """An edited statement has a syntax error."""


class _Editor:
    """Edits the statements of a program; `names` are those that look like a repetition or shorthand."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = set(names)

    def edited(self, statements: tuple[ast.Statement, ...], edits: Sequence[Edit]) -> tuple[ast.Statement, ...]:
        """The statements of a body with the edits inside it applied."""
        found: list[ast.Statement] = []
        left = list(edits)
        for statement in statements:
            own = [edit for edit in left if covers(statement.span, edit.span)]
            gone = [edit for edit in left if covers(edit.span, statement.span) and not edit.text.strip(" ;\n\t")]
            if gone:
                continue
            left = [edit for edit in left if edit not in own]
            found += self.rewritten(statement, own) if own else [statement]
        for edit in left:
            if not any(covers(edit.span, s.span) for s in statements):
                raise _Unreadable
        return tuple(found)

    def rewritten(self, statement: ast.Statement, edits: list[Edit]) -> Sequence[ast.Statement]:
        inside = bodies(statement)
        if inside and all(any(_within(body, edit) for body in inside) for edit in edits):
            return [self.with_bodies(statement, edits)]
        local = within(statement.span, edits)
        return self.parsed(Fragment(edited_text(statement.span.text, local), statement.span, tuple(local)))

    def with_bodies(self, part: ast.Statement, edits: list[Edit]) -> ast.Statement:
        """A statement with the edits inside its bodies applied."""

        def body(old: ast.Body) -> ast.Body:
            own = [edit for edit in edits if body_has(old, edit)]
            return old.replace(statements=self.edited(old.statements, own)) if own else old

        def body_has(old: ast.Body, edit: Edit) -> bool:
            return old.span.start < edit.span.start and edit.span.end < old.span.end

        match part:
            case ast.Merge():
                return part.replace(operands=tuple(body(o) if isinstance(o, ast.Body) else o for o in part.operands))
            case ast.Residual():
                return part.replace(body=body(part.body), shortcut=part.shortcut and body(part.shortcut))
            case ast.If():
                rest = part.orelse
                other = self.with_bodies(rest, edits) if isinstance(rest, ast.If) else body(rest) if rest else None
                return part.replace(body=body(part.body), orelse=other)
            case _ if isinstance(part, ast.WithOneBody):
                return part.replace(body=body(part.body))
            case _:
                raise AssertionError(part)

    def parsed(self, fragment: Fragment) -> Sequence[ast.Statement]:
        sink = Sink()
        program = parse(fragment, sink, self.names)
        if len(sink):
            raise _Unreadable
        self.names |= program.names
        return program.statements


def _within(body: ast.Body, edit: Edit) -> bool:
    """Whether an edit is between the braces of a body and touches one of its statements."""
    return any(covers(s.span, edit.span) or covers(edit.span, s.span) for s in body.statements) and (
        body.span.start < edit.span.start and edit.span.end < body.span.end
    )
