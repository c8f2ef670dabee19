"""Errors that beginners make, over the families of networks that they write first: what is suggested first."""

import pytest

from archdsl.diagnostics import Fix, Severity, Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.graph import Graph
from archdsl.network import analyze
from archdsl.text.source import Source

UNET = """input 1x64x64
conv 16 k3 same; relu{s1}; maxpool 2{p1}
conv 32 k3 same; relu{s2}; maxpool 2{p2}
conv 64 k3 same; relu
upsample 2; concat s2; conv 32 k3 same; relu
{up}concat s1; conv 16 k3 same; relu
conv 1 k1
"""
NAMED = {"s1": " as s1", "s2": " as s2", "p1": "", "p2": "", "up": "upsample 2; "}
RESNET = "input 3x32x32\nconv 16 k3 same; bn; relu\n"
BLOCK = (
    "block basic(c) {\n  residual { conv c k3 s=s p1; bn; relu; conv c k3 p1; bn } shortcut { conv c k1 s=s; bn }\n}\n"
    + RESNET
    + "basic 16\nbasic 32 s=2\n"
)
STEPS = "input x 20x64\ninput y 10x64\n"
FIRST = {
    # text: the title of the first suggestion, by the text
    "input 784\nlinear 128\nlinear 128 10\n": "write `linear 10`",
    "input 784; fc=128\n": "write `fc 128`",
    "input 784\nfc 128\nReLU\n": "write `relu` instead of `ReLU`",
    "input 784; fc 64 1.5\n": "write `fc 64` instead of `fc 64 1.5`",
    "input 3x32x32\nconv 16 k3 s1.5\n": "write `s2` instead of `s1.5`",
    "input 3x32x32\nconv 16 k3 stride=(2,2)\n": "write `conv 16 k3 stride=2`",
    "input 3x32x32\nresidual conv 3 k3 same\n": "write `residual { conv 3 k3 same }`",
    "input 3x32x32\n3 x { conv 16 k3 same }\n": "write `repeat 3 {` instead of `3 x {`",
    "input 3x32x32\nconv 16 k3 same relu maxpool 2\n": "insert `;` before `relu` and `maxpool`",
    "def unit(c):\n  conv c k3 same\n  relu\ninput 3x8x8\nunit 16\ngap\n": (
        "write `block unit(c) { … }`, with braces instead of indentation"
    ),
    "block unit(c, k) { conv c k=k same }\ninput 3x8x8\nunit 16\n": "give it a default: `k = 3`",
    BLOCK: "declare `s`: `block basic(c, s = 1)`",
    "block unit(c, s = 1) { conv c k3 s=stride }\ninput 3x8x8\nunit 8; unit 16 s2\n": "write `s` instead of `stride`",
    "block cna(c, act = relu) { fc c; act }\nblock plain(c) { fc c }\ninput 3\ncna 8; cna_block 8 act=silu": (
        "write `cna` instead of `cna_block`"
    ),
    "input 1x64\nconv 8 k3; Conv2D 8 k3\n": "write `conv` instead of `Conv2D`",
    "input 3x8x8\nconv 1 k8; reshape; sigmoid\n": "write `flatten` instead of `reshape`",
    "block unit(c) conv c k3 same; relu }\ninput 3x8x8\nunit 8\n": "insert `{` before `conv`",
    "block double(c) { conv c k3 same }\ninput 3x8x8\ndoubel 8\n": "write `double` instead of `doubel`",
    "net N(classes = 10)\ninput 64\nfc clases\n": "write `classes` instead of `clases`",
    # convolutions
    "input 3x8x8; conv 64 k3; conv 64 k3 p1 as a; conv 32 k1; add a": "write `conv 64 k1` instead of `conv 32 k1`",
    "input 3x32x32\nconv 16 k3; maxpool 2; conv 32 k30; conv 32 k3\ngap\n": (
        "write `conv 32 k3` instead of `conv 32 k30`"
    ),
    "input 3x32x32\nconv 16 k3\nconv 32 k30\nconv 32 k3\ngap\n": "write `conv 32 k3` instead of `conv 32 k30`",
    "input 3x224x224\nconv 64 k2 s7 p3; maxpool 3 s2 p1; conv 128 k3 s2; conv 256 k3 s2; conv 256 k3 s2; conv 9 k5": (
        "write `conv 64 k7 s2 p3` instead of `conv 64 k2 s7 p3`"
    ),
    "input 3x32x32\nconv 16 k3 same s4; conv 32 k3 same s2\navgpool 7; flatten; fc 10\n": (
        "write `avgpool 4` instead of `avgpool 7`"
    ),
    # branches and shortcuts
    "input 3x32x32\nresidual { conv 3 k5; relu; conv 3 k3 same }\n": "write `conv 3 k5 same` instead of `conv 3 k5`",
    "input 3x32x32\nresidual { conv 3 k5; relu; conv 3 k3 p1 }\n": "write `conv 3 k5 p2` instead of `conv 3 k5`",
    "input 8x32x32\nresidual { conv 8 k3; bn; relu; conv 8 k3; bn }\n": (
        "write `conv 8 k3 same` instead of `conv 8 k3` (2 times)"
    ),
    "input 8x32x32\nconcat { conv 8 k1 } { conv 8 k3 same } { conv 8 k5 p1 } { maxpool 3 s1; conv 8 k1 }\n": (
        "write `conv 8 k5 same` and `maxpool 3 s1 same`"
    ),
    RESNET + "residual { conv 32 k3 s2 p1; bn; relu; conv 32 k3 same; bn }\n": (
        "add `shortcut { conv 32 k1 s2 nobias; bn }` after the body"
    ),
    RESNET + "residual { conv 32 k3 s2 p1; relu; conv 32 k3 same } shortcut { conv 32 k1 }\n": (
        "write `conv 32 k1 s2` instead of `conv 32 k1`"
    ),
    UNET.format_map({**NAMED, "up": ""}): "insert `upsample 2` before `concat s1`",
    UNET.format(s1="", s2="", p1=" as s1", p2=" as s2", up="upsample 2; "): (
        "name the tensors before the pooling layers: `s1` and `s2`"
    ),
    UNET.format_map(NAMED).replace("64x64", "66x66"): "write `input 1x68x68`",
    # decoders
    "input 1x8x8\nconv 16 k3 s2 p1; conv 32 k3 s2 p1\nupconv 16 k3 s2 p1; upconv 1 k3 s2 p1\nassert out == 1x8x8\n": (
        "write `upconv 1 k3 s2 p1 output_padding=1` and `upconv 16 k3 s2 p1 output_padding=1`"
    ),
    "input 100\nupconv 128 k4 s2 p1; relu; upconv 1 k4 s2 p1\n": (
        "insert `reshape 100x1x1` before `upconv 128 k4 s2 p1`"
    ),
    # sequences
    "input 1x28x28\nlstm 128; take -1; fc 10\n": "insert `reshape 28x28` before `lstm 128`",
    "input 32\nembedding 1000 128\n": "write `input 32 int(1000)` and `embedding 128`",
    "input 3x32x32\nconv 64 k4 s4\nresidual { attention 4 }\nresidual { fc 256; gelu; fc 64 }\ngap\n": (
        "insert `tokens` before `residual { attention 4 }`"
    ),
    STEPS
    + "from x\nattention 4 from=x value=y\n": "write `attention 4 from=y` instead of `attention 4 from=x value=y`",
    STEPS + "from x; fc 64 as q\nfrom y; fc 64 as k\nfrom y; fc 64 as v\nfrom q; attention 4 from=k value=x\n": (
        "write `attention 4 from=k value=v` instead of `attention 4 from=k value=x`"
    ),
    "input src 20x64\nfrom source; fc 8\n": "write `src` instead of `source`",
}


