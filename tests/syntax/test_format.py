"""The formatter: programs as people write them, and as they are formatted."""

from pathlib import Path

import pytest

from archdsl.diagnostics import Sink
from archdsl.layers import synonyms
from archdsl.syntax import parse
from archdsl.syntax.ast import same
from archdsl.syntax.format import format_program
from archdsl.text import paths
from archdsl.text.source import Source


def formatted(text: str) -> str:
    sink = Sink()
    program = parse(Source(text), sink)
    assert not len(sink), [found.diagnostic.message() for found in sink]
    return format_program(program, synonyms())


def check(text: str, expected: str) -> None:
    made = formatted(text)
    assert made == expected
    assert formatted(made) == made


CASES = {
    "chains stay on their line": ("conv  6 k5 ;tanh;  avgpool 2\n", "conv 6 k5; tanh; avgpool 2\n"),
    "a semicolon at the end goes": ("conv 6 k5;\nrelu;;\n", "conv 6 k5\nrelu\n"),
    "one name for a layer": ("input 3x8x8\nconvolution 6 k5; dense 10\n", "input 3x8x8\nconv 6 k5; fc 10\n"),
    "a number of dimensions stays": (
        "conv2d 6 k5;maxpool1d 2; dropout3d; deconv 2 k2\n",
        "conv2d 6 k5; maxpool1d 2; dropout3d; upconv 2 k2\n",
    ),
    "a block may have a synonym's name": (
        "block dense(c) { relu }\ndense 3; linear 4\n",
        "block dense(c) { relu }\ndense 3; fc 4\n",
    ),
    "with used files any synonym may be a block": ('use "a.arch"\ndense 3\n', 'use "a.arch"\ndense 3\n'),
    "settings are not layers": ("train { dense 3;  view 4 }\n", "train { dense 3; view 4 }\n"),
    "blanks in arguments": ("conv 4 * mid k = a+1 - b s=(a+1) -b\n", "conv 4*mid k=a+1-b s=(a + 1) -b\n"),
    "blanks elsewhere": ("let a=1+2*3 if b<c and not d else -e\n", "let a = 1 + 2*3 if b < c and not d else -e\n"),
    "numbers as written": ("bn eps=1e-5; assert params<1.50M\n", "bn eps=1e-5; assert params < 1.50M\n"),
    "calls": ('let a = round_to( c ,8 )\nuse  "x.arch"\n', 'let a = round_to(c, 8)\nuse "x.arch"\n'),
    "repetition and name": ("conv 8 k3 p1  x1\nconv 8 k3 p1 x03  as  a\n", "conv 8 k3 p1\nconv 8 k3 p1 x3 as a\n"),
    "empty lines": ("\n\nrelu\n\n\n\nrelu\nstage a {\n\n  relu\n\n}\n\n", "relu\n\nrelu\nstage a {\n  relu\n}\n"),
    "no parameters": ("net A()\nblock b() { relu }\n", "net A\nblock b { relu }\n"),
    "empty bodies": ("concat {\n} {relu}\n", "concat { } { relu }\n"),
    "indentation": (
        "stage a {\nrepeat 3 as i {\n        conv 3\n  }}\n",
        "stage a {\n  repeat 3 as i {\n    conv 3\n  }\n}\n",
    ),
    "a chain after a body of several lines": ("stage a {\n relu\n}; gap; fc 3\n", "stage a {\n  relu\n}\ngap; fc 3\n"),
    "shortcut and else go on": (
        "residual {\n relu\n}\nshortcut { bn }\nif a {\n relu\n}\nelse if b {\nbn\n}\n\nelse {gap}\n",
        "residual {\n  relu\n} shortcut { bn }\nif a {\n  relu\n} else if b {\n  bn\n} else { gap }\n",
    ),
    "a shortcut on a line of its own": (
        "residual { relu }\n   shortcut { bn }\n",
        "residual { relu }\nshortcut { bn }\n",
    ),
    "operands hang": (
        "concat in { relu }\n { bn }\n\n   { gap } x2 as a\n",
        "concat in { relu }\n       { bn }\n       { gap } x2 as a\n",
    ),
    "operands break all or none": (
        "concat { relu } {\n bn } { }\n",
        "concat {\n  relu\n} {\n  bn\n} { }\n",
    ),
    "CRLF stays": ("relu\r\n  bn # a\r\n", "relu\r\nbn  # a\r\n"),
}


