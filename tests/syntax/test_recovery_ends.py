"""Error recovery terminates, and does not touch closed bodies."""

import pytest

from archdsl.diagnostics import Sink
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
