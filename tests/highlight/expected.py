"""The class of every token, from the parser's tokens and tree."""

import re
from collections.abc import Iterator
from typing import Any

from archdsl.diagnostics import Sink
from archdsl.highlight.rules import flags, letters
from archdsl.layers import registry, synonyms
from archdsl.record import Record
from archdsl.syntax import ast, parse
from archdsl.syntax.grammar import grammar
from archdsl.syntax.tokens import KEYWORDS, MERGE_NAMES
from archdsl.text.source import Source, Span

_PUNCTUATION = ["COMMA", "COLON", "LPAR", "CALLPAR", "RPAR", "LBRACE", "RBRACE", "LBRACKET", "RBRACKET"]
_OPERATORS = ["COMPARE", "EQ", "PLUS", "MINUS", "SIGN", "STAR", "POWER", "SLASH", "FLOORDIV", "PERCENT"]
PLAIN = {
    "COMMENT": "comment",
    "STRING": "string",
    "NUMBER": "number",
    "SIZE": "size",
    "SIZEOPEN": "size",
    "SIZEMORE": "size",
    "TIMES": "repetition",
    "AT": "at",
    "CALL": "function",
    **dict.fromkeys(_PUNCTUATION, "punctuation"),
    **dict.fromkeys(_OPERATORS, "operator"),
    **{word.upper(): "keyword" for word in KEYWORDS},
    **{word.upper(): "word-operator" for word in ("and", "or", "not", "in")},
}
_NAMING = ast.LayerStatement | ast.Merge | ast.Residual | ast.Reuse | ast.Repeat | ast.If | ast.Scan | ast.Moe
_SHORTHAND = re.compile(r"([a-z])\d+(?:x\d+)*")


def expected(text: str) -> dict[int, tuple[str, str]]:
    """For the offset of each token: its text and its class."""
    roles = dict(_roles(parse(Source(text), Sink())))
    found: dict[int, tuple[str, str]] = {}
    brackets = 0
    for token in grammar().lex(text, dont_ignore=True):
        if token.type in ("BLANK", "NEWLINE", "SEP", "SEMICOLON"):
            continue
        assert token.start_pos is not None
        brackets += (token.type == "LBRACKET") - (token.type == "RBRACKET")
        kind = roles.get(token.start_pos) if token.type in ("NAME", "CALL", "FROM", "TIMES") else None
        if token.type == "TIMES" and kind != "definition":
            kind = None  # only the names in scope tell a tensor `x10` from a repetition
        kind = "keyword" if brackets and token == "for" else kind
        found[token.start_pos] = str(token), kind or PLAIN.get(token.type, "name")
    return found


def _roles(program: ast.Program) -> Iterator[tuple[int, str]]:
    """The classes of names that are more than names."""
    stack: list[Any] = list(program.statements)
    while stack:
        item = stack.pop()
        match item:
            case ast.Merge() if item.keyword.text in MERGE_NAMES:
                yield item.keyword.span.start, "layer"
                words = [each for each in item.operands if isinstance(each, ast.Word) and each.text != "in"]
                yield from ((word.span.start, _word(word.text)) for word in words)
            case ast.LayerStatement():
                known = item.keyword.text in {*registry(), *synonyms(), *MERGE_NAMES}
                yield item.keyword.span.start, "layer" if known else "block"
            case ast.Net() | ast.Block() | ast.Stage() | ast.Aux():
                yield item.name.span.start, "definition"
            case ast.Let() | ast.Repeat():
                if item.target and not item.target.unpacks:
                    yield item.target.span.start, "definition"
                if isinstance(item, ast.Repeat) and item.carried:
                    before = item.span.source.text[: item.carried[0].span.start]
                    yield before.rindex("carry"), "keyword"
            case ast.Scan():
                yield item.keyword.span.start, "layer"
                yield item.span.start + item.span.text.index("carry"), "keyword"
            case ast.Moe():
                yield item.keyword.span.start, "layer"
            case ast.Carried():
                yield item.name.span.start, "argument"
            case ast.Parameter() if item.default is not None:
                yield item.name.span.start, "argument"
            case ast.Argument():
                if item.name is not None:
                    yield item.name.span.start, "argument"
                if isinstance(item.value, ast.Variable):
                    yield item.value.span.start, _word(item.value.name)
        if isinstance(item, _NAMING) and item.alias:
            yield item.alias.span.start, "definition"
        if isinstance(item, tuple) and not isinstance(item, Span):
            stack.extend(item)
        elif isinstance(item, Record):
            stack.extend(value for _, value in item)


def _word(word: str) -> str:
    """A bare word among the arguments."""
    found = _SHORTHAND.fullmatch(word)
    if word in flags():
        return "flag"
    return "shorthand" if found and found[1] in letters() else "name"
