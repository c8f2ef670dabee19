"""Lists: their values against Python's, and their limits."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.syntax import parse
from archdsl.syntax.format import format_program
from archdsl.text.source import Source

NUMBERS = st.lists(st.integers(-50, 50), min_size=1, max_size=6)


def codes(text: str) -> list[str]:
    """The codes of what is found in a text."""
    sink = Sink()
    analyze(Source(text), sink)
    return [each.diagnostic.code for each in sink]


def value(expression: str, before: str = "") -> Any:
    """The value of an expression, as the default of a network parameter."""
    return archdsl.loads(f"net N({before}x = {expression})\ninput 8\nfc 8\n").graph.settings["x"]


@given(NUMBERS, st.integers(-7, 7), st.none() | st.integers(-7, 7), st.none() | st.integers(-7, 7))
def test_list_indexing_and_slicing_match_python(
    items: list[int], index: int, start: int | None, stop: int | None
) -> None:
    bounds = f"{'' if start is None else start}:{'' if stop is None else stop}"
    assert value(f"{items}[{bounds}]") == items[start:stop]
    assert value(f"len(a[{bounds}])", f"a = {items}, ") == len(items[start:stop])
    if -len(items) <= index < len(items):
        assert value(f"{items}[{index}]") == items[index]
        assert value(f"[{items}, 3][0][{index}]") == items[index]
    else:
        assert codes(f"input 8\nlet x = {items}[{index}]\nfc 8\n") == ["E0311"]


@given(NUMBERS, st.integers(-3, 3))
def test_list_functions_match_python(items: list[int], factor: int) -> None:
    functions: dict[str, Callable[[list[int]], int]] = {"len": len, "sum": sum, "min": min, "max": max}
    for name, function in functions.items():
        assert value(f"{name}({items})") == function(items)
    assert value(f"[{factor}*i - 1 for i in {items}]") == [factor * i - 1 for i in items]
    pairs = [[i, i * i] for i in items]
    assert value(f"sum([b - a for [a, b] in {pairs}])") == sum(b - a for a, b in pairs)


@pytest.mark.parametrize(
    "power", ["2**3", "2**-1", "-2**2", "2**3**2", "(-2)**3", "2.0**0.5", "0**0", "(-1)**63", "1**99999"]
)
def test_powers_match_python(power: str) -> None:
    assert value(power) == eval(power)


@given(NUMBERS, st.sampled_from([",", ", ", ",\n  ", ",  # one\n"]), st.booleans())
def test_formatting_preserves_lists(items: list[int], comma: str, last: bool) -> None:
    text = f"let a = [{comma.join(map(str, items))}{',' if last else ''}]\nlet b = a\n"
    made = format_program(parse(Source(text), Sink()))
    assert format_program(parse(Source(made), Sink())) == made
    assert value(made.partition(" = ")[2].partition("\nlet")[0]) == items


def test_list_literal_may_exceed_the_statement_limit() -> None:
    rows = [[3, 8, 1, 1]] * 2000
    assert value(f"len({rows})") == 2000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"input 8\nlet a = {[1] * 10_001}\nfc 8\n", "E0709"),
        (f"input 8\nlet a = {[1] * 200_000}\nfc 8\n", "E0702"),
        ("input 8\nlet a = " + "[" * 50 + "1" + "]" * 50 + "\nfc 8\n", "E0701"),
        ("input 8\nlet a = [" + "1+" * 300 + "1]\nfc 8\n", "E0702"),
        ("input 8\nlet a = " + " + ".join(["[1, 2][0]"] * 200) + "\nfc 8\n", "E0702"),
        ("input 8\nlet a = " + "[1, " * 39 + "1" + "+1" * 300 + "]" * 39 + "\nfc 8\n", "E0702"),
        ("net N(a = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])\ninput 8\nrepeat 200000 { let b = sum(a) }\nfc 8\n", "E0708"),
        ("block a(f) { f f=f }\ninput 8\na f=a\n", "E0701"),
        ("block a(f) { f f=f x2 }\ninput 8\na f=a\n", "E0701"),
        ("net N(n = [1, 2])\ninput 8\nrepeat [9, 9, 9, 9, 9, 9] as i { repeat 9**i { relu } }\n", "E0704"),
    ],
)
def test_list_limits_are_enforced(text: str, code: str) -> None:
    start = time.process_time()
    assert code in codes(text)
    assert time.process_time() - start < 5
