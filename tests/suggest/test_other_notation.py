"""What other languages write: the first suggestion means the same here, and no suggestion means something else."""

import re

import pytest

import archdsl
from archdsl.diagnostics import Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import analyze
from archdsl.text.source import Source

SAME = {
    "dropout 20%": "dropout 0.2",
    "dropout p=12.5%": "dropout p=0.125",
    "dropout .5%": "dropout 0.005",
    "dropout 5.%": "dropout 0.05",
    "scale 1.5e+1%": "scale 0.15",
    "dropout 12.3456789%": "dropout 0.123456789",
    "scale .5": "scale 0.5",
    "scale -.25": "scale -0.25",
    "if !@c { relu }": "if not @c { relu }",
    "if !(@c == 8) { relu }": "if not (@c == 8) { relu }",
    "if @c == 8 && @h == 8 { relu }": "if @c == 8 and @h == 8 { relu }",
    "if @c == 8 && !(@h == 8) || @w == 1 { relu }": "if @c == 8 and not (@h == 8) or @w == 1 { relu }",
    "if @c == 4 { relu } elif @c == 8 { tanh }": "if @c == 4 { relu } else if @c == 8 { tanh }",
    "if @c == 4 { relu } elif @c == 8 { tanh } elif @c == 9 { relu }": (
        "if @c == 4 { relu } else if @c == 8 { tanh } else if @c == 9 { relu }"
    ),
    "if @c == 4 { relu } elsif @c == 8 { tanh } elsif @c == 9 { relu } else { silu }": (
        "if @c == 4 { relu } else if @c == 8 { tanh } else if @c == 9 { relu } else { silu }"
    ),
    "conv 8 k1 as a x3": "conv 8 k1 x3 as a",
    "conv 8 k3x3x3 d2x2x2": "conv 8 k3 d2",
    "conv 8 k3x1x5 s2": "conv 8 k3x1 s2",
    "maxpool 3x3x3 s2": "maxpool 3 s2",
    "scale \u22120.5": "scale -0.5",
    "conv \uff14 k\uff13": "conv 4 k3",
    "conv 4\u200b k3": "conv 4 k3",
    "dwconv k3 fixed=\u201c1 2 1; 2 4 2; 1 2 1\u201d": 'dwconv k3 fixed="1 2 1; 2 4 2; 1 2 1"',
    "pad left=1 right=2": "pad before=1 after=2",
    "conv1 8 k3": "conv 8 k3",
    "conv 8 k3 strides 2 padding same": "conv 8 k3 s2 same",
    "conv 8 kernel_size 3 padding valid": "conv 8 k3",
    "conv 8 k1 * 3": "conv 8 k1 x3",
    "tanh \u00d7 3": "tanh x3",
    "(conv 8 k3 same; relu) x3": "repeat 3 { conv 8 k3 same; relu }",
    "[conv 8 k3 same, relu] x 3": "repeat 3 { conv 8 k3 same; relu }",
    "{ conv 8 k3 same; relu } * 3": "repeat 3 { conv 8 k3 same; relu }",
    "{ conv 8 k3 same; relu } x3": "repeat 3 { conv 8 k3 same; relu }",
    "3 x { conv 8 k3 same\n relu }": "repeat 3 { conv 8 k3 same\n relu }",
    "2 * (conv 8 k1, bn, relu)": "repeat 2 { conv 8 k1; bn; relu }",
    "x = conv 8 k3 same; y = relu x; z = add x y": "conv 8 k3 same as x; relu as y; add x y as z",
    "x = conv 8 k3; x = bn x; x = relu x": "conv 8 k3; bn; relu",
    "a = conv 8 k1; b = relu a; c = tanh a; d = concat b c": (
        "conv 8 k1 as a; relu as b; from a; tanh as c; concat b c as d"
    ),
    "relu1": "relu",
    "dropout 50%%": "dropout 0.5",
    "if @c == 8 { x = relu x }": "if @c == 8 { relu }",
    "gap; fc-10-softmax": "gap; fc 10; softmax",
    "gap; fc 10 (softmax)": "gap; fc 10; softmax",
    "conv[3x3, 8]": "conv 8 k3",
    "3x3 conv 8 + BN + ReLU": "conv 8 k3; bn; relu",
    "8 filters of 3x3": "conv 8 k3",
    "conv 8 k3 same (x3)": "conv 8 k3 same x3",
    "conv 8 k3 s(2,2)": "conv 8 k3 s2",
    "repeat 3x { tanh }": "repeat 3 { tanh }",
    "for 3 { tanh }": "repeat 3 { tanh }",
    "residual: conv 8 k3 same; relu": "residual { conv 8 k3 same; relu }",
    "layers.MaxPooling2D((2, 2))": "maxpool 2",
    "relu as a; tanh as b; a + b": "relu as a; tanh as b; add a b",
    "relu as a; tanh; x = x + a": "relu as a; tanh; add a",
    "relu as a; tanh; + a": "relu as a; tanh; add a",
    "c = 8; conv c k3": "let c = 8; conv c k3",
}


