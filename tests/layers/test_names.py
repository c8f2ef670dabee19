"""Names of other frameworks: accepted if they mean the same, otherwise explained."""

import pytest
import torch
from onnx import helper
from onnx.reference import ReferenceEvaluator

import archdsl
from archdsl.diagnostics import Sink
from archdsl.layers import find
from archdsl.network import analyze
from archdsl.text.source import Source


@pytest.mark.parametrize(
    ("word", "keyword"),
    [
        ("depthwiseconv2d", "dwconv"),
        ("zeropadding2d", "pad"),
        ("groupnormalization", "groupnorm"),
        ("layernormalization", "layernorm"),
        ("globalaveragepooling2d", "gap"),
        ("conv2dtranspose", "upconv"),
    ],
)
def test_keras_layer_names_are_recognized(word: str, keyword: str) -> None:
    layer = find(word)
    assert layer is not None
    assert layer.keyword == keyword


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("separableconv2d 64 k3", "`dwconv k3; conv 64 k1`"),
        ("SeparableConv1D 64 k3", "`dwconv k3; conv 64 k1`"),
        ("cropping2d 4", "the number to remove at each end"),
        ("time_distributed", "`fc` acts on each step"),
        ("concatenate a b", "write `concat` instead"),
        ("divide a b", "write `div` instead"),
        ("max axis=c", "`amax`"),
        ("cat a b", "`concat`"),
        ("patch_embed 768 2", "write `conv 768 k2 s2; tokens`"),
        ("patch 2 768", "write `conv 768 k2 s2; tokens`"),
        ("layer_scale 1e-6", "write `scale 1e-6 learned`"),
        ("LayerScale", "`scale` with `learned`"),
        ("positional_encoding", "write `pos sines`"),
        ("positional_encoding", "write `pos`"),
        ("depth_to_space 2", "write `pixelshuffle 2`"),
        ("transpose 1 2", "write `permute 1 0 2`"),
        ("transpose 1 2", "write `permute 0 2 1`"),
        ("transpose -2 -1", "write `permute 0 2 1`"),
        ("transpose 2 0 1", "write `permute 2 0 1`"),
        ("activation relu", "`relu`"),
    ],
)
def test_different_syntax_is_explained(statement: str, words: str) -> None:
    first = analyze(Source(f"input 4x8x8\nconv 4 k1 as a\nconv 4 k1 as b\n{statement}\n"), Sink()).diagnostics[0]
    assert first.diagnostic.code == "E0201"
    assert words in " ".join([*first.diagnostic.help(), *(each.title for each in first.suggestions)])


def test_concatenate_with_bodies_suggests_concat() -> None:
    analysis = analyze(Source("input 4x8x8\nconcatenate { conv 2 k1 } { conv 2 k1 }\n"), Sink())
    (suggestion,) = analysis.diagnostics[0].suggestions
    assert [edit.text for edit in suggestion.edits] == ["concat"]


@pytest.mark.parametrize(("name", "sizes"), [("depth_to_space", "8x2x3"), ("space_to_depth", "2x4x6")])
def test_suggestion_for_depth_to_space_orders_channels_as_onnx_does(name: str, sizes: str) -> None:
    analysis = analyze(Source(f"input {sizes}; {name} 2"), Sink())
    text = analysis.diagnostics[0].suggestions[0].edits[0].text
    x = torch.randn(2, *map(int, sizes.split("x")))
    node = helper.make_node(name.title().replace("_", ""), ["x"], ["y"], blocksize=2)
    (expected,) = ReferenceEvaluator(node).run(None, {"x": x.numpy()})
    actual = archdsl.loads(f"input {sizes}; {text}").to_torch()(x)
    torch.testing.assert_close(actual, torch.from_numpy(expected))
