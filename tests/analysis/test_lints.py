"""Lints find what they should, and ignore what published networks do on purpose."""

from itertools import product
from pathlib import Path

import pytest

from archdsl.analysis.lint.unread_pixels import _unread
from archdsl.diagnostics import Sink
from archdsl.diagnostics.diagnostic import Finding
from archdsl.diagnostics.fixes import fix
from archdsl.network import analyze
from archdsl.shapes.shape import Window
from archdsl.text import paths
from archdsl.text.files import read_source
from archdsl.text.source import Source
from archdsl.training.network_check import check_recipe

# Known networks with justified warnings, and why they keep the code.
ACCEPTED = {
    "vgg": {"W0903"},  # torchvision's VGG with normalization has the biases, and so do its weights
    "airbench94": {"W0904"},  # pools 31 pixels by 2, as published
    "airbench94_muon": {"W0904"},
    "squeezenet": {"W0904"},  # version 1.0 reads 224 pixels with k7 s2 and no padding, as published
    "eegnet": {"W0914"},  # a kernel of 64 with `same`, as published
    "pointnet": {"W0903"},  # the authors' code has biases before batch normalization
    "captions": {"W0903"},  # as in the run of docs/accuracy.md
    "digits": {"W0903"},  # an example for learners, which shows the warning and its fix
}
FILES = [path for path in sorted(paths.examples().rglob("*.arch")) if path.parent.name != "std"]


def codes(source: Source, *, pedantic: bool = False) -> list[str]:
    sink = Sink()
    analyze(source, sink, recipe=check_recipe, pedantic=pedantic)
    return [found.diagnostic.code for found in sink]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_published_networks_have_only_accepted_warnings(file: Path) -> None:
    assert set(codes(read_source(file))) <= ACCEPTED.get(file.stem, set())