def _suggested(text: str) -> list[str]:
    """The texts that the suggestions for the first error of a text make of it."""
    source = Source(text)
    first = analyze(source, Sink()).diagnostics[0]
    return [edited_text(text, each.edits) for each in first.suggestions]


@pytest.mark.parametrize("statement", SAME)
def test_first_suggestion_is_equivalent(statement: str) -> None:
    found = _suggested(f"input 8x8x8; {statement}")
    assert found[0] == f"input 8x8x8; {SAME[statement]}"
    assert archdsl.check(text=found[0]).ok


_PAPERS = {
    "conv {f} k{k}": (
        "conv{k}x{k} {f}", "conv{k}-{f}", "conv_{k}x{k} {f}", "Conv{k}x{k}-{f}", "conv{k}x{k}({f})",
        "{k}x{k} conv, {f}", "{k}×{k} conv {f}", "{k} × {k}, {f}", "{f}@{k}x{k}", "conv {f}@{k}x{k}",
        "{f} {k}x{k} conv", "conv {k}x{k}x{f}", "conv {k}x{k}, {f} filters", "Conv({k}x{k}, {f})",
        "{k}x{k} convolution, {f}",
    ),
    "conv {f} k{k} s{s}": (
        "{k}x{k} conv, {f}, stride {s}", "{k}x{k} conv, {f}, /{s}", "{k}×{k}, {f}, stride {s}",
        "{k}x{k} conv, {f}, s={s}",
    ),
    "conv {f} k{k} s{s} p{p}": ("{k}x{k} conv, {f}, stride {s}, pad {p}", "conv{k}x{k} {f}, padding={p}, stride={s}"),
    "conv {f} k{k} same": ("conv{k}x{k} {f} same", "{k}x{k} conv, {f}, same"),
    "conv {f} k{k}; relu": ("conv{k}x{k}, {f}, relu",),
    "conv {f} k{k}; bn; relu": ("conv{k}x{k} {f} bn relu", "{k}x{k} conv, {f}, batch norm, relu"),
    "maxpool {k}": ("maxpool{k}x{k}", "maxpool{k}", "{k}x{k} max pool", "max pooling {k}x{k}", "max-pool {k}x{k}"),
    "maxpool {k} s{s}": ("{k}x{k} max pool, stride {s}", "{k}×{k} maxpool, /{s}", "max pool {k}x{k}, stride {s}"),
    "avgpool {k}": ("avgpool{k}x{k}", "{k}x{k} average pooling", "average pool, {k}x{k}"),
    "gap": ("global average pool", "global average pooling"),
    "gap; fc {f}": ("gap; fc{f}", "gap; FC-{f}", "gap; {f}-d fc", "gap; fully connected, {f}"),
    "gap; fc {f}; softmax": ("gap; {f}-d fc, softmax", "gap; FC-{f}, softmax"),
    "dropout 0.{f}": ("dropout0.{f}", "Dropout-0.{f}"),
    "conv {f} k{k} as a; relu": ("conv{k}-{f} as a; relu",),
    "residual {{ conv 8 k{k} same }}": ("residual {{ conv{k}x{k} 8 same }}", "residual {{ {k}x{k} conv, 8, same }}"),
}  # fmt: skip
"""The notation of papers and lectures (VGG, ResNet, textbooks) by the statement with the same meaning."""


@pytest.mark.parametrize(("f", "k", "s", "p"), [(16, 3, 2, 1), (64, 5, 3, 2), (8, 7, 4, 3)])
@pytest.mark.parametrize(("written", "meant"), [(each, new) for new, forms in _PAPERS.items() for each in forms])
def test_layers_in_paper_notation_are_rewritten(written: str, meant: str, f: int, k: int, s: int, p: int) -> None:
    text, expected = (f"input 8x40x40; {each.format(f=f, k=k, s=s, p=p)}" for each in (written, meant))
    assert _suggested(text)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "3x3 conv, 8, k5",
        "3x3 conv, 8, stride 2, strides 3",
        "conv3x3 8 same pad 2",
        "conv3x3 -8",
        "3x3 5x5 conv 8",
        "conv3-8 fc 3",
        "conv3-8x2",
        "foo3-8",
        "3x3 8 16",
        "conv3-8 gelp",
    ],
)
def test_suggestions_do_not_drop_numbers_or_words_of_a_layer(text: str) -> None:
    for found in _suggested(f"input 8x40x40; {text}"):
        words = re.findall(r"[a-z]{2,}|\d+", found)
        assert not [each for each in re.findall(r"[a-z]{2,}|\d+", text) if each not in words]


