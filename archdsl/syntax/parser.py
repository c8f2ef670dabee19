"""The parser with error recovery: one message for each error, and all other statements are kept.

It is driven token by token. At an unexpected token, the stacks are popped to the nearest state where a statement may
start, the rest of the statement is skipped, and an ERROR token replaces it (Yacc's error production).
"""

from collections.abc import Collection, Set
from enum import IntEnum
from itertools import islice

from lark import Token, Tree
from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from ..diagnostics import Sink
from ..diagnostics.catalog import limit_errors, syntax_errors
from ..limits import MAX_NESTING, MAX_STATEMENT_TOKENS, MAX_TEXT, MAX_TOKENS
from ..text.names import nearest
from ..text.source import Source, Span
from .ast import Program
from .grammar import grammar
from .lower import lower
from .repetition_names import name_repetitions
from .tokens import (
    CLOSING,
    KEYWORDS,
    MERGE_NAMES,
    OPENING,
    SCAN_WORDS,
    STARTS,
    defined_blocks,
    describe,
    end_unclosed,
    mark_arguments,
    mark_figures,
    mark_words,
)

_STATEMENTS = ("stage", "block", "residual", "shortcut", "repeat", "train", "aux", "concat", "add", "mul", "if", "else")
_WITH_BODY = (*_STATEMENTS, "figure", *sorted(MERGE_NAMES))

_MERGES = {
    "concatenate": "concat",
    "cat": "concat",
    "sum": "add",
    "multiply": "mul",
    "subtract": "sub",
    "divide": "div",
    "max": "maximum",
    "min": "minimum",
    "bmm": "matmul",
    "mm": "matmul",
}
"""Merges by their names in other frameworks."""

_CARRY = "`carry NAME = SIZE` before the body declares what a step passes to the next"


def parse(source: Source, sink: Sink, names: Collection[str] = ()) -> Program:
    """Parse a text. Errors go to the sink; a statement with a syntax error becomes `UnreadableStatement`.

    `names` are those that the text around it defines and that look like a repetition: `x2`.
    """
    if len(source.text) > MAX_TEXT:
        span, count = Span(source, 0, 0), len(source.text)
        sink.emit(limit_errors.TooLong(span=span, what="text", count=count, limit=MAX_TEXT, unit="characters"))
        return Program(source=source, statements=())
    # Read at most one more than the limit, so that a long text is reported immediately.
    tokens = list(islice(grammar().lex(source.text), MAX_TOKENS + 1))
    if len(tokens) > MAX_TOKENS:
        span = _span(source, tokens[-1])
        sink.emit(limit_errors.TooLong(span=span, what="text", count=None, limit=MAX_TOKENS, unit="tokens"))
        return Program(source=source, statements=())
    return read_tokens(source, tokens, sink, names, defined_blocks(tokens)) or Program(source=source, statements=())


class PrecedingTokens(IntEnum):
    """What precedes the tokens of a piece in its file."""

    NONE = 0
    SEPARATOR = 1
    STATEMENT = 2


def read_tokens(
    source: Source,
    tokens: list[Token],
    sink: Sink,
    names: Collection[str],
    blocks: Collection[str],
    before: PrecedingTokens = PrecedingTokens.NONE,
) -> Program | None:
    """Parse the tokens of a text; None if they exceed a limit, which is reported. `blocks` are those of the file."""
    end_unclosed(tokens, source.text)
    mark_figures(tokens)
    mark_words(tokens, blocks)
    mark_arguments(tokens)
    name_repetitions(tokens, names)
    if not _within_limits(source, tokens, sink):
        return None
    driver = _Driver(source, tokens, sink, before)
    tree = driver.run()
    if before is PrecedingTokens.STATEMENT:
        tree.children = tree.children[1:]
    program = lower(source, tree, sink)
    return program.replace(
        uncertain_from=tuple(driver.uncertain_from),
        uncertain_to=tuple(driver.uncertain_to),
        uncertain_unless=tuple(driver.uncertain_unless),
    )


