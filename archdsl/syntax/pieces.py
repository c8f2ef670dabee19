"""A text that is being edited, parsed in pieces: an edit costs the statements that it touches, not the file.

Each statement at the top level of the file is a piece with a source of its own, whose position in the file may change.
The ASTs of all other pieces stay the same, by identity, with their spans. The program equals the result of `parse` for
the whole text.
"""

import re
from collections.abc import Container
from typing import NamedTuple

from lark import Token

from ..diagnostics import Sink
from ..limits import MAX_TEXT, MAX_TOKENS
from ..text.source import EditedFile, Source
from . import ast
from .grammar import grammar
from .parser import PrecedingTokens, parse, read_tokens
from .repetition_names import defined_repetitions
from .tokens import MERGE_NAMES, MOE_WORD, defined_blocks

_SPECIAL = MERGE_NAMES | {MOE_WORD}
"""Words that have a different meaning if a block has their name."""
_SPECIAL_WORD = re.compile(rf"\b(?:{'|'.join(sorted(_SPECIAL))})\b")


class _Chunk(NamedTuple):
    """A statement's tokens, with offsets from its start, and its text without what follows it.

    It starts with the character before its first token, which determines the meaning of a sign.
    """

    start: int
    text: str
    tokens: list[Token]

    @property
    def separator(self) -> Token | None:
        last = self.tokens[-1]
        return last if last.type == "SEP" else None


class _Context(NamedTuple):
    """What parsing a piece depends on elsewhere in the file: names like `x2`, blocks named like a merge."""

    repetitions: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    before: PrecedingTokens = PrecedingTokens.NONE


class _Piece:
    """A statement of the file with a source of its own, and its AST in a context."""

    def __init__(self, source: Source, chunk: _Chunk) -> None:
        self.source = source
        self.chunk = chunk
        self.defines = _Context(defined_repetitions(chunk.tokens), defined_blocks(chunk.tokens) & _SPECIAL)
        self.asks = _Context(
            frozenset(str(token) for token in chunk.tokens if token.type == "TIMES"),
            frozenset(_SPECIAL_WORD.findall(chunk.text)),
        )
        self.context: _Context | None = None
        self.program: ast.Program | None = None
        self.found = Sink()

    def read(self, context: _Context) -> None:
        """Parse the piece in a context; there is no program if it exceeds a limit."""
        self.context = context
        self.found = Sink()
        self.program = read_tokens(self.source, list(self.chunk.tokens), self.found, *context)

    def reads_as(self, chunk: _Chunk) -> bool:
        """Whether a chunk has the same AST. A syntax error may point at the separator."""
        if chunk.text != self.chunk.text:
            return False
        places = [None if t is None else (str(t), t.start_pos) for t in (chunk.separator, self.chunk.separator)]
        return not len(self.found) or places[0] == places[1]


