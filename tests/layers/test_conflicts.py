"""Arguments that conflict whatever the input are reported as such, and each suggestion removes the conflict."""

import pytest

from archdsl.diagnostics import Severity, Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import analyze
from archdsl.text.source import Source

IMAGES, SEQUENCES = ("3x32x32", "8x16x24"), ("16x64", "32x16")
CONFLICTS = [
    *((image, f"conv 8 k3 {arguments}") for image in IMAGES for arguments in (
        "weight=standardized init=kaiming", "weight=spectral init=zeros", "g1 d2 init=whiten",
        "p1 pad_mode=reflect pad_value=1",
    )),
    *((image, "dwconv k3 fixed=box init=zeros") for image in IMAGES),
    *((image, "dwconv k3 fixed=sobel_x frozen") for image in IMAGES),
    *((image, f"{layer} k3 fixed=sobel_x {learned}") for image in IMAGES for layer in ("conv 1", "conv 4", "dwconv m2")
      for learned in ("init=kaiming", "init=zeros frozen", "weight=standardized")),
    *((image, "crop") for image in IMAGES),
    *((image, "upsample") for image in IMAGES),
    *((image, "upsample 2 size=4") for image in IMAGES),
    *((sequence, f"{kind} 8 dropout=0.1") for sequence in SEQUENCES for kind in ("lstm", "gru", "rnn")),
    *((sequence, f"attention 2 {arguments}") for sequence in SEQUENCES for arguments in (
        "sliding", "window=4 grid=4", "window=4 cosine scale=2", "window=4 sliding shift=1", "window=4 rope",
        "window=4 sliding", "shift=1", "relative=t5 buckets=7", "relative=t5 buckets=32 distance=4",
    )),
]  # fmt: skip
"""Inputs and statements that are wrong for every input that the layer takes."""


def errors(text: str) -> list[str]:
    found = analyze(Source(text), Sink()).diagnostics
    return [item.diagnostic.code for item in found if item.diagnostic.severity is Severity.ERROR]


@pytest.mark.parametrize(("shape", "statement"), CONFLICTS)
def test_conflicting_arguments_are_reported_independently_of_the_input(shape: str, statement: str) -> None:
    text = f"input {shape}\n{statement}\n"
    (found,) = [
        item for item in analyze(Source(text), Sink()).diagnostics if item.diagnostic.severity is Severity.ERROR
    ]
    assert found.diagnostic.code == "E0411"
    assert shape.replace("x", "×") not in found.diagnostic.message()
    for fix in found.suggestions:
        assert errors(edited_text(text, fix.edits)) == []


@pytest.mark.parametrize("layer", ["conv 1", "conv 3", "conv 4", "dwconv", "dwconv m2"])
@pytest.mark.parametrize("learned", ["init=kaiming", "frozen", "init=zeros frozen"])
def test_suggestion_for_fixed_filters_keeps_them(layer: str, learned: str) -> None:
    text = f"input 3x8x8\n{layer} k3 fixed=sobel_x {learned}\n"
    (found,) = analyze(Source(text), Sink()).diagnostics
    first, *_ = found.suggestions
    changed = edited_text(text, first.edits)
    assert "fixed=sobel_x" in changed
    assert "init" not in changed
    assert "frozen" not in changed