@pytest.mark.parametrize("statement", ["glu", "lstm 8", "slice 2 9", "matmul { tokens }", "fc 4", "pixelshuffle 2"])
@pytest.mark.parametrize("size", ["3x32x32", "1x28x28", "3x224x224"])
def test_image_channels_are_not_treated_as_a_batch(statement: str, size: str) -> None:
    for found in analyze(Source(f"input {size}; {statement}"), Sink()).diagnostics:
        assert not [each.title for each in found.suggestions if "without the batch" in each.why]


@pytest.mark.parametrize("statement", ["scale2 4", "conv3x3 8", "relu6 x", "covn 8 k3", "rel"])
def test_unknown_layer_may_be_of_a_package_that_was_not_read(statement: str) -> None:
    found = analyze(Source(f'use "my-layers"\ninput 3x8x8\n{statement}\n'), Sink()).diagnostics
    known = {"scale", "conv", "relu", "relu6", "elu", "selu"}
    for fix in (fix for each in found if each.diagnostic.code == "E0201" for fix in each.suggestions):
        assert fix.ambiguous
        assert fix.edits[0].text.split()[0] in known


@pytest.mark.parametrize(
    "line",
    [
        "import torch.nn as nn",
        "from torch import nn",
        "class Net(nn.Module):",
        "    def forward(self, x):",
        "model = keras.Sequential([",
    ],
)
def test_python_code_suggests_the_importer(line: str) -> None:
    first = analyze(Source(f"{line}\n"), Sink()).diagnostics[0]
    assert "archdsl import" in " ".join(first.diagnostic.help())
    assert not first.suggestions


@pytest.mark.parametrize("written", ["shape=3x32x32", "size = 3x32x32", "image=3x32x32"])
def test_keyword_of_an_input_size_is_removed(written: str) -> None:
    assert _suggested(f"input {written}; conv 8 k3")[0] == "input 3x32x32; conv 8 k3"


@pytest.mark.parametrize(
    "text",
    [
        "x = conv 8 k1; y = relu x; x = tanh y; z = add x y; w = relu x",  # x is two tensors
        "a = conv 8 k1; b = conv 8 k1; c = relu a b",  # a layer of two tensors
        "relu as y; tanh; y = tanh y",  # not the current tensor
        "x = relu x; y = tanh y",
    ],
)
def test_assignments_without_equivalent_are_not_rewritten(text: str) -> None:
    assert not [each for each in _suggested(f"input 8x8x8; {text}") if "=" not in each]


def test_assignments_after_another_statement_keep_the_tensor_they_read() -> None:
    found = _suggested("input 8x8x8; a = conv 8 k1; tanh  # a = b\nb = relu a; c = conv 4 k1 b")
    assert "input 8x8x8; conv 8 k1 as a; tanh  # a = b\nfrom a; relu as b; conv 4 k1 as c" in found


def test_superscript_is_not_treated_as_a_digit() -> None:
    for text in ("input 8x8x8; conv 4\u00b2 k1", "input 8; fc 10\u00b3"):
        assert not {"input 8x8x8; conv 42 k1", "input 8; fc 103"} & set(_suggested(text))


@pytest.mark.parametrize("digit", ["\uff13", "\u0663", "\u0969"])
def test_only_the_digits_0_to_9_are_numbers(digit: str) -> None:
    for text in (f"input {digit}x8x8; relu", f"input 3x8x8; conv 4 k{digit}", f"input 8; let n = {digit}; fc n"):
        assert next(each.diagnostic.code for each in analyze(Source(text), Sink()).found) == "E0105"


STEPS = {
    "cnov 8, k3": "cnov 8 k3",
    "conv: 64": "conv 64",
    "conv 8 k3 s2, flatten, fc 10; gpa": "conv 8 k3 s2; flatten; fc 10; gpa",
    "relu && 3; cnov 8 k3": None,
    "dense(10)": "fc 10",
    "let n = 10; fc(n)": "let n = 10; fc n",
    "Conv2d(8, kernel_size=3); fc 4": "conv 8 k3; fc 4",
}
"""Statements with a syntax error that hides another error, and the statement of the first suggestion."""


@pytest.mark.parametrize("statement", STEPS)
def test_syntax_error_that_hides_another_error_is_corrected_alone(statement: str) -> None:
    text = f"input 8x8x8; {statement}"
    found = _suggested(text)
    assert found[:1] == ([] if STEPS[statement] is None else [f"input 8x8x8; {STEPS[statement]}"])
    for each in found:
        first = analyze(Source(each), Sink()).diagnostics[0].diagnostic
        assert not first.code.startswith("E01")