class Pieces:
    """A text and its program, kept up to date by `edit`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._file = EditedFile(source)
        self._pieces: list[_Piece] = []
        self._whole: tuple[ast.Program, Sink] | None = None
        self._replace(0, 0, self._chunks(0, False, 0, ())[0])

    @property
    def program(self) -> ast.Program:
        """The program of the text."""
        if self._whole is not None:
            return self._whole[0]
        programs = [piece.program for piece in self._pieces if piece.program is not None]
        return ast.Program(
            source=self.source,
            statements=tuple(statement for program in programs for statement in program.statements),
            names=frozenset().union(*(program.names for program in programs)),
            uncertain_from=tuple(span for program in programs for span in program.uncertain_from),
            uncertain_to=tuple(span for program in programs for span in program.uncertain_to),
            uncertain_unless=tuple(each for program in programs for each in program.uncertain_unless),
        )

    @property
    def found(self) -> Sink:
        """The syntax errors of the text, in a new sink."""
        sink = Sink()
        for each in [self._whole[1]] if self._whole is not None else [piece.found for piece in self._pieces]:
            sink.absorb(each)
        return sink

    def edit(self, start: int, end: int, text: str) -> None:
        """Replace the characters from `start` to `end` of the text."""
        before, pieces = self.source, self._pieces
        after = before.text[:start] + text + before.text[end:]
        moved = len(after) - len(before.text)
        self.source = Source(after, name=before.name, path=before.path, key=before.key)
        self._file.current = self.source
        touched = next((i for i, p in enumerate(pieces) if p.source.start + len(p.chunk.text) >= start), len(pieces))
        # A statement may continue on the next line, so the one before the edit is read again, too.
        first = max(0, touched - 1)
        later = {p.source.start + moved: i for i, p in enumerate(pieces) if i > first and p.source.start >= end}
        at = pieces[first].source.start if first > 0 else 0
        chunks, stop = self._chunks(at, first > 0, start + len(text), later)
        last = len(pieces) if stop is None else later[stop]
        for piece in pieces[last:]:
            piece.source.start += moved
        self._replace(first, last, chunks)

    # --- splitting ---

    def _chunks(self, start: int, inside: bool, edited: int, known: Container[int]) -> tuple[list[_Chunk], int | None]:
        """The statements from an offset to the start of the next unchanged piece, and that start.

        The start is None at the end of the text. The next unchanged piece is the first one after the edited text that
        is known to begin a piece. `inside`: a piece precedes them.
        """
        text, chunks = self.source.text, list[_Chunk]()
        tokens: list[Token] = []
        depth = begun = 0
        open_end = False  # an unmatched closing brace: the parser skips it with the separator after it
        for count, token in enumerate(grammar().lex(text[start:])):
            if (inside and not count and token.type == "SEP") or count > MAX_TOKENS:
                continue  # the end of the previous statement; or too many tokens: `_parse_changed` reports them
            if tokens and tokens[-1].type == "SEP" and depth == 0 and not open_end:
                chunks.append(_chunk(text, start, begun, tokens, complete=True))
                tokens = []
            if not tokens:
                begun = max(0, start + (token.start_pos or 0) - 1)
                if begun >= edited and begun in known:
                    return chunks, begun
            open_end = (token.type == "RBRACE" and depth == 0) or (open_end and token.type == "SEP")
            depth = max(0, depth + (token.type == "LBRACE") - (token.type == "RBRACE"))
            tokens.append(token)
        if tokens:
            complete = tokens[-1].type == "SEP" and depth == 0 and not open_end
            chunks.append(_chunk(text, start, begun, tokens, complete=complete))
        return chunks, None

    def _replace(self, first: int, last: int, chunks: list[_Chunk]) -> None:
        """Put chunks in the place of pieces; unchanged pieces stay."""
        old = self._pieces[first:last]
        ahead = _common(old, chunks)
        behind = _common(old[ahead:][::-1], chunks[ahead:][::-1])
        kept = [*zip(old[:ahead], chunks, strict=False), *zip(old[::-1][:behind], chunks[::-1], strict=False)]
        for piece, chunk in kept:
            piece.source.start, piece.chunk = chunk.start, chunk
        new = [self._piece(chunk) for chunk in chunks[ahead : len(chunks) - behind]]
        self._pieces[first:last] = [*old[:ahead], *new, *old[len(old) - behind :]]
        self._parse_changed()

    def _piece(self, chunk: _Chunk) -> _Piece:
        file = self.source
        source = Source(
            chunk.text, name=file.name, path=file.path, key=file.key, piece_of=self._file, start=chunk.start
        )
        return _Piece(source, chunk)

    def _parse_changed(self) -> None:
        """Parse the pieces that are new or have a new context."""
        defined = [piece.defines for piece in self._pieces if any(piece.defines)]
        before = PrecedingTokens.NONE
        repetitions = frozenset().union(*(each.repetitions for each in defined))
        blocks = frozenset().union(*(each.blocks for each in defined))
        for piece in self._pieces:
            context = _Context(piece.asks.repetitions & repetitions, piece.asks.blocks & blocks, before)
            if piece.context != context:
                piece.read(context)
            if before is not PrecedingTokens.STATEMENT:
                begins = any(token.type not in ("SEP", "RBRACE") for token in piece.chunk.tokens)
                before = PrecedingTokens.STATEMENT if begins else PrecedingTokens.SEPARATOR
        limited = len(self.source.text) > MAX_TEXT or any(piece.program is None for piece in self._pieces)
        self._whole = None
        if limited or sum(len(piece.chunk.tokens) for piece in self._pieces) > MAX_TOKENS:
            sink = Sink()
            self._whole = parse(self.source, sink), sink


def _chunk(text: str, start: int, begun: int, tokens: list[Token], *, complete: bool) -> _Chunk:
    """The chunk of some tokens, whose offsets from `start` are changed to offsets from the start of the chunk."""
    shift = begun - start
    for token in tokens:
        token.start_pos = (token.start_pos or 0) - shift
        token.end_pos = (token.end_pos or 0) - shift
    words = [token for token in tokens if token.type != "SEP"]
    # An error at the end of the text points after its last comment.
    end = len(text) if not complete else begun + (words[-1].end_pos or 0) if words else begun
    return _Chunk(begun, text[begun:end], tokens)


def _common(pieces: list[_Piece], chunks: list[_Chunk]) -> int:
    """How many of the first pieces are equal to the chunks at their positions."""
    count = 0
    for piece, chunk in zip(pieces, chunks, strict=False):
        if not piece.reads_as(chunk):
            break
        count += 1
    return count
