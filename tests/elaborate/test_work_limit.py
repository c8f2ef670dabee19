"""Texts that repeat what creates no layer: the work that they take is bounded, whatever is repeated."""

from unittest.mock import Mock

import pytest

from archdsl.diagnostics import Sink
from archdsl.elaborate import elaborate, example_sizes
from archdsl.expressions import evaluator, steps
from archdsl.limits import MAX_NODES, MAX_STEPS
from archdsl.network import analyze
from archdsl.text.source import Source

SUM = "+".join(["i"] * 150)
LIST = f"[{', '.join(['1'] * 9_000)}]"
REPEATED = {
    "one statement": ("input 8", "let a = 1", 1_000_000, "E0708"),
    "nested": ("input 8", "repeat 1000 { repeat 1000 { let a = 1 } }", 1_000, "E0710"),
    "several statements": ("input 8", "let a = 1; let b = 2; let c = 3; from in", 390_000, "E0710"),
    "a long expression": ("input 8", f"let a = {SUM}", 390_000, "E0710"),
    "a condition": ("input 8", f"if {SUM} < 0 {{ fc 8 }}", 390_000, "E0710"),
    "expressions in a list": (f"input 8; let list = {LIST}", f"let a = [{SUM} for x in list]", 40, "E0710"),
    "symbolic dimensions": ("input 3xHxW", "let a = @h + i", 390_000, "E0710"),
    "assertions": (f"input 8; let list = {LIST}", "assert sum(list) == 9000", 1_000, "E0710"),
    "slices": (f"input 8; let list = {LIST}", "let a = list[1:]", 1_000, "E0708"),
    "an argument": ("input 8", f"reshape (8 + 0*({SUM}))", 100_000, "E0710"),
}


@pytest.mark.parametrize("name", REPEATED)
def test_elaboration_work_is_limited(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MAX_STEPS", MAX_STEPS // 20)
    before, body, count, code = REPEATED[name]
    sink = Sink()
    analysis = analyze(Source(f"{before}; repeat {count} as i {{ {body} }}; identity"), sink)
    assert code in [each.diagnostic.code for each in sink]
    assert analysis.draft is not None


@pytest.mark.parametrize(
    ("body", "layers"), [("fc 8; relu", 2), ("if i % 2 == 0 { fc 8 } else { relu }", 1), ("fc 8*(1 + i % 2)", 1)]
)
def test_large_networks_are_within_the_work_limit(body: str, layers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MAX_STEPS", MAX_STEPS // 20)
    sink = Sink()
    analyze(Source(f"input 8; repeat {MAX_NODES // 40 // layers} as i {{ {body} }}"), sink)
    assert not sink.errors


@pytest.mark.parametrize("limit", range(363, 405, 7))
def test_work_limit_is_reported_wherever_it_is_reached(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where other errors are suppressed: in the estimate of the layers of a repetition."""
    monkeypatch.setattr(steps, "MAX_STEPS", limit)
    sink = Sink()
    zero = "+".join(["0"] * 50)
    analysis = analyze(Source(f"input 8; repeat 20 as i {{ if i >= 0 {{ repeat {zero} {{ relu }} }} }}; fc 3"), sink)
    assert [each.diagnostic.code for each in sink] == ["E0710"]
    assert analysis.graph is None


def test_example_sizes_are_not_retried_at_the_work_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    elaborated = Mock(wraps=elaborate)
    monkeypatch.setattr(example_sizes, "elaborate", elaborated)
    monkeypatch.setattr(steps, "MAX_STEPS", 1_000)
    analyze(Source("input 3xHxW; repeat 1000 as i { let a = @h + i }; identity"), Sink())
    assert elaborated.call_count == 1


@pytest.mark.parametrize(
    "defaults", ["a = ITEM", "a = 1, b = len(ITEM), c = len(ITEM)", "a = len(ITEM), b = a + 1, c = 1"]
)
def test_parameter_defaults_count_toward_the_work_limit(defaults: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MAX_STEPS", 30_000)
    item = f"[{'+'.join(['i'] * 60)} for i in l]"
    sink = Sink()
    analyze(Source(f"net N(l = {LIST}, {defaults.replace('ITEM', item)})\ninput 3xHxW; conv 8 k3"), sink)
    assert [each.diagnostic.code for each in sink if each.diagnostic.severity.value == "error"] == ["E0710"]


def test_lists_are_not_scanned_for_each_comparison() -> None:
    """The message about a list does not depend on all of its entries, of which a repetition may compare many."""
    scanned = Mock(side_effect=isinstance)
    text = f"input 8; let l = {LIST}; repeat 50 {{ if l != l {{ relu }} }}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluator, "isinstance", scanned, raising=False)
        analyze(Source(text), Sink())
    assert scanned.call_count < 9_000
