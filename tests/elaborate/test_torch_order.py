"""Values in torch's order: the suggestion is the same statement in this language, where that is valid."""

import pytest

from archdsl.diagnostics import Sink
from archdsl.diagnostics.diagnostic import Finding
from archdsl.diagnostics.fixes import fix
from archdsl.layers import registry
from archdsl.network import analyze
from archdsl.text.source import Source

REWRITTEN = {
    "input 1x28x28; conv 1 16 5 1 2": "conv 16 k5 p2",
    "input 3x28x28; conv2d 3 16 3 2": "conv2d 16 k3 s2",
    "input 3x28x28; conv 3 16 3 2 1 nobias": "conv 16 k3 s2 p1 nobias",
    "input 4x28x28; conv 4 16 3 1 1 1 2 pad_mode=reflect": "conv 16 k3 p1 g2 pad_mode=reflect",
    "input 3x28x28; conv 16 3 2 1": "conv 16 k3 s2 p1",
    "input 3x28x28; conv 3 16 3x5 2": "conv 16 k3x5 s2",
    "input 3xHxW; conv 3 16 3 2": "conv 16 k3 s2",
    "input 1050; fc 1050 10": "fc 10",
    "input 1050; linear 1050 10 nobias": "linear 10 nobias",
    "input 7 int(100); embedding 100 10": "embedding 10",
    "input 7 int(50); embedding 100 10": "embedding 10 vocabulary=100",
    "input 64x8x8; bn 64": "bn",
    "input 64x8x8; batchnorm2d 64 noaffine": "batchnorm2d noaffine",
    "input 64x8x8; maxpool 3 2": "maxpool 3 s2",
    "input 64x8x8; maxpool 3 2 1 ceil": "maxpool 3 s2 p1 ceil",
    "input 64x8x8; avgpool 2 2": "avgpool 2 s2",
    "input 5x10; lstm 10 20 2": "lstm 20 layers=2",
    "input 5x10; gru 10 20": "gru 20",
    "input 64x8x8; groupnorm 8 64": "groupnorm 8",
    "input 5x64; attention 64 8": "attention 8",
    "input 64; layernorm 64": "layernorm",
    "input 64x8x8; upconv 64 32 2 2": "upconv 32 k2 s2",
    "input 64x8x8; dwconv 64 3 1 1": "dwconv 3 p1",
}
REFUSED = [
    "input 3x28x28; conv 1 16 5 1 2",
    "input 3x8x8; conv 3 16 9 1",
    "input 3x8x8; conv 16 9 1",
    "input 30; fc 1050 10",
    "input 64x8x8; bn 32",
    "input 64x8x8; maxpool 3 2 1 1 1",
    "input 60x8x8; groupnorm 8 60",
    "input 3x8x8; relu 3",
    "input 7 int(100); embedding 50 10",
    "input 64x8x8; conv 64 8 3 1 same same",
    "block b(n) { conv n k1 }\ninput 3x8x8; b 3 4",
    "input 3x8x8; conv 3 n 3 1",
]


def check(source: Source) -> tuple[Finding, ...]:
    return analyze(source, Sink()).diagnostics


@pytest.mark.parametrize("text", REWRITTEN)
def test_torch_argument_order_is_rewritten(text: str) -> None:
    source = Source(text)
    before = text.partition("; ")[0]
    fixed = fix(source, check(source), check, unsafe=True)
    assert fixed.source.text == f"{before}; {REWRITTEN[text]}"
    assert not any(found.diagnostic.severity == "error" for found in fixed.found)


@pytest.mark.parametrize("text", REFUSED)
def test_torch_arguments_without_equivalent_have_no_fix(text: str) -> None:
    found = check(Source(text))
    assert found
    assert all(each.diagnostic.fix() is None for each in found if each.diagnostic.code == "E0303")


NAMES = {
    "conv 8 kernel_size=3": "conv 8 k3",
    "conv 8 k3 strides=2 dilation_rate=1": "conv 8 k3 s2 d1",
    "conv out_channels=8 kernel_size=3": "conv 8 k3",
    "maxpool pool_size=2 strides=2": "maxpool 2 s2",
    "dwconv k3 depth_multiplier=2": "dwconv k3 m2",
    "bn epsilon=0.001": "bn eps=0.001",
    "upsample scale_factor=2": "upsample 2",
    "groupnorm num_groups=3": "groupnorm 3",
}


@pytest.mark.parametrize("text", NAMES)
def test_names_of_other_frameworks_are_replaced(text: str) -> None:
    source = Source(f"input 3x8x8; {text}")
    assert fix(source, check(source), check, unsafe=True).source.text == f"input 3x8x8; {NAMES[text]}"


@pytest.mark.parametrize("text", ["conv 8 k3 activation=relu", "conv 8 k3 activation=silu", "conv 8 k3 act=relu"])
def test_activation_argument_becomes_a_statement(text: str) -> None:
    (found,) = check(Source(f"input 3x8x8; {text}"))
    word = text.rpartition("=")[2]
    (suggestion,) = found.suggestions
    assert [edit.text for edit in suggestion.edits] == ["", f"; {word}"]


WITH_TENSORS = sorted({*registry()} - {word for word, layer in registry().items() if not layer.tensor_parameters})


@pytest.mark.parametrize("word", WITH_TENSORS)
@pytest.mark.parametrize("shape", ["6x4", "4x8x8"])
def test_too_many_values_of_a_layer_with_several_inputs_have_a_message(word: str, shape: str) -> None:
    for parameter in registry()[word].tensor_parameters:
        for values in ("4 1", "4 1 2", "4 8 2 1 1"):
            text = f"input {shape}; identity as q; {word} {values} {parameter.name}=q"
            assert all(item.diagnostic.message() for item in analyze(Source(text), Sink()).diagnostics)
