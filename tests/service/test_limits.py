"""Completion of statements that exceed a limit when they are tried."""

import pytest

from archdsl.expressions import steps
from archdsl.service import Document
from archdsl.service.completion import completions

LIMIT = 5_000
MANY = ", ".join(["1"] * 100)


@pytest.mark.parametrize("terms", [60, 20])
@pytest.mark.parametrize("end", ["k", "k3 s", "k3 dilation=", ""])
def test_statements_beyond_a_limit_are_not_offered(end: str, terms: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MAX_STEPS", LIMIT)
    count = f"len([{'i + ' * terms}1 for i in many])"
    text = f"input 3x8x8\nlet many = [{MANY}]\nconv ({count}) {end}"
    offered = [each for each in completions(Document(text).now, len(text)) if "→" in each.detail]
    # Each trial takes so many operations; all trials together stay within the limit.
    assert len(offered) <= LIMIT // (terms * 100)