def _within_limits(source: Source, tokens: list[Token], sink: Sink) -> bool:
    depth = count = negations = 0
    # The number of `else` that each open statement has: an `else if` is inside the statement whose alternative it is.
    chains = [0]
    # For each open `[`: the tokens before it, and those up to the end of its longest entry. What counts is how deep an
    # expression may be, not how many entries a list has.
    lists: list[tuple[int, int]] = []
    for token in tokens:
        kind = token.type
        count += 1
        negations = negations + 1 if kind == "NOT" else 0
        if kind in ("SEP", "LBRACE", "RBRACE"):
            count = 0
            lists.clear()
        elif kind in ("LBRACKET", "INDEX", "LPAR", "CALLPAR"):
            lists.append((count if kind in ("LBRACKET", "INDEX") else -1, count))
        elif lists and (kind in CLOSING or (kind == "COMMA" and lists[-1][0] >= 0)):
            before, longest = lists.pop()
            longest = max(longest, count)
            if kind == "COMMA":
                lists.append((before, longest))
            count = before if kind == "COMMA" else longest
        if kind == "LBRACE" or kind in OPENING:
            depth += 1
            chains.append(0)
        elif (kind == "RBRACE" or kind in CLOSING) and len(chains) > 1:
            depth -= 1
            depth -= chains.pop()
        elif kind == "ELSE":
            depth += 1
            chains[-1] += 1
        elif kind == "SEP":
            depth -= chains[-1]
            chains[-1] = 0
        if depth + negations > MAX_NESTING:
            sink.emit(limit_errors.TooDeep(span=_span(source, token), limit=MAX_NESTING))
            return False
        if count > MAX_STATEMENT_TOKENS:
            span = _span(source, token)
            words, limit = "tokens", MAX_STATEMENT_TOKENS
            sink.emit(limit_errors.TooLong(span=span, what="statement", count=None, limit=limit, unit=words))
            return False
    return True


def _span(source: Source, token: Token) -> Span:
    start = token.start_pos or 0
    return Span(source, start, token.end_pos if token.end_pos is not None else start + len(token))


