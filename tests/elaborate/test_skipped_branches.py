"""Branches of `if` that are not chosen: what is surely wrong in them is reported, and nothing else."""

import re
from pathlib import Path
from random import Random

import pytest

from archdsl.diagnostics import Severity, Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import analyze
from archdsl.syntax import ast, parse
from archdsl.text.source import Source
from tests.programs.generate import built, program

HEAD = "net N(n = 1, op = relu)\ninput 8x8x8\n"
WRONG = {
    "convv 8 k3": ("E0201", "convv"),
    "conv 8 k3 stide=2": ("E0302", "stide"),
    "stage a { relu; unit2 4 }": ("E0201", "unit2"),
    "concat { relu } { conv 8 k3 grops=2 }": ("E0302", "grops"),
    "residual { rellu }": ("E0201", "rellu"),
    "repeat 1000000000 { relu; tanhh }": ("E0201", "tanhh"),
    "unit c=3": ("E0302", "c"),
    "unit 3; unit 3 wide=4": ("E0302", "wide"),
    "let a = 1; net M": ("E0505", "net"),
    "block b { relu }": ("E0505", "block"),
    "use std": ("E0505", "use"),
    "if 1 == 1 { relu } else { convv 3 }": ("E0201", "convv"),
    "conv width k3": ("E0202", "width"),
    "concat nothing": ("E0202", "nothing"),
    "from later": ("E0202", "later"),
    "fc 1 // 0": ("E0306", "1 // 0"),
    "conv -8 k3": ("E0305", "-8"),
    "conv 8 k3 groups=0.5": ("E0305", "groups=0.5"),
    "conv 8 k3 groups=n+m": ("E0202", "m"),
    "unit filters=1//0": ("E0306", "1//0"),
    "unit 3 4": ("E0303", "4"),
    "unit": ("E0301", "unit"),
    "conv (8 if n == 3 else m) k3": ("E0202", "m"),
    "let a = [m for each in []]": ("E0202", "m"),
    "let z = 0; repeat z as i { conv i+m k1 }": ("E0202", "m"),
    "repeat n { conv (2 * m) k1 }": ("E0202", "m"),
    "residual when n == 2 { relu } shortcut { conv m }": ("E0202", "m"),
    "scan carry h = 8 { add h; fc m; relu as h }": ("E0202", "m"),
    "moe experts=2 { fc m }": ("E0202", "m"),
    "assert out == 8 and m > 2": ("E0202", "m"),
    "if m == 1 { relu }": ("E0202", "m"),
    'rearrange "c (h w -> h"': ("E0402", "("),
    'reduce "c h w -> x" mean': ("E0402", "x"),
    'einsum "a, b, c -> a" in in': ("E0402", "c"),
    "relu x1000000; tanhh": ("E0201", "tanhh"),
    "if n == 1 { relu } else if m == 1 { tanh }": ("E0202", "m"),
}
RIGHT = (
    "assert out == 8 and params > n",
    "conv 8 k3 as later; concat later",
    "if n == 3 { relu as t }; if n == 3 { concat t }",
    "if n == 3 { relu as t } else { tanh as t }; concat t",
    "fc 8 // n; conv n-9 k1; fc (n if n == 2 else 3)",
    "repeat n - 5 { relu }",
    "repeat n as i carry h = 8 { concat h { relu } as h }",
    "let z = n - 1; unit z - 3",
    "input two 3x5x5; repeat n { maxpool 4 }",
    "conv 8 k99",
    "op 3 k3 anything=4",
    "let act = gelu; act",
    "repeat [relu, tanh] as each { each }",
    "unit 3; unit filters=4",
    'input 3x3; rearrange "c h -> (c h)"',
    "relu x1000000; residual { relu } x1000000; add in { relu } x1000000; unit 3 x1000000",
    "repeat 1000000 { relu }",
    "learned 8 as x; residual { identity } shortcut { conv 8 k1 }",
)
BRANCHES = (
    "if n == 2 { BODY }",
    "if n == 1 { relu } else { BODY }",
    "if n == 1 { relu } else if n == 2 { BODY } else { tanh }",
    "if n == 2 { tanh } else if n == 3 { BODY }",
    "stage s { repeat 2 { if n == 2 { BODY } } }",
)


def errors(text: str) -> list[tuple[str, str]]:
    found = (item.diagnostic for item in analyze(Source(text), Sink()).found)
    return [(each.code, each.span.text) for each in found if each.severity is Severity.ERROR]


