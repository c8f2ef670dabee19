"""Error recovery terminates, and does not touch closed bodies."""

import pytest

from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.syntax import ast, parse
from archdsl.text.source import Source


@pytest.mark.parametrize(
    "text",
    [
        # The stray character follows a `}` whose body has not been reduced yet.
        "block a { residual { conv 3 k3 p1 }$}\nrelu\n",
        "block a { residual { relu }$",
        "stage a { concat { relu } { tanh }$}\nstage b { relu",
        "repeat 4 { stage a { relu }λ }\n",
    ],
)
def test_recovery_ends_after_a_closed_body(text: str) -> None:
    sink = Sink()
    program = parse(Source(text), sink)
    assert sink.errors >= 1
    assert program.statements


def test_body_after_the_error_is_parsed() -> None:
    program = parse(Source("stage a { residual { relu }$ }\nstage b { tanh }\n"), Sink())
    assert [statement.name.text for statement in program.statements if isinstance(statement, ast.Stage)] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("input 3x8x8\nconv (8 k3\nfoo\nbar 4\n", [2, 3, 4]),
        ("input 3x8x8\nlet a = (8*2\nfoo\nbar 4\n", [2, 3, 4]),
        ("input 3x8x8\nlet a = max(8, (2\nfoo (3\nbar [4\nbaz\n", [2, 3, 4, 5]),
        ("input 3x8x8\nconv 8 k3 (\nfoo\n", [2, 3]),
        ("input 3x8x8\nlet a = (8 *\n 2 + 1\nfoo\n", [3, 4]),
        ("net N(a = 3\ninput 3x8x8\nfoo\n", [1, 3]),
        ("net N(a =\ninput 3x8x8\nfoo\n", [1, 3]),
    ],
)
def test_unclosed_bracket_does_not_hide_errors_on_later_lines(text: str, lines: list[int]) -> None:
    assert [item.diagnostic.span.line for item in analyze(Source(text), Sink()).found] == lines
