"""The Lark parser, built from grammars/arch.lark once; its tables are cached in the user's cache folder."""

import hashlib
import re
from functools import cache

import lark
from lark import Lark

from ..text import paths
from ..text.private_cache import read_private, write_private
from . import parser_tables
from .tokens import Separators


@cache
def grammar() -> Lark:
    """The parser. Building it takes about 60 ms, loading its tables 3 ms."""
    text = (paths.grammars() / "arch.lark").read_text(encoding="utf-8")
    origin = hashlib.sha256("\0".join((parser_tables.FORM, lark.__version__, text)).encode()).hexdigest()
    name = f"grammar-{origin[:16]}.json"
    kept = read_private(name)
    parser = load(kept, origin) if kept is not None else None
    if parser is None:
        parser = build(text)
        write_private(name, dump(parser, origin))
    # Lark builds a lexer for each text unless it has one.
    parser.lexer = parser._build_lexer()
    return parser


def build(text: str) -> Lark:
    """The parser, built from the text of the grammar."""
    return Lark(
        text,
        parser="lalr",
        lexer="basic",
        keep_all_tokens=True,
        maybe_placeholders=False,
        postlex=Separators(),
        g_regex_flags=int(re.ASCII),  # otherwise, digits of all scripts are numbers
    )


def dump(parser: Lark, origin: str) -> bytes:
    """The tables of a parser, for the cache."""
    return parser_tables.dump(parser, origin, without=("postlex",))


def load(kept: bytes, origin: str) -> Lark | None:
    """The parser from cached tables; None if they are damaged or belong to another grammar."""
    return parser_tables.load(kept, origin, postlex=Separators())