def text_of(branch: str, body: str) -> str:
    definitions = "block unit(filters) { conv filters k1 }\nblock two(n, op) { BRANCH; relu }\n"
    inside = branch.replace("BODY", body)
    return f"{HEAD}{definitions.replace('BRANCH', inside)}{inside}\ntwo 1 relu\ntwo 1 tanh x2\n"


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize("body", WRONG)
def test_certain_errors_in_skipped_branches_are_reported(body: str, branch: str) -> None:
    assert errors(text_of(branch, body)) == [WRONG[body]] * 2  # in the block, and at the top level


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize("body", RIGHT)
def test_condition_dependent_errors_in_skipped_branches_are_not_reported(body: str, branch: str) -> None:
    assert not errors(text_of(branch, body))


@pytest.mark.parametrize("rest", ["if n == 2 { concat t }", "if n == 2 { fc t@c }", "let w = t@c if n == 2 else 8"])
def test_names_of_another_skipped_branch_are_known(rest: str) -> None:
    assert not errors(f"{HEAD}if n == 2 {{ relu as t }}\n{rest}\n")


UNUSED = {
    "block b(c, act = reluu) { conv c k1; act }\nb 8 act=relu": ("E0202", "reluu"),
    "block b(c, s = 1 // 0) { conv c k1 }": ("E0306", "1 // 0"),
    "block b(c) { conv c k1 groups=0 }": ("E0305", "groups=0"),
    "block b(c) { conv c k1; wrong 3 }\nblock a(c) { b c }": ("E0201", "wrong"),
    "block b(c) { conv c k1; wrong 3 }\nif n == 2 { b 3 }": ("E0201", "wrong"),
    "block b(c) { conv c k1; wrong 3 }\nrepeat n - 1 { b 3 }": ("E0201", "wrong"),
    "block b(c) { if c == 1 { relu as t } else { tanh as t }; concat t m }": ("E0202", "m"),
    "repeat n - 1 as i { conv i+m k1 }": ("E0202", "m"),
    "residual when n == 1 or m == 1 { relu }": ("E0202", "m"),
    "residual when n == 2 { relu } shortcut { conv m k1 }": ("E0202", "m"),
    "conv (8 if n == 1 else m) k3": ("E0202", "m"),
    "conv (8 if n == 1 else median(n, 2)) k3": ("E0205", "median"),
    "conv 8*len([m + i for i in []]) + 8 k1": ("E0202", "m"),
}


@pytest.mark.parametrize("text", UNUSED)
def test_errors_that_need_no_input_are_reported_in_what_never_runs(text: str) -> None:
    assert errors(f"{HEAD}{text}\ngelu\n") == [UNUSED[text]]


def hypothetical(text: str) -> str:
    """The text with a copy of each statement in a branch that does not run, and of each block that is never used."""
    copies = text
    for statement in reversed(parse(Source(text), Sink()).statements):
        start, end = statement.span.start, statement.span.end
        if isinstance(statement, ast.Block):
            copies += f"\nblock {statement.name.text}_copy{text[statement.name.span.end : end]}\n"
        elif not isinstance(statement, ast.Net | ast.UseFile | ast.Train | ast.FigureBlock):
            copies = f"{copies[:start]}if 1 == 2 {{ {text[start:end]}\n}}\n{copies[start:]}"
    return copies


def valid_texts() -> list[str]:
    """The texts of the examples, the zoo, the documentation and the cases of `check` that have no errors."""
    fence = re.compile(r"^```arch[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    root = Path(__file__).parents[2]
    pages = [*root.glob("docs/**/*.md"), *root.glob("tests/spec/*.md")]
    found = [text for page in sorted(pages) for text in fence.findall(page.read_text(encoding="utf-8"))]
    found += [path.read_text(encoding="utf-8") for path in sorted(root.glob("examples/**/*.arch"))]
    return [text for text in found if not errors(text)]


def test_what_is_valid_where_it_runs_is_valid_where_it_does_not() -> None:
    texts = valid_texts()
    assert len(texts) > 200
    assert not {text: found for text in texts if (found := errors(hypothetical(text)))}


def test_suggestion_fixes_a_word_in_a_skipped_branch() -> None:
    text = f"{HEAD}if n == 2 {{ conv 8 k3 stide=2; rellu }}\n"
    for item in analyze(Source(text), Sink()).diagnostics:
        text = edited_text(text, item.suggestions[0].edits) if item.diagnostic.code == "E0302" else text
        assert item.suggestions
    assert "stride=2" in text


@pytest.mark.parametrize("seed", range(12))
def test_valid_statements_in_skipped_branches_are_not_reported(seed: int) -> None:
    text = program(Random(seed))
    parsed = parse(Source(text), Sink())
    for statement in parsed.statements:
        if isinstance(statement, ast.LayerStatement | ast.Merge | ast.Residual | ast.Stage | ast.If | ast.Repeat):
            start, end = statement.span.start, statement.span.end
            skipped = f"{text[:start]}if 1 == 2 {{ {text[start:end]}\n}}; {text[start:]}"
            assert {code for code, _ in errors(skipped)} <= {"E0203"}, skipped
    assert not built(text)[1].errors
