"""Lints find what they should, and leave alone what published networks do for a reason."""

from pathlib import Path

import pytest

from archdsl.diagnostics import Sink
from archdsl.network import analyse
from archdsl.text import paths
from archdsl.text.files import read_source
from archdsl.text.source import Source
from archdsl.training.recipe_check import check_recipe

# Known networks that are right to be told something, and why it stays.
ACCEPTED = {
    "vgg": {"W0903"},  # torchvision's VGG with normalisation has the biases, and its weights hold them
    "airbench94": {"W0904"},  # pools 31 pixels by 2, as published
    "squeezenet": {"W0904"},  # version 1.0 reads 224 pixels with k7 s2 and no padding, as published
    "digits": {"W0903"},  # an example for students, who meet the warning and its cure there
}
FILES = [path for path in sorted(paths.examples().rglob("*.arch")) if path.parent.name != "std"]


def codes(source: Source, *, pedantic: bool = False) -> list[str]:
    sink = Sink()
    analyse(source, sink, recipe=check_recipe, pedantic=pedantic)
    return [found.diagnostic.code for found in sink]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_known_networks_trip_nothing_else(file: Path) -> None:
    assert set(codes(read_source(file))) <= ACCEPTED.get(file.stem, set())


QUIET = {
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
    "an early tensor that is an output": "input 8\nfc 4 as a\nfc 2 as b\noutput a, b",
    "channels first of three columns": "input 8x3x3\nconv 8 k3",
    "same of a pooling by its own size": "input 8x9x9\nmaxpool 2 same",
    "the alignment of another framework": "input 3x9x9\nconv 8 k4 same_upper",
    "weights used again": "input 8\nfc 8; relu as a\nreuse a\nfc 2",
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name: str) -> None:
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
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    text, code = FOUND[name]
    assert set(codes(Source(text))) == {code}


def test_pedantic_ones_are_asked_for() -> None:
    source = Source("input 3x32x32\nconv 8 k3; relu; bn\nconv 8 k3; relu; maxpool 2")
    assert codes(source) == []
    assert codes(source, pedantic=True) == ["W0908", "W0913"]
