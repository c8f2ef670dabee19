"""Assertions that do not hold: the message has the value of everything that is compared."""

from importlib import import_module
from unittest.mock import Mock

import pytest

from archdsl.diagnostics import Sink
from archdsl.diagnostics.catalog.structure_errors import AssertFailed
from archdsl.network import analyze
from archdsl.text.source import Source

TEXT = "net N(n = 5)\ninput 8x8x8\nconv 4 k1 as low\nlet sizes = [1, 2]\nassert "
FAILED = {
    "n == 6": ("n is 5",),
    "n + 1 == 7": ("n is 5", "n + 1 is 6"),
    "7 < n": ("n is 5",),
    "@h == 5": ("@h is 8",),
    "@h*2 == n": ("@h is 8", "n is 5", "@h*2 is 16"),
    "not @h == 8": ("@h is 8",),
    "n > 9 or n < 3": ("n is 5",),
    "len(sizes) == 3": ("sizes is [1, 2]", "len(sizes) is 2"),
    "sizes[0] == 2": ("sizes is [1, 2]", "sizes[0] is 1"),
    "round(2.5) == 3": ("round(2.5) is 2",),
    "low@c == n": ("low@c is 4", "n is 5"),
    "params*2 == 10": ("params is 36", "params*2 is 72"),
    "out == 8": ("out is `4x8x8`",),
    "n == 5 and n == 6": ("n is 5",),
    "1 == 2": (),
    "not (n == 5 or n/0 == 1)": ("n is 5",),
    "not (n == 5 or @d == 1)": ("n is 5",),
}


@pytest.mark.parametrize("condition", FAILED)
def test_failed_assertion_shows_compared_values(condition: str) -> None:
    sink = Sink()
    analyze(Source(TEXT + condition), sink)
    (failed,) = [each.diagnostic for each in sink if isinstance(each.diagnostic, AssertFailed)]
    assert sink.errors == 1
    assert failed.measured == FAILED[condition]


def test_expensive_measures_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network with as many assertions about its receptive field as layers is checked in linear time."""
    fields = import_module("archdsl.analysis.receptive_field")
    measured = Mock(wraps=fields.receptive_field)
    monkeypatch.setattr(fields, "receptive_field", measured)
    sink = Sink()
    analyze(Source("input 3x64x64; repeat 20 { conv 3 k3 p1; assert rf > 0 }; relu"), sink)
    assert not sink.errors
    assert measured.call_count == 1