def suggestions(text: str) -> tuple[Fix, ...]:
    """Those for the first error that has some."""
    found = analyze(Source(text), Sink()).diagnostics
    return next((item.suggestions for item in found if item.suggestions), ())


def layers_of(graph: Graph) -> list[object]:
    """What a network computes: the calls of its layers, their inputs and shapes."""
    nodes = [node for node in graph.nodes if not node.is_input]
    return [(node.inputs, node.shape, node.op.steps(graph.shapes_in(node))) for node in nodes]


def errors(text: str) -> int:
    return sum(item.diagnostic.severity is Severity.ERROR for item in analyze(Source(text), Sink()).found)


@pytest.mark.parametrize(("text", "title"), FIRST.items())
def test_first_suggestion_matches_the_expert_fix(text: str, title: str) -> None:
    assert suggestions(text)[0].title.startswith(title)


@pytest.mark.parametrize("text", FIRST)
def test_each_suggestion_leaves_fewer_errors(text: str) -> None:
    assert all(errors(edited_text(text, fix.edits)) < errors(text) for fix in suggestions(text))


@pytest.mark.parametrize("text", FIRST)
def test_suggestions_give_different_networks(text: str) -> None:
    made = [analyze(Source(edited_text(text, fix.edits)), Sink()).network for fix in suggestions(text)]
    layers = [layers_of(each.graph) for each in made if each is not None]
    assert len(layers) < 2 or layers[0] != layers[1]


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("input 3x32x32\nresidual { conv 3 k5; relu; conv 3 k3 same }\n", "p2"),
        (UNET.format_map({**NAMED, "up": ""}), "swap"),
        (UNET.format(s1="", s2="", p1=" as s1", p2=" as s2", up="upsample 2; "), "upsample 1"),
        ("input 64; fc 10 nobais\n", "write `fc 10` "),
        ("input 3x32x32\nconv 16 k3 same; maxpool 1.5\n", "1x5"),
        ("input 1x28x28\nfc 128\n", "learned"),
        ("block double(c) { conv c k3 same }\ninput 3x8x8\ndoubel 8\n", "on line 1"),
    ],
)
def test_implausible_edits_are_not_suggested(text: str, unwanted: str) -> None:
    titles = [fix.title for fix in suggestions(text)]
    assert titles
    assert not any(unwanted in title for title in titles)


def test_block_with_an_invalid_definition_is_not_a_typo() -> None:
    text = "block up(c) conv c k3 same; relu }\ninput 3x8x8\nup 8\n"
    found = [item for item in analyze(Source(text), Sink()).diagnostics if item.diagnostic.code == "E0201"]
    assert not any(item.suggestions for item in found)


@pytest.mark.parametrize(
    "text",
    [
        # A body that gives another shape fails where it is merged next: inserting `flatten` moves the error.
        "input 8x8x8\nconcat { } { mul { fc 1; sigmoid } }\n",
        "input 8x16x16\nconv 8 k3 as b\nmaxpool 2 as a\nconcat { from a; crop 14 } { from b }\n",
    ],
)
def test_suggestions_do_not_move_an_error_to_the_enclosing_body(text: str) -> None:
    found = [item for item in analyze(Source(text), Sink()).diagnostics if item.suggestions]
    assert all(errors(edited_text(text, fix.edits)) < errors(text) for item in found for fix in item.suggestions)
