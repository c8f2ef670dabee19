"""Similarity alone makes no fix: a word that names an operation is not replaced with a similar layer name."""

import re
from random import Random

import pytest

from archdsl import zoo
from archdsl.diagnostics import Severity, Sink
from archdsl.diagnostics.diagnostic import Finding
from archdsl.diagnostics.fixes import fix
from archdsl.elaborate.known_operations import _OPERATIONS, is_operation
from archdsl.layers import merges, registry, synonyms
from archdsl.network import analyze
from archdsl.suggest.generators.foreign_names import FOREIGN_NAMES
from archdsl.text.source import Source


def check(source: Source) -> tuple[Finding, ...]:
    return analyze(source, Sink()).diagnostics


def errors(text: str) -> int:
    return sum(item.diagnostic.severity is Severity.ERROR for item in analyze(Source(text), Sink()).found)


def fixed(text: str) -> str:
    source = Source(text)
    return fix(source, check(source), check, unsafe=True).source.text


@pytest.mark.parametrize("word", sorted(_OPERATIONS))
def test_operation_name_is_not_treated_as_a_typo(word: str) -> None:
    text = f"input 3x8x8; {word}; relu"
    (found,) = check(Source(text))
    assert found.diagnostic.code == "E0201"
    assert found.diagnostic.label() == "a common operation, but not a layer here"
    assert fixed(text) == text


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "nin", "resnet18", "unet", "squeezenet1_0", "mobilenet_v2"])
def test_operation_name_in_a_zoo_network_is_not_replaced(name: str) -> None:
    text, random = zoo.find(name).source().text, Random(name)
    words = re.compile(r"(?:(?<=[;{] )|(?<=\n))(?:relu|bn|conv|maxpool|fc|flatten)\b")
    layers = [found.span() for found in words.finditer(text)]
    for word in random.sample(sorted(_OPERATIONS), 3):
        start, end = random.choice(layers)
        wrong = f"{text[:start]}{word}{text[end:]}"
        after = fixed(wrong)
        assert re.search(rf"\b{word}\b", after[max(0, start - 40) :])
        assert errors(after) <= errors(wrong)


def test_layer_names_are_not_listed_as_unsupported_operations() -> None:
    assert not [word for word in {*registry(), *synonyms()} if word in _OPERATIONS]
    assert is_operation("ArgMax")
    assert is_operation("cumsum2d")


TYPOS = {
    "rleu": "relu",
    "covn 3 k1": "conv 3 k1",
    "batchnrom": "batchnorm",
    "flaten": "flatten",
    "maxpoool 2": "maxpool 2",
}
UNCERTAIN = ["eelu", "xelu", "grx", "fx 3", "maxpol3 2", "avgpooling9 2"]


@pytest.mark.parametrize("text", TYPOS)
def test_one_letter_typo_is_fixed(text: str) -> None:
    assert fixed(f"input 3x8x8; {text}") == f"input 3x8x8; {TYPOS[text]}"


@pytest.mark.parametrize("text", UNCERTAIN)
def test_ambiguous_typo_is_not_fixed(text: str) -> None:
    assert fixed(f"input 3x8x8; {text}") == f"input 3x8x8; {text}"


@pytest.mark.parametrize("call", ["sin(3)", "log2(2)", "abs(2)", "len(3)", "pow(2, 3)", "sum(3)", "int(3)"])
def test_functions_of_other_languages_are_not_replaced(call: str) -> None:
    assert fixed(f"input 8; fc {call}") == f"input 8; fc {call}"


@pytest.mark.parametrize(
    "text",
    [
        "block wrap(n, act = relu) { fc n; act }\ninput 8; wrap 3 silu",
        "input 3x8x8; conv relu",
        "input 3x8x8; conv 8 relu",
        "input 8; fc dropout 0.5",
    ],
)
def test_separator_is_not_inserted_into_an_incomplete_statement(text: str) -> None:
    assert fixed(text) == text


@pytest.mark.parametrize("text", ["input 8; fc 3 relu", "block b(n) { fc n }\ninput 8; b 3 relu", "input 8; relu bn"])
def test_separator_is_inserted_between_complete_statements(text: str) -> None:
    word = text.split()[-1]
    assert fixed(text) == text.replace(f" {word}", f"; {word}")


def test_foreign_names_are_not_names_of_the_language() -> None:
    """Its keyword is a statement of the language, and the word itself is not: it would be read as what it is."""
    known = {*registry(), *synonyms(), *merges(), "residual"}
    assert set(FOREIGN_NAMES.values()) <= known
    assert not [word for word in FOREIGN_NAMES if word in {*registry(), *synonyms()}]


@pytest.mark.parametrize("use", ["b cc4 k5", "b kk4", "conv kk4 k3"])
def test_word_similar_to_a_name_and_a_shorthand_is_undefined(use: str) -> None:
    text = f"block b(c, k = 3) {{ conv c k=k }}\ninput 3x32x32\nlet k4 = 4\nlet c4 = 8\n{use}\n"
    assert "E0202" in [found.diagnostic.code for found in check(Source(text))]