class _Driver:
    """One parse: the interactive parser, the tokens, and the open braces."""

    def __init__(self, source: Source, tokens: list[Token], sink: Sink, before: PrecedingTokens) -> None:
        self.source = source
        self.tokens = tokens
        self.sink = sink
        self.parser: InteractiveParser = grammar().parse_interactive("")
        self.open: list[Token] = []
        self.uncertain_from: list[Span] = []
        self.uncertain_to: list[Span] = []
        self.uncertain_unless: list[tuple[Span, str]] = []
        self.continues: Token | None = None
        """A word that may belong to the statement before it: an error after it is not another one."""
        self.at = 0
        self.accepted_after: dict[tuple[int, ...], frozenset[str]] = {}
        # The words that may follow, and their description in messages, depend on the words before.
        if before is PrecedingTokens.STATEMENT:
            self.parser.feed_token(Token("ERROR", "", start_pos=0, end_pos=0))
        if before is not PrecedingTokens.NONE:
            self.parser.feed_token(Token("SEP", ";", start_pos=0, end_pos=0))

    def run(self) -> Tree[Token]:
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.type == "STRAY":
                self.sink.emit(syntax_errors.StrayCharacter(span=_span(self.source, token), character=str(token)))
                self.skip_statement()
                continue
            if token.type == "RBRACE" and not self.open:
                self.nothing_open(token)
                continue
            try:
                self.parser.feed_token(token)
            except UnexpectedToken:
                self.unexpected(token)
                continue
            self.track(token)
            self.at += 1
        return self.finish()

    def track(self, token: Token) -> None:
        if token.type == "LBRACE":
            self.open.append(token)
        elif token.type == "RBRACE" and self.open:
            self.open.pop()

    # --- errors ---

    def accepted(self) -> Set[str]:
        """The types of tokens that may follow; Lark tries each, so the answer is kept for the next error like it."""
        state = tuple(self.parser.parser_state.state_stack)
        if state not in self.accepted_after:
            types: set[str] = self.parser.accepts()  # type: ignore[no-untyped-call]  # Lark's is unannotated
            self.accepted_after[state] = frozenset(types)
        return self.accepted_after[state]

    def nothing_open(self, token: Token) -> None:
        """Skip a brace that closes nothing. The parser does not see it: it would take the program for complete."""
        span = _span(self.source, token)
        self.uncertain_to.append(span)
        if self.at and self.tokens[self.at - 1].end_pos == token.start_pos and not self.first():
            # It is within a word, which may have been another one.
            self.uncertain_from.append(_span(self.source, self.tokens[self.statement_start()]))
        self.sink.emit(syntax_errors.NothingOpen(span=span))
        self.at += 1
        accepted = self.accepted()
        values = self.parser.parser_state.value_stack
        begins = bool(values) and isinstance(values[-1], Token) and values[-1].type == "SEP"
        # The separator after it may be the second in a row.
        if (begins or "SEP" not in accepted) and self.at < len(self.tokens) and self.tokens[self.at].type == "SEP":
            self.at += 1

    def unexpected(self, token: Token) -> None:
        accepted = self.accepted()
        span = _span(self.source, token)
        if "SEP" in accepted and token.type in STARTS:
            self.sink.emit(syntax_errors.MissingSeparator(span=span, word=str(token)))
            self.may_continue(token)
            end = self.tokens[self.at - 1].end_pos
            self.tokens.insert(self.at, Token("SEP", ";", start_pos=end, end_pos=end))
        elif "NAME" in accepted and "SEP" not in accepted and str(token) in KEYWORDS and not self.first():
            is_value = "NUMBER" in accepted
            self.sink.emit(syntax_errors.ReservedName(span=span, name=str(token), is_value=is_value))
            self.tokens[self.at] = Token.new_borrow_pos("BADWORD" if is_value else "NAME", str(token), token)
        else:
            if self.tokens[self.statement_start()] is not self.continues:
                self.report(token, span, accepted)
            if self.at and self.tokens[self.at - 1].type == "RBRACE":
                self.uncertain_from.append(_span(self.source, self.tokens[self.at - 1]))
            self.skip_statement()

    def may_continue(self, token: Token) -> None:
        """Record where a word may belong to the statement before it: `conv 8 as a s2`, `let n = 2 m` without a sign.

        After `as NAME`, any word may be an argument; elsewhere, the name of a layer begins a statement.
        """
        last = self.tokens[self.at - 1]
        if token.type not in ("NAME", "CALL") or last.type == "RBRACE":
            return
        word, start = self.statement_word(), _span(self.source, self.tokens[self.statement_start()])
        if word is not None and self.tokens[self.at - 2].type in ("AS", "COMMA"):
            self.uncertain_from.append(start)
        else:
            self.uncertain_unless.append((start, str(token)))
            self.continues = token

    def report(self, token: Token, span: Span, accepted: Set[str]) -> None:
        word = self.statement_word()
        if token.type == "LBRACE" and word == SCAN_WORDS[0]:
            self.sink.emit(
                syntax_errors.Unexpected(span=span, found="`{`", expected=("`carry`",), help_texts=(_CARRY,))
            )
        elif token.type == "LBRACE" and word is not None:
            guess = _MERGES.get(str(word).lower()) or nearest(str(word), _WITH_BODY)
            self.sink.emit(syntax_errors.NoBody(span=_span(self.source, word), word=str(word), nearest=guess))
        elif token.type == "SIGN":
            follows = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else token
            self.sink.emit(syntax_errors.SignForMinus(span=span, follows=str(follows)))
        else:
            found = "the end of the line" if token.type == "SEP" and token != ";" else f"`{token}`"
            expected = tuple(describe(accepted - {"STRING"} if self.in_merge() else accepted))
            self.sink.emit(
                syntax_errors.Unexpected(span=span, found=found, expected=expected, help_texts=self.syntax_help(token))
            )

    def syntax_help(self, token: Token) -> tuple[str, ...]:
        """The syntax of this language for a construct of other languages."""
        after_minus = self.at > 0 and self.tokens[self.at - 1].type == "MINUS"
        named = self.at > 0 and self.tokens[self.at - 1] is self.statement_word()
        match token.type:
            case "FLOORDIV" | "MINUS" | "SIGN" if self.first() or after_minus:
                return ("a comment starts with `#`",)
            case "COLON":
                return ("named arguments take `=`",)
            case "LBRACKET" | "INDEX":
                return ("sizes are written with the letter x, without brackets",)
            case "COMMA":
                return ("values are separated by spaces, statements by `;`",)
            case "LPAR" | "CALLPAR" if named:
                return ("values follow after a space, without parentheses",)
            case "EQ" if named:
                return ("`as NAME` after a layer names a tensor, `let NAME = …` a number",)
            case "EQ" if self.starts_with("IF") or self.starts_with("ASSERT"):
                return ("write a comparison as `==`",)
            case "AS" if self.starts_with("INPUT"):
                return ("the name of an input comes before its shape",)
            case "AS" if self.first():
                return ("`as NAME` goes at the end of a statement",)
            case "NUMBER" | "SIGN" | "SIZE" | "AT" if self.in_merge():
                return ("`shift` adds a constant; `scale` multiplies by a constant",)
            case "NAME" if token == SCAN_WORDS[1] and self.starts_with("REPEAT"):
                return (_CARRY,)
            case "SHORTCUT":
                return ("a shortcut follows the body of a residual: `residual { … } shortcut { … }`",)
            case _ if self.accepted() == {"EQ"} and any(self.starts_with(each) for each in ("REPEAT", "SCAN")):
                return (_CARRY,)
            case "LBRACE" if self.starts_with("NET"):
                return ("the statements of a network follow without braces",)
            case _:
                return ()

    def first(self) -> bool:
        """Whether a statement can start with the token."""
        return self.at == 0 or self.tokens[self.at - 1].type in ("SEP", "LBRACE", "RBRACE")

    def starts_with(self, kind: str) -> bool:
        """Whether the current statement started with a token of this kind."""
        at = self.at - 1
        while at > 0 and self.tokens[at - 1].type not in ("SEP", "LBRACE", "RBRACE"):
            at -= 1
        return at >= 0 and self.tokens[at].type == kind

    def in_merge(self) -> bool:
        """Whether the current statement is a merge of tensors."""
        return any(map(self.starts_with, ("ADD", "MUL", "CONCAT", "MERGE")))

    def statement_word(self) -> Token | None:
        """The first word of the current statement."""
        at = self.statement_start()
        first = self.tokens[at] if at < self.at else None
        return first if first is not None and first.type in ("NAME", "CALL") else None

    def statement_start(self) -> int:
        """The index of the first token of the current statement."""
        at = self.at
        while at > 0 and self.tokens[at - 1].type not in ("SEP", "LBRACE", "RBRACE"):
            at -= 1
        return at

    # --- recovery ---

    def skip_statement(self) -> None:
        """Pop to a state where a statement may start, insert ERROR, and skip the rest of the statement."""
        start = self.at
        self.pop_to_statement()
        depth = 0
        while self.at < len(self.tokens):
            kind = self.tokens[self.at].type
            if depth == 0 and kind in ("SEP", "RBRACE"):
                break
            depth += (kind == "LBRACE") - (kind == "RBRACE")
            self.at += 1
        if depth:
            self.never_closed(self.unbalanced(start))
        self.parser.feed_token(self.broken(start))

    def broken(self, start: int) -> Token:
        """The ERROR token of a statement: its text from the first word to where it was abandoned."""
        at = start
        while at > 0 and self.tokens[at - 1].type not in ("SEP", "LBRACE", "RBRACE"):
            at -= 1
        if at == self.at:
            return Token.new_borrow_pos("ERROR", "", self.tokens[at])
        first, last = _span(self.source, self.tokens[at]), _span(self.source, self.tokens[self.at - 1])
        return Token("ERROR", first.to(last).text, start_pos=first.start, end_pos=last.end)

    def pop_to_statement(self) -> None:
        """Pop the stacks to a state where a statement may start in the innermost open body.

        A closed body may not have been reduced yet: a state inside it cannot be used.
        """
        state = self.parser.parser_state
        while "ERROR" not in state.parse_conf.states[state.position] or self.unclosed() != len(self.open):
            state.state_stack.pop()
            state.value_stack.pop()

    def unclosed(self) -> int:
        """The number of unclosed braces on the stack."""
        kinds = [value.type for value in self.parser.parser_state.value_stack if isinstance(value, Token)]
        return kinds.count("LBRACE") - kinds.count("RBRACE")

    def unbalanced(self, start: int) -> Token:
        """The first unclosed brace from a token on."""
        opened: list[Token] = []
        for token in self.tokens[start:]:
            if token.type == "LBRACE":
                opened.append(token)
            elif token.type == "RBRACE":
                opened.pop()
        return opened[0]

    def never_closed(self, opener: Token) -> None:
        span = _span(self.source, opener)
        self.uncertain_from.append(span)
        self.sink.emit(syntax_errors.UnclosedBrace(span=span))

    def finish(self) -> Tree[Token]:
        """Close what is open, and reduce to the program."""
        end = Token("$END", "", start_pos=len(self.source.text), end_pos=len(self.source.text))
        for opener in reversed(self.open):
            self.never_closed(opener)
        while True:
            token = Token.new_borrow_pos("RBRACE", "}", end) if self.open else end
            try:
                tree = self.parser.feed_token(token)
            except UnexpectedToken:
                accepted = self.accepted()
                if not self.open:
                    last = Span(self.source, len(self.source.text.rstrip()), len(self.source.text.rstrip()))
                    expected = tuple(describe(accepted))
                    self.sink.emit(syntax_errors.Unexpected(span=last, found="the end of the text", expected=expected))
                self.pop_to_statement()
                self.parser.feed_token(Token.new_borrow_pos("ERROR", "", end))
                continue
            if not self.open:
                return tree  # type: ignore[no-any-return]  # Lark's feed_token is typed Any
            self.open.pop()