@pytest.mark.parametrize("name", CASES)
def test_formatted_text_matches_the_expected_text(name: str) -> None:
    check(*CASES[name])


COMMENTS = {
    "on lines of their own": ("# a\n\n\n# b \nrelu\n  # c\n", "# a\n\n# b\nrelu\n# c\n"),
    "at the end of a line": (
        "relu;bn# a\nstage s { # b\n  relu\n} # c\n",
        "relu; bn  # a\nstage s {  # b\n  relu\n}  # c\n",
    ),
    "at the end of a body": ("stage s {\n  # a\n\n  # b\n}\n", "stage s {\n  # a\n\n  # b\n}\n"),
    "before a brace": ("stage s # a\n# b\n{ relu }\n", "stage s {  # a\n  # b\n  relu\n}\n"),
    "between bodies": (
        "concat { relu } # a\n# b\n { bn }\nresidual { relu } # c\n# d\nshortcut { bn }\n",
        "concat { relu }  # a\n       # b\n       { bn }\nresidual { relu }  # c\n# d\nshortcut { bn }\n",
    ),
    "between conditions": (
        "if a # a\n{ relu } # b\nelse if b { bn }\n# c\nelse # d\n{ gap }\n",
        "if a {  # a\n  relu\n}  # b\nelse if b { bn }\n# c\n# d\nelse { gap }\n",
    ),
    "inside parentheses": ("relu; let a = (1 + # a\n 2) # b\nbn\n", "relu\n# a\nlet a = (1 + 2)  # b\nbn\n"),
    "among parameters": (
        "net A(a = 1, # first )\n # own\n b = 2 # second\n ) # after\nblock f(a # only\n) # before\n{ relu }\n",
        "net A(\n  a = 1,  # first )\n  # own\n  b = 2  # second\n)  # after\n"
        "block f(\n  a  # only\n) {  # before\n  relu\n}\n",
    ),
    "not in strings": ('use "a#b.arch"\n', 'use "a#b.arch"\n'),
}


@pytest.mark.parametrize("name", COMMENTS)
def test_formatting_preserves_comments(name: str) -> None:
    check(*COMMENTS[name])


def test_long_bodies_are_split_into_lines() -> None:
    chain = "; ".join(["conv 64 k3 s1 p1 nobias"] * 3)
    check(f"stage features {{ {chain}; relu }}\n", f"stage features {{ {chain}; relu }}\n")
    check(f"stage features {{ {chain}; relu; relu }}\n", f"stage features {{\n  {chain}; relu; relu\n}}\n")
    check(f"{chain}; {chain}\n", f"{chain}; conv 64 k3 s1 p1 nobias\n{'; '.join(['conv 64 k3 s1 p1 nobias'] * 2)}\n")
    check(
        f"concat {{ {chain} }} {{ relu }} {{ {chain} }}\n", f"concat {{ {chain} }} {{ relu }}\n       {{ {chain} }}\n"
    )
    check(f"residual {{ {chain} }} shortcut {{ relu }}\n", f"residual {{ {chain} }}\nshortcut {{ relu }}\n")


def test_long_parameter_lists_are_split_into_lines() -> None:
    names = [f"parameter{i} = {i}" for i in range(8)]
    lines = f"net A(\n  {', '.join(names[:6])},\n  {', '.join(names[6:])}\n)\n"
    check(f"net A({', '.join(names)})\n", lines.replace(f"{names[5]},\n  ", f"{names[5]},\n  "))


@pytest.mark.parametrize("path", sorted(paths.examples().rglob("*.arch")), ids=lambda path: path.stem)
def test_formatting_examples_preserves_the_tree_and_is_idempotent(path: Path) -> None:
    """Formatting an example changes neither its tree nor, the second time, its text; no comment is lost."""
    text = path.read_text(encoding="utf-8")
    program = parse(Source(text), Sink())
    made = format_program(program)
    again = parse(Source(made), Sink())
    assert same(program.statements, again.statements)
    assert format_program(again) == made
    assert made.count("#") == text.count("#")
