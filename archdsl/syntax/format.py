"""The formatter: a syntax tree as text in canonical style.

Indents are two spaces, nothing is aligned in columns, single empty lines and all comments are kept, and each layer has
its canonical name. Line breaks are kept: what was on one line stays there if it fits in 100 columns, and what was
on several lines stays on several. Formatting is idempotent.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from . import ast
from .comments import Comment, Comments
from .words import Plain, arguments, lead, parameter, plain, tail

WIDTH = 100
_DIMENSIONS = re.compile(r"([123])d(?:transpose)?$")
_EMPTY_LINE = re.compile(r"\n[^\S\n]*\n")


def format_program(program: ast.Program, names: Mapping[str, str] | None = None) -> str:
    """The formatted text of a tree without errors. `names` maps the synonyms of layers to their canonical names.

    A synonym that is also the name of a block means the block; a program that uses other files may define any block, so
    all its synonyms are kept.
    """
    text = program.source.text
    printer = _Printer(text, one_names(program, names or {}))
    lines = printer.statements(program.statements, 0, len(text), 0)
    newline = "\r\n" if "\r\n" in text else "\n"
    return "".join(line + newline for line in lines)


def one_names(program: ast.Program, names: Mapping[str, str]) -> dict[str, str]:
    """The synonyms that can only mean a layer in this program, with the layer's name.

    A name with a number of spatial dimensions is kept, because it is checked: `conv2d` is for images, `conv` is not.
    """
    if any(isinstance(statement, ast.UseFile) for statement in program.statements):
        return {}
    blocks = {statement.name.text for statement in program.statements if isinstance(statement, ast.Block)}
    return {
        word: name
        for word, name in names.items()
        if word not in blocks and name not in blocks and _as_many_dimensions(word, name)
    }


def _as_many_dimensions(word: str, name: str) -> bool:
    numbers = [found[1] if (found := _DIMENSIONS.search(each)) else None for each in (word, name)]
    return numbers[0] == numbers[1]


class _Piece(NamedTuple):
    """A part of a statement: words, and the body after them."""

    lead: str
    body: ast.Body | None
    end: int


class _Printer:
    """Writes statements in order, consuming the comments on the way."""

    def __init__(self, text: str, names: Mapping[str, str]) -> None:
        self.text = text
        self.names = names
        self.comments = Comments(text)

    # --- lines ---

    def statements(self, statements: Sequence[ast.Statement], at: int, end: int, indent: int) -> list[str]:
        """The lines of the statements between two offsets, including comments."""
        lines: list[str] = []
        joinable = False
        for statement in statements:
            span = statement.span
            above = self.comments.before(span.start)
            for comment in above:
                self.blank(lines, at, comment.start)
                lines.append(comment.text)
                at = comment.end
            gap = self.text[at : span.start]
            made = self.statement(statement, indent)
            # For a statement without a body: comments inside its parentheses.
            inside = self.comments.before(span.end)
            joined = f"{lines[-1]}; {made[0]}" if joinable else ""
            if joinable and "\n" not in gap and len(made) == 1 and not inside and indent + len(joined) <= WIDTH:
                lines[-1] = joined
            else:
                self.blank(lines, at, span.start)
                lines += [*(comment.text for comment in inside), *made]
            at = span.end
            joinable = len(made) == 1
            if (after := self.comments.trailing(at)) is not None:
                lines[-1] += f"  {after.text}"
                at = after.end
                joinable = False
        for comment in self.comments.before(end):
            self.blank(lines, at, comment.start)
            lines.append(comment.text)
            at = comment.end
        return lines

    def blank(self, lines: list[str], start: int, end: int) -> None:
        """Keep one of the empty lines between two offsets, but none at the start."""
        if lines and _EMPTY_LINE.search(self.text, start, end):
            lines.append("")

    # --- statements ---

    def statement(self, statement: ast.Statement, indent: int) -> list[str]:
        """The lines of one statement at the left margin; `indent` is the real indentation."""
        match statement:
            case ast.Net() if statement.parameters:
                return self.parameters(statement, statement.span.end, indent)
            case ast.Merge():
                return self.compose(_operands(statement), _tail(statement), indent, len(statement.keyword.text) + 1)
            case ast.Block() if statement.parameters:
                head = "\n".join(self.parameters(statement, statement.body.span.start, indent))
                return self.compose([_piece(head, statement.body)], "", indent)
            case (
                ast.Block()
                | ast.Stage()
                | ast.Aux()
                | ast.Train()
                | ast.FigureBlock()
                | ast.Repeat()
                | ast.Residual()
                | ast.Scan()
                | ast.Moe()
                | ast.If()
            ):
                kept = self.names
                if isinstance(statement, ast.Train | ast.FigureBlock):
                    self.names = {}
                lines = self.compose(_pieces(statement), _tail(statement), indent)
                self.names = kept
                return lines
            case _:
                return self.plain(statement).split("\n")

    def plain(self, statement: ast.Statement) -> str:
        assert isinstance(statement, Plain), statement
        word = statement.keyword.text if isinstance(statement, ast.LayerStatement) else ""
        return plain(statement, self.names.get(word, word))

    def parameters(self, statement: ast.Net | ast.Block, end: int, indent: int) -> list[str]:
        """The text before the body: on one line, or on several if it is too long or has comments."""
        flat = self.plain(statement) if isinstance(statement, ast.Net) else lead(statement)
        last = statement.parameters[-1]
        closing = self.comments.closing((last.default or last.name).span.end)
        compact = "\n" not in flat or len(statement.parameters) == 1
        if compact and indent + max(map(len, flat.split("\n"))) <= WIDTH and not self.comments.any_between(0, closing):
            return flat.split("\n")
        lines = [flat[: flat.index("(") + 1]]
        at = -1
        for each in statement.parameters:
            start = each.name.span.start
            comments = self.comments.before(start)
            self.note(lines, comments)
            text = (parameter(each) + ("" if each is last else ",")).replace("\n", "\n  ")
            fits = "\n" not in lines[-1] + text and indent + len(lines[-1]) + 1 + len(text) <= WIDTH
            if at < 0 or comments or not fits or "\n" in self.text[at:start]:
                lines.append(f"  {text}")
            else:
                lines[-1] += f" {text}"
            at = (each.default or each.name).span.end
        self.note(lines, self.comments.before(closing))
        return [*(part for line in lines for part in line.split("\n")), ")"]

    def note(self, lines: list[str], comments: Sequence[Comment]) -> None:
        """Add comments among parameters: after the parameter on their line, otherwise on separate lines."""
        for comment in comments:
            before = self.text[self.text.rfind("\n", 0, comment.start) + 1 : comment.start]
            if before.strip() and "#" not in lines[-1]:
                lines[-1] += f"  {comment.text}"
            else:
                lines.append(f"  {comment.text}")

    # --- statements with bodies ---

    def compose(self, pieces: Sequence[_Piece], end: str, indent: int, hanging_indent: int = 0) -> list[str]:
        """The lines of a statement with bodies. Operands of a merge are aligned with the first; all break, or none."""
        lines = pieces[0].lead.split("\n")
        broken = hanging_indent > 0 and self.must_break(pieces, end, indent + hanging_indent)
        was_flat, at = True, 0
        for number, (words, body, stop) in enumerate(pieces):
            suffix = end if number == len(pieces) - 1 else ""
            if body is None:
                lines[-1] += (f" {words}" if number else "") + suffix
                at = stop
                continue
            comments = self.comments.before(body.span.start)
            flat = None if broken or (comments and not number) else self.flat_body(body)
            room = WIDTH - indent - len(suffix) - len(flat or "")
            if number:
                head = f"{words} ".lstrip()
                flat = flat if hanging_indent + len(head) <= room else None
                self.note_between(lines, comments, at, hanging_indent)
                wanted = "\n" in self.text[at : body.span.start] or len(lines[-1]) + 1 + len(head) > room
                below = comments or (flat and was_flat and wanted)
                lines[-1:] = [lines[-1], " " * hanging_indent + head] if below else [f"{lines[-1]} {head}"]
                comments = []
            else:
                lines[-1] += " "
            was_flat = flat is not None and len(lines[-1]) <= room
            made = [flat] if flat is not None and was_flat else self.broken_body(body, comments, indent)
            lines[-1:] = [lines[-1] + made[0], *made[1:]]
            lines[-1] += suffix
            at = stop
        return lines

    def note_between(self, lines: list[str], comments: Sequence[Comment], at: int, hanging_indent: int) -> None:
        """Add comments between two bodies: the first may end the line of the previous body."""
        for comment in comments:
            if "\n" in self.text[at : comment.start]:
                lines.append(" " * hanging_indent + comment.text)
            else:
                lines[-1] += f"  {comment.text}"
            at = comment.start

    def must_break(self, pieces: Sequence[_Piece], end: str, column: int) -> bool:
        """Whether one of the bodies does not fit on one line at this column."""
        for piece in pieces:
            if piece.body is not None:
                flat = self.flat_body(piece.body)
                suffix = end if piece is pieces[-1] else ""
                if flat is None or column + len(flat) + len(suffix) > WIDTH:
                    return True
        first = pieces[0].body
        return first is not None and self.comments.any_between(0, first.span.start)

    def broken_body(self, body: ast.Body, comments: Sequence[Comment], indent: int) -> list[str]:
        """A body on several lines; `comments` preceded its brace."""
        if self.is_empty(body) and not comments:
            return ["{ }"]
        at = body.span.start + 1
        after = self.comments.trailing(at)
        head = [*comments, *([after] if after else [])]
        at = after.end if after else at
        opening = f"{{  {head[0].text}" if head else "{"
        inner = [comment.text for comment in head[1:]]
        inner += self.statements(body.statements, at, body.span.end - 1, indent + 2)
        return [opening, *(f"  {line}" if line else "" for line in inner), "}"]

    # --- on one line ---

    def is_empty(self, body: ast.Body) -> bool:
        return not body.statements and not self.comments.any_between(body.span.start, body.span.end)

    def flat_body(self, body: ast.Body) -> str | None:
        """A body on one line, if it was written so."""
        if self.is_empty(body):
            return "{ }"
        if "\n" in body.span.text:
            return None
        return f"{{ {'; '.join(map(self.flat, body.statements))} }}"

    def flat(self, statement: ast.Statement) -> str:
        if isinstance(statement, Plain):
            return self.plain(statement)
        pieces = _operands(statement) if isinstance(statement, ast.Merge) else _pieces(statement)
        words = [
            " ".join(filter(None, (piece.lead, self.flat_body(piece.body) if piece.body else None))) for piece in pieces
        ]
        return " ".join(words) + _tail(statement)


def _tail(statement: ast.Statement) -> str:
    match statement:
        case ast.Merge() | ast.Residual():
            return tail(statement.times, statement.alias)
        case ast.Repeat() | ast.If() | ast.Scan() | ast.Moe():
            return tail(1, statement.alias)
        case _:
            return ""


def _piece(words: str, operand: ast.Body | ast.Word | ast.Argument) -> _Piece:
    """Words, followed by a body, a tensor's name or an argument."""
    if isinstance(operand, ast.Argument):
        return _Piece(f"{words}{arguments((operand,))}".lstrip(), None, operand.span.end)
    if isinstance(operand, ast.Body):
        return _Piece(words, operand, operand.span.end)
    return _Piece(f"{words} {operand.text}".lstrip(), None, operand.span.end)


def _operands(statement: ast.Merge) -> list[_Piece]:
    """Operands and arguments in order. The keyword is on the line of the first."""
    parts = sorted((*statement.operands, *statement.args), key=lambda part: part.span.start)
    first, *others = parts
    return [_piece(statement.keyword.text, first), *(_piece("", operand) for operand in others)]


def _pieces(statement: ast.Statement) -> list[_Piece]:
    """The parts of a statement with bodies, other than a merge."""
    match statement:
        case ast.Residual():
            shortcut = [_piece("shortcut", statement.shortcut)] if statement.shortcut else []
            return [_piece(lead(statement), statement.body), *shortcut]
        case ast.If():
            return _branches(statement)
        case _ if isinstance(statement, ast.WithOneBody):
            return [_piece(lead(statement), statement.body)]
        case _:
            raise AssertionError(statement)


def _branches(statement: ast.If) -> list[_Piece]:
    pieces = [_piece(lead(statement), statement.body)]
    rest = statement.orelse
    while isinstance(rest, ast.If):
        pieces.append(_piece(f"else {lead(rest)}", rest.body))
        rest = rest.orelse
    if rest is not None:
        pieces.append(_piece("else", rest))
    return pieces