QUIET = {
    "a feature map with its channels first": "input 100\nfc 6272; reshape 128x7x7; upconv 64 k4 s2 p1",
    "channels last that are moved to the front": "input 6272\nreshape 7x7x128; permute 2 0 1; conv 8 k3",
    "a square signal": "input 16x16\nconv1d 6 k5",
    "a square sequence": "input 16x16\nfc 6",
    "a small grid": "input 4x4\nconv 6 k3",
    "a momentum that keeps nothing": "input 3x8x8\nconv 8 k3 nobias; bn momentum=1",
    "an axis of space by its name": "input 3x8x8\nconv 8 k3; concat axis=h { relu } { tanh }",
    "an axis of space that only one of the operands has larger": (
        "input 3x8x8\nconcat axis=1 { conv 3 k3 p1 } { conv 3 k3x1 p0 }"
    ),
    "the features of a sequence": "input 8x4\nfc 4; softmax axis=1",
    "a strided shortcut beside a body that reads all": (
        "input 8x32x32\nresidual { conv 16 k3 s2 p1 } shortcut { conv 16 k1 s2 }"
    ),
    "a window whose remainder lies in the padding": "input 3x224x224\nconv 8 k7 s2 p3",
    "pixels that another path reads": "input 3x32x32\nconcat { conv 8 k2 s5 } { avgpool 32; upsample 7 }",
    "a bias that is asked for": "input 3x8x8\nconv 8 k3 bias=1; bn",
    "a bias before a group normalisation, which keeps it": "input 3x8x8\nconv 8 k3; groupnorm 2",
    "a bias that something else reads, too": "input 3x8x8\nconv 8 k3 as a; bn\nconcat a",
    "a gate": "input 16x64x64\nmul { gap keep; conv 4 k1; relu; conv 16 k1; sigmoid }\nrelu\navgpool 4\nconv 8 k3",
    "an early gate and a late average": (
        "input 3x32x32\nconv 16 k3 p1\nmul { gap keep; conv 16 k1; sigmoid }\n"
        "repeat 3 { conv 16 k3 p1; relu; maxpool 2 }\ngap; fc 10"
    ),
    "four tanh": "input 8\nrepeat 4 { fc 8; tanh }\nfc 2",
    "many sigmoids with residuals around": "input 8\nrepeat 9 { residual { fc 8; sigmoid } }\nfc 2",
    "many sigmoids with a normalisation between": "input 8\nrepeat 9 { fc 8 nobias; bn; sigmoid }\nfc 2",
    "a glu after an activation": "input 8\nfc 8; tanh; glu\nfc 2",
    "a softmax without training": "input 8\nfc 2; softmax",
    "dropout after the last normalisation": "input 8\nfc 8 nobias; bn; relu; dropout 0.5\nfc 2",
    "no dropout at all": "input 8\nfc 8 nobias; dropout 0; bn",
    "a small network that is mostly one fc": "input 1x8x8\nconv 8 k3; relu\nflatten; fc 10",
    "a network of fc alone": "input 1x28x28\nflatten\nfc 512; relu\nfc 10",
    "names of tensors": "input left 8\ninput right 8\nfrom left\nfc 8 as spare\nadd right",
    "a name used in a size": "net N(H = 8, W = 8)\ninput 3xHxW\nconv 8 k3",
    "a name used in the recipe": "net N(n = 3)\ninput 1x8x8\nflatten; fc 10\ntrain { epochs n }",
    "a name used in an assertion": "net N(most = 1000)\ninput 8\nfc 8\nassert params < most",
    "a side branch": "input 8\naux early { fc 4 }\nfc 2",
    "an early tensor that is an output": "input 8\nfc 4; relu as a\nfc 2 as b\noutput a, b",
    "a code and its reconstruction": "input 784\nfc 32 as code\nfc 784 as again\noutput code, again",
    "heads of one trunk": "input 8\nfc 8; relu as t\nfc 1 as a\nfrom t; fc 2 as b\noutput a, b",
    "features of two stages": "input 3x8x8\nconv 8 k3; relu as a\nconv 8 k3; relu as b\noutput a, b",
    "a matrix of low rank": "input 784\nfc 16; fc 100",
    "a pointwise bottleneck": "input 64x8x8\nconv 8 k1; conv 64 k1",
    "a separable kernel": "input 8x9x9\nconv 8 k3x1 p1x0; conv 8 k1x3 p0x1",
    "a depthwise separable convolution": "input 8x9x9\ndwconv k3 p1; conv 16 k1",
    "two linear layers of which another reads the first": "input 8\nfc 8 as a; fc 8; add a; relu; fc 2",
    "an fc that an embedding feeds": "input 5 int(9)\nembedding 8; fc 16; relu",
    "linear maps along two axes": "net N(T = 5, C = 8)\ninput TxC\nfc 8 axis=0; fc 8",
    "resizing to a small map": "input 3x64x64\nresize 16; resize 4x4",
    "FCN's upsampling": "input 8x7x7\nupsample 32 bilinear",
    "a factor for each side": "input 8x4x4\nupsample 2x4",
    "a large kernel with its letter": "input 3x64x64\nconv 3 k16",
    "patches": "input 3x64x64\nconv 48 16 s16",
    "a sequence of many steps": "input 128x9\nlstm 8; take -1; fc 2",
    "a signal of many channels": "input 64x96\nconv 64 k3",
    "a signal in letters": "net N(C = 128, L = 9)\ninput CxL\nconv 64 k3",
    "channels first of three columns": "input 8x3x3\nconv 8 k3",
    "same of a pooling by its own size": "input 8x9x9\nmaxpool 2 same",
    "the alignment of another framework": "input 3x9x9\nconv 8 k4 same_upper",
    "an activation before dropout": "input 8\nfc 16; relu; dropout 0.5; fc 4",
    "dropout before the first linear layer": "input 8\ndropout 0.2; fc 16; relu; fc 4",
    "weights used again": "input 8\nfc 8; relu as a\nreuse a\nfc 2",
}


@pytest.mark.parametrize("name", QUIET)
def test_correct_networks_have_no_warnings(name: str) -> None:
    assert codes(Source(QUIET[name])) == []


