"""Blocks whose layer is an argument: errors in them are reported at the block's own words, with working suggestions."""

import pytest

from archdsl.diagnostics import Severity, Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import analyze
from archdsl.text.source import Source

ERRORS = {
    "block b(f) { f k1 }\ninput 3x8x8\nb conv": "E0301",
    "block b(f = conv) { f k1 }\nblock g { b }\ninput 3x8x8\ng": "E0301",
    "block b(f) { f }\nblock g(c) { conv c k1 }\ninput 3x8x8\nb g": "E0301",
    "block b(f) { f 4 kernal=3 }\ninput 3x8x8\nb conv": "E0302",
    "block b(f) { f units=5 }\ninput 3x8x8\nb conv": "E0302",
    "block b(f) { f four k3 }\ninput 3x8x8\nb conv": "E0202",
    "block b(f) { f 4 k3 k3 }\ninput 3x8x8\nb conv": "E0304",
    "block b(f) { f 4 k3 g2 }\ninput 3x8x8\nb conv": "E0404",
    "block b(f) { f 4 k20 }\ninput 3x8x8\nb conv": "E0401",
    "block b(f) { f 4 k3; groupnorm 3 }\ninput 3x8x8\nb conv": "E0404",
    "block b(f) { residual { f 4 k3 } }\ninput 3x8x8\nb conv": "E0407",
    "block b(f) { f 4 k1 as x; f 4 k3; add x }\ninput 3x8x8\nb conv": "E0407",
    "block b(f) { f 4 k1 as x; f 6 k1; add x }\ninput 3x8x8\nb conv": "E0407",
    "block b(f) { f 4 k3 s2 }\ninput 3x8x8\nconv 4 k1 as y; from in; b conv; add y": "E0407",
    "block b(f) { residual { if @c > 3 { f 4 k1 } } }\ninput 3x8x8\nb upconv; b conv; concat in; b conv": "E0407",
}


@pytest.mark.parametrize("text", ERRORS)
def test_error_in_a_layer_argument_is_reported_in_the_block(text: str) -> None:
    source = Source(f"{text}\n")
    items = [found for found in analyze(source, Sink()).diagnostics if found.diagnostic.severity is Severity.ERROR]
    assert [each.diagnostic.code for each in items] == [ERRORS[text]]
    for suggestion in items[0].suggestions:
        sink = Sink()
        analyze(Source(edited_text(source.text, suggestion.edits)), sink)
        assert not sink.errors, suggestion.title


@pytest.mark.parametrize("text", ["maxpool 2 kernle=2", "conv 8 k3 strid=2 s2", "conv 8 k3 kernle=3"])
def test_misspelled_name_of_a_given_argument_is_one_error(text: str) -> None:
    sink = Sink()
    analyze(Source(f"input 3x32x32; {text}"), sink)
    assert len([found.diagnostic.code for found in sink]) == 1
