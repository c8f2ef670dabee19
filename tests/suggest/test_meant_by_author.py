"""Suggestions keep what a text says: its operations, its names of arguments, and sizes that are sizes."""

import re

import pytest

from archdsl.analysis.codes import by_code
from archdsl.diagnostics import Severity, Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import analyze
from archdsl.text.source import Source

SHOWN = {
    "input 196x192\nto_image 14\n": ["input 196x192\nto_image 14x14\n"],
    "input 196x192\nto_image 16x14\n": ["input 196x192\nto_image 14x14\n"],
    "input 12x8\nto_image 3\n": ["input 12x8\nto_image 3x4\n"],
    "input 197x8\nto_image\n": ["input 197x8\nslice 1 axis=0\nto_image\n"],
    "input 197x8\nto_image 14x14\n": ["input 197x8\nslice 1 axis=0\nto_image 14x14\n"],
    "input 197x8\nto_image 1\n": [],
    "input Tx8\nto_image 14\n": [],
    "input 3x0x32\nconv 8 k3\n": ["input 3x32x32\nconv 8 k3\n"],
    "input 3x32x0\nconv 8 k3\n": ["input 3x32x32\nconv 8 k3\n"],
    "input 0x32x32\nconv 8 k3\n": [],
    "input 3x0x0\nconv 8 k3\n": [],
    "input 0x3x32x32\nconv 8 k3\n": ["input 3x32x32\nconv 8 k3\n"],
    "input 3xHxW\nlet P = @h\nupsample size=PxP\n": [],
    "input 3xHxW\nconv 8 k3\nlet n = 64 // @h\ngap; fc n\n": [],
    "input 60x8x8\ngroupnorm 8\n": ["input 60x8x8\ngroupnorm 6\n", "input 60x8x8\ngroupnorm 10\n"],
    "input 4x16x15\npixelunshuffle 4\n": [
        "input 4x16x15\npad after=0x1\npixelunshuffle 4\n",
        "input 4x16x15\ncrop 16x12\npixelunshuffle 4\n",
    ],
    "input 4x15x15\npixelunshuffle 4\n": [
        "input 4x15x15\npixelunshuffle 3\n",
        "input 4x15x15\npad after=1\npixelunshuffle 4\n",
    ],
    "input 4x3x3\npixelunshuffle 4\n": [
        "input 4x3x3\npixelunshuffle 3\n",
        "input 4x3x3\npad after=1\npixelunshuffle 4\n",
    ],
    "input 16x64\nattention h5\n": ["input 16x64\nattention h4\n", "input 16x64\nattention h8\n"],
    "input 16x64\nattention heads=5 causal\n": [
        "input 16x64\nattention heads=4 causal\n",
        "input 16x64\nattention heads=8 causal\n",
    ],
    "input 3x32x32\nconv1d 16 k3\n": ["input 3x32x32\nconv2d 16 k3\n"],
    "input 3x32x32\nconv 16\n": ["input 3x32x32\nconv 16 k3\n"],
    "input 3x32x32\nconv 8 0.5.5\n": [],
    "input 3x32x32\nconv 8 k3; dropout 0.5.5\n": [],
    "input 3x32x32\nconv32\n": ["input 3x32x32\nconv 32\n"],
    "input 3x32x32\nconv 8 k3 $\n": ["input 3x32x32\nconv 8 k3\n"],
    "input 64\nlet n = 10 -1\nfc n\n": ["input 64\nlet n = 10 - 1\nfc n\n"],
    "net N(groups = 0)\ninput 64\nfc 64 // groups\n": ["net N(groups = 1)\ninput 64\nfc 64 // groups\n"],
    "input 3x8x8\ninput b 3x8x8\nadd b\n": ["input first 3x8x8\ninput b 3x8x8\nadd b\n"],
}
"""Texts with an error, and the texts after each suggestion."""
AMBIGUOUS = "block b(c, n=1) { BODY }\ninput 3x32x32\nconv 16 k3 p1 as x2\nb 16 x2\n"
EXAMPLES = {code: kind.wrong for code, kind in by_code().items() if not kind.files and kind.wrong}


def shown(text: str) -> list[list[str]]:
    """The texts after each suggestion, for each error."""
    found = analyze(Source(text), Sink()).diagnostics
    errors = [item for item in found if item.diagnostic.severity is Severity.ERROR]
    return [[edited_text(text, fix.edits) for fix in item.suggestions] for item in errors]


def sizes(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w.])\d+(?:x\d+)+(?![\w.])", text))


@pytest.mark.parametrize("text", SHOWN)
def test_suggestions_are_what_the_author_may_have_meant(text: str) -> None:
    assert shown(text)[0] == SHOWN[text]


@pytest.mark.parametrize("code", EXAMPLES)
def test_no_two_suggestions_for_an_error_are_alike(code: str) -> None:
    for texts in shown(EXAMPLES[code]):
        assert len({" ".join(text.split()) for text in texts}) == len(texts)


@pytest.mark.parametrize("code", EXAMPLES)
def test_no_suggestion_writes_a_size_that_is_not_positive(code: str) -> None:
    text = EXAMPLES[code]
    for new in (each for texts in shown(text) for each in texts):
        assert not [size for size in sizes(new) - sizes(text) if "0" in size.split("x") and f"after={size}" not in new]


@pytest.mark.parametrize(
    ("body", "readings"),
    [
        ("conv c k3 p1", ["b 16 n=x2", "repeat 2 { b 16 }"]),
        ("repeat n { conv c k3 p1 }", ["repeat 2 { b 16 }"]),
    ],
)
def test_an_ambiguous_tensor_is_shown_with_each_reading_that_is_valid(body: str, readings: list[str]) -> None:
    (texts,) = shown(AMBIGUOUS.replace("BODY", body))
    assert [text.splitlines()[-1] for text in texts] == readings


def test_a_word_before_a_value_is_its_name_rather_than_a_parameter_of_the_block() -> None:
    text = "block b(c) { conv c k3; dropout rate 0.5 }\ninput 3x32x32\nb 16\n"
    assert shown(text) == [[text.replace("rate ", "")]]


def test_an_undeclared_parameter_has_the_default_of_the_argument_that_it_sets() -> None:
    text = "block b(c) { conv c k3; dropout rate }\ninput 3x32x32\nb 16\n"
    assert shown(text) == [[text.replace("b(c)", "b(c, rate = 0.5)")]]