FOUND = {
    "a block that nothing uses": ("block b { relu }\ninput 8\nfc 2", "W0901"),
    "a branch that is left behind": ("input 8\nfc 4 as a\nfc 2\nfrom a\nfc 3", "W0902"),
    "a bias before an instance normalisation": ("input 3x8x8\nupconv 8 k2 s2; instancenorm", "W0903"),
    "a bias of fc": ("input 8\nfc 8; bn", "W0903"),
    "one of two sides": ("input 3x33x32\nconv 8 k3 s2", "W0904"),
    "both paths skip": ("input 8x33x33\nconcat { conv 8 k1 s2 } { conv 8 k1 s2 }", "W0905"),
    "a sigmoid before the loss": ("input 1x8x8\nflatten; fc 10; sigmoid\ntrain { data digits }", "W0906"),
    "in two blocks": ("block a { fc 8; relu }\nblock b { tanh; fc 8 }\ninput 8\na; b", "W0907"),
    "an activation between": ("input 8\nfc 8 nobias; dropout 0.1; relu; bn", "W0909"),
    "an average of one place": ("input 1x64x64\nconv 8 k3; relu\nadaptive_avgpool 1\nflatten; fc 2", "W0910"),
    "with dropout between": ("input 3x64x64\nconv 32 k3; relu\nflatten; dropout 0.5; fc 128; relu; fc 10", "W0911"),
    "sigmoid and tanh": ("input 8\nrepeat 4 { fc 8; sigmoid; fc 8; tanh }\nfc 2", "W0912"),
    "a picture of one channel": ("input 28x28x1\nconv 8 k1", "W0915"),
    "two linear layers": ("input 8\nfc 16; fc 4", "W0921"),
    "dropout, which is no activation": ("input 8\nfc 16; dropout 0.5; fc 4", "W0921"),
    "two linear layers of a block": ("block b { fc 16; fc 4 }\ninput 8\nb; relu; b", "W0921"),
    "a head behind another": ("input 8\nfc 8; relu\nfc 1 as a\nfc 2 as b\noutput a, b", "W0920"),
    "a head behind another's softmax": ("input 8\nfc 8; relu\nfc 3; softmax as a\nfc 2 as b\noutput a, b", "W0920"),
    "a number with the name of an argument": ("net N(s2 = 4)\ninput 3x9x9\nconv s2 k3\nconv 8 k3 s2", "W0916"),
}


@pytest.mark.parametrize("name", FOUND)
def test_each_lint_finds_its_example(name: str) -> None:
    text, code = FOUND[name]
    assert set(codes(Source(text))) == {code}


def test_pedantic_lints_are_optional() -> None:
    source = Source("input 3x32x32\nconv 8 k3; relu; bn\nconv 8 k3; relu; maxpool 2")
    assert codes(source) == []
    assert codes(source, pedantic=True) == ["W0908", "W0913"]


WITH_WARNINGS = {
    "W0915": [
        "input 128x9; conv 64 k3",
        "input 1000x1; conv 16 k3 same",
        "input 32x64x64x1; conv 8 k3 p1",
        "input 16x112x112x3; conv 8 k3 same",
        "input 128x9; bn; relu; maxpool 2",
        "input 28x28x1; conv 8 k3 p1",
    ],
    "W0919": [
        "input 64x7x7; upsample 224x224",
        "input 64x7x7; upsampling 224x224 bilinear",
        "input 64x8x8; upsample 16x16",
        "input 64x7x7; upsampling2d size=2",
        "input 64x7x7; resize 2",
        "input 64x7x7; interpolate 2 bilinear",
        "input 8x9; upsample 64",
    ],
    "W0920": [
        "input 8; fc 8; relu; fc 1 as age; fc 2 as gender; output age, gender",
        "input 8; fc 8; relu; fc 1; sigmoid as a; fc 2; softmax as b; output b, a",
        "input 8; fc 8; relu; fc 3 as a; softmax; fc 2 as b; output a, b",
        "input 8x9x9; relu; conv 4 k1 as boxes; conv 20 k1 as classes; output boxes, classes",
    ],
    "W0921": [
        "input 784; fc 128; fc 64; relu",
        "input 784; fc 16; fc 10",
        "input 3x8x8; conv 8 k1; conv 16 k3 p1",
        "input 3x8x8; conv 8 k3 p1; conv 8 k1",
        "input 3x100; conv 8 k1; conv 8 k1",
    ],
    "W0922": ["input 3x224x224; conv 3 64", "input 64x32x32; upconv 64 32", "input 3x32x32; conv 3 64 p1"],
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in WITH_WARNINGS.items() for text in texts])
def test_borderline_cases_are_reported(code: str, text: str) -> None:
    assert code in codes(Source(text))


