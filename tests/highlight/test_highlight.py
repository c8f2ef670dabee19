"""The Pygments lexer and the TextMate grammar color each token as the parser reads it: for the whole zoo and more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pygments import lex
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Token, Whitespace

from archdsl.diagnostics import Sink
from archdsl.highlight.lexer import TOKENS, ArchLexer
from archdsl.highlight.rules import CLASSES
from archdsl.highlight.textmate import SCOPES, grammar
from archdsl.syntax import parse
from archdsl.text.source import Source
from tests.highlight.expected import expected
from tests.highlight.textmate import scopes

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "examples").rglob("*.arch"))

TEXTS = {
    "flags": "input 3x8x8\nlet same = 1\nconv 8 k3 same\nif same { relu }\nstage keep { bn }",
    "layers": "input conv 3x8x8\nadd conv\nblock unit(relu = 1, linear) { fc relu }\nunit relu linear",
    "shorthands": "input 3x8x8\nconv 8 k3x5 s2 as k4\nconv 8 1 as p1\nconcat k4 p1 x2 as s9\nfrom k4; reuse p1",
    "sizes and repetitions": "input 3xHxW\nmaxpool 2x2 x3\nrepeat 3 as i { conv 8*i k3 p=(i if i < 2 else 1) }",
    "numbers": "assert params < 1.5M and macs <= 2G\ndropout 0.5\nbn eps=1e-5 momentum=0.1",
    "strings and comments": 'use "blocks # not a comment.arch"  # a comment "not a string"\nuse std',
    "parentheses": "block unit(\n  conv = 2,\n  k3\n) { conv max(conv,\n 4) k3 }\nfc -1 n-1 (-2) - 3",
    "choices": "if @c > 3 or not wide { relu } else if in == 2 { bn }\nfc 10 if a else b nobias\nlet x = a if b else c",
    "merges": "residual when s == 1 { conv 8 k3 }\nshortcut { }\nconcat { } low { relu } as joined\nmul { gap keep }",
    "merges by name": "input 3x8x8; relu as k4\nstack k4 axis=d; sub { amax axis=hw keep }\nmaximum k4 { } as stack",
    "lists": "net N(d = [3, -4], rows = [\n  [3, k3], [same, relu]\n])\nlet [k, c] = rows[0]\n"
    "let e = [2*x for x in d[1:]]\nrepeat rows as [k3, s] { conv c[0] k3 } as out\n"
    "if sum(d)**2 > 3 { bn } as y\nfuse c[-1] k3 as p, q",
    "carried": "input 4x9\nscan carry h = 4x(@c), c = h { add h as h }\n"
    "repeat 3 as i carry k3 = in, sums = 6x(@l) { conv 4 k3; add sums as sums } as y\nrepeat carry { relu }",
    "computed sizes": "input 3x(S)x(2*S)\nreshape (c*2)x8x(4)x1x1 k3 x2\nlet h = out@h + in@w",
    "training": "train {\n  data digits; split 0.9\n  optimizer adam lr=1e-3\n}",
    "blanks": "input\u00a03x8x8\n\t conv  8  k3\ufeff ;\t;bn;\n\n  \n relu",
}


def by_pygments(text: str) -> dict[int, tuple[str, str]]:
    classes = {kind: name for name, kind in TOKENS.items()}
    found, at = {}, 0
    for kind, piece in lex(text, ArchLexer(stripnl=False, ensurenl=False)):
        if kind not in (Whitespace, Token.Text.Whitespace) and piece:
            found[at] = piece, classes[kind]
        at += len(piece)
    assert at == len(text)
    return {start: value for start, value in found.items() if value[0] != ";"}


def by_textmate(text: str) -> dict[int, tuple[str, str]]:
    classes = {f"{scope}.arch": name for name, scope in SCOPES.items()}
    found = {start: (piece, classes[scope]) for start, piece, scope in scopes(json.loads(grammar()), text)}
    return {start: value for start, value in found.items() if value[0] != ";"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_highlighting_of_files_matches_the_parser(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    wanted = expected(text)
    assert by_pygments(text) == wanted
    assert by_textmate(text) == wanted


@pytest.mark.parametrize("name", TEXTS)
def test_highlighting_of_texts_matches_the_parser(name: str) -> None:
    text = TEXTS[name]
    sink = Sink()
    parse(Source(text), sink)
    assert not sink.errors
    wanted = expected(text)
    assert by_pygments(text) == wanted
    assert by_textmate(text) == wanted


@pytest.mark.parametrize("text", ["conv 8 k3 $", '"open', "12ab", "conv 8 & 9\n}}{{((", "é conv", "conv 8 k3 as"])
def test_highlighting_of_invalid_texts_loses_no_character(text: str) -> None:
    """Both color any text equally."""
    assert "".join(piece for _, piece in lex(text, ArchLexer(stripnl=False, ensurenl=False))) == text
    assert by_pygments(text) == by_textmate(text)


def test_every_token_class_has_a_color() -> None:
    assert list(TOKENS) == list(SCOPES) == list(CLASSES)
    assert len(set(TOKENS.values())) == len(set(SCOPES.values())) == len(CLASSES)


def test_pygments_finds_the_lexer() -> None:
    assert get_lexer_by_name("arch").name == get_lexer_for_filename("net.arch").name == "archdsl"


def test_textmate_grammar_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, "scripts/grammars.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
