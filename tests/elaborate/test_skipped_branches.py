"""Branches of `if` that are not chosen: what is surely wrong in them is reported, and nothing else."""

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
}
RIGHT = (
    "conv width k3",
    "concat nothing",
    "from later",
    "conv 8 k99",
    "op 3 k3 anything=4",
    "let act = gelu; act",
    "repeat [relu, tanh] as each { each }",
    "fc 1 // 0",
    "unit 3; unit filters=4",
    'input 3x3; rearrange "c h -> (c h)"',
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