@pytest.mark.parametrize("text", WITH_WARNINGS["W0919"] + WITH_WARNINGS["W0915"])
def test_fixes_remove_their_warning(text: str) -> None:
    def check(source: Source) -> tuple[Finding, ...]:
        return analyze(source, Sink()).diagnostics

    source = Source(text)
    before = [found.diagnostic.code for found in check(source)]
    after = [found.diagnostic.code for found in fix(source, check(source), check, unsafe=True).found]
    removed = set(before) - set(after)
    assert removed & {"W0919", "W0915"} or not any(found.diagnostic.fix() for found in check(source))
    assert not any(code.startswith("E") for code in after)


def test_unread_rows_are_the_window_remainder_minus_padding():
    for side, kernel, stride, before, after in product(range(1, 14), range(1, 6), range(1, 6), range(4), range(4)):
        window = Window(kernel=kernel, stride=stride, before=before, after=after)
        if stride > kernel or window.out(side) < 1:
            continue
        starts = (i * stride - before for i in range(window.out(side)))
        last = max(start + kernel for start in starts)
        assert _unread(window, side) == max(0, side - last) == max(0, window.room(side) % stride - after)


def windows(size: int, kernel: int, stride: int, before: int, out: int, dilation: int = 1) -> list[list[int]]:
    """For each position, the elements that the window covers, which may lie in the padding."""
    return [[o * stride - before + dilation * k for k in range(kernel)] for o in range(out)]


@pytest.mark.parametrize(
    ("kernel", "stride"), [each for each in product((2, 4, 6, 64), (1, 2, 3, 4, 5)) if each[0] != each[1]]
)
def test_same_is_reported_where_it_shifts_more_than_an_odd_kernel(kernel: int, stride: int) -> None:
    for size in range(6, 16):
        graph = analyze(Source(f"input 3x{size}\nconv 8 k{kernel} s{stride} same"), Sink()).draft.checked()
        assert graph is not None
        (node,) = graph.layers
        covered = windows(size, kernel, stride, (kernel - 1) // 2, node.shape.dims[1])
        shift = sum(map(sum, covered)) / (kernel * len(covered)) - (size - 1) / 2
        of_odd = shift - 0.5
        found = "W0914" in codes(Source(f"input 3x{size}\nconv 8 k{kernel} s{stride} same"))
        assert found == (abs(shift) > abs(of_odd))
        assert shift == 0.5 or not found


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(5, 6, 1), (3, 4, 1), (1, 2, 1), (2, 4, 2), (3, 8, 3)])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_label_of_skipped_elements_counts_those_that_are_read(
    kernel: int, stride: int, dilation: int, rank: int
) -> None:
    sizes = "x".join([str(4 * stride)] * rank)
    text = f"input 3x{sizes}\nconv 8 k{kernel} s{stride} d{dilation}"
    (label,) = [each.diagnostic.label() for each in analyze(Source(text), Sink()).diagnostics]
    read = len({i for window in windows(4 * stride, kernel, stride, 0, 4, dilation) for i in window})
    numbers = [int(word.replace(",", "")) for word in label.split() if word[0].isdigit()]
    assert numbers[0] / numbers[1] == pytest.approx((read / (4 * stride)) ** rank)


def test_unread_elements_are_counted_from_two_on() -> None:
    def message(text: str) -> str:
        (found,) = analyze(Source(text), Sink()).diagnostics
        return found.diagnostic.message()

    assert message("input 3x32x32\nmaxpool 3 s2") == "`maxpool` never reads the last of 32 elements"
    assert message("input 3x33x32\nconv 8 k3 s3") == "`conv` never reads the last 2 of 32 elements"
    assert message("input 3x32x34\nconv 8 k3 s3").endswith("the last 2 of 32 and the last of 34 elements")
