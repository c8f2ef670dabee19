"""Comparisons and conditions: values of different kinds have an error at their position, wherever they are written."""

import itertools

import pytest

from archdsl.diagnostics import Severity, Sink
from archdsl.network import Analysis, analyze
from archdsl.text.source import Source

VALUES = {
    "number": ("6", "@h", "n", "2 * 3", "(1 < 2)", "max(2, 6)", "[1, 6][1]"),
    "size": ("8x8", "s", "(6x6)", "8x(2 * 3)"),
    "text": ('"a"', '("b")'),
}
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
HEAD = "net N(n = 6, s = 3x3)\ninput 3x6x6; "
PLACES = (
    "if CONDITION { relu } else { tanh }",
    "if 1 == 2 { relu } else if CONDITION { tanh }",
    "residual when CONDITION { conv 3 k1 }",
    "let a = (1 if CONDITION else 2); conv a k1",
    "let b = [1 if CONDITION else 2 for i in [0, 1]]; relu",
    "if 1 == 1 and CONDITION { relu }",
    "if 1 == 2 or CONDITION { relu }",
    "if not (CONDITION) { relu }",
    "repeat 2 { if CONDITION { relu } }",
    "block unit(a) { if CONDITION { relu } }; unit 1".replace("; unit", "\nunit"),
)


def checked(text: str) -> Analysis:
    return analyze(Source(text), Sink())


def errors(text: str) -> list[tuple[str, str]]:
    """The codes of the errors of a text, with the words at their positions."""
    found = (item.diagnostic for item in checked(text).found if item.diagnostic.severity is Severity.ERROR)
    return [(each.code, each.span.text) for each in found]


def comparable(one: str, op: str, other: str) -> bool:
    return one == other and (one == "number" or op in ("==", "!="))


@pytest.mark.parametrize(("one", "other"), list(itertools.product(VALUES, VALUES)))
def test_values_of_different_types_cannot_be_compared(one: str, other: str) -> None:
    pairs = itertools.cycle(itertools.product(VALUES[one], VALUES[other]))
    for op in OPERATORS:
        for place in (*PLACES, "relu; assert CONDITION"):
            left, right = next(pairs)
            condition = f"{left} {op} {right}"
            found = errors(HEAD + place.replace("CONDITION", condition))
            wanted = [] if comparable(one, op, other) else [("E0306", condition)]
            assert [each for each in found if each[0] != "E0506"] == wanted, (condition, place, found)


@pytest.mark.parametrize("place", PLACES)
def test_condition_must_be_a_number(place: str) -> None:
    assert not errors(HEAD + place.replace("CONDITION", "n"))
    for value in (*VALUES["size"], *VALUES["text"]):
        ((code, words),) = errors(HEAD + place.replace("CONDITION", value))
        assert code == "E0306"
        assert words.strip("()") == value.strip("()")


def test_last_operand_of_or_may_have_any_type() -> None:
    assert not errors(HEAD + "conv 3 k=(0 or 3x3); if 1 == 1 { conv 3 (n - 6 or s) }")


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        ("out == 10", ["E0506"]),
        ("out != 10", []),
        ("10 != (out)", []),
        ("out == 3x6x6", []),
        ("out == 6x6", ["E0506"]),
        ("out < 3x6x7", ["E0306"]),
        ("out < 10", ["E0306"]),
        ('out == "a"', ["E0306"]),
        ("out == 10 or @h == 6", []),
    ],
)
def test_output_shape_is_compared_at_any_rank(condition: str, codes: list[str]) -> None:
    assert [code for code, _ in errors(f"input 3x6x6; relu; assert {condition}")] == codes


def test_vector_output_is_compared_with_sizes_and_numbers() -> None:
    for condition, codes in (("out == 3", []), ("out < 4", []), ("out != 3x6x6", []), ("out == 3x6x6", ["E0506"])):
        assert [code for code, _ in errors(f"input 3x6x6; gap; assert {condition}")] == codes


def test_parameter_named_out_shadows_the_output() -> None:
    assert [code for code, _ in errors("net N(out = 3)\ninput 3x6x6; gap; assert out != 3x6x6")] == ["E0306"]


def test_self_comparison_is_not_suggested() -> None:
    for text in ("if k == 3 { relu }", "if 3 != k { relu }", "let a = (1 if k == 3 else 2); conv a k1"):
        for item in checked(f"net N(k = 3x3)\ninput 3x8x8; {text}").diagnostics:
            assert not any(edit.text == "k" for fix in item.suggestions for edit in fix.edits)
