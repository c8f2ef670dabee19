"""The result of the first iteration is reused only for iterations that mean the same."""

import pytest

import archdsl
from archdsl import ArchError
from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.source import Source


def shapes(text: str) -> list[str]:
    return [str(node.shape) for node in archdsl.loads(text).graph.layers]


def test_memoization_depends_on_the_repeat_index() -> None:
    assert shapes("input 3x8x8; repeat 3 as i { conv i + 1 k1 }") == ["1×8×8", "2×8×8", "3×8×8"]


def test_memoization_depends_on_the_current_size() -> None:
    assert shapes("input 3x8x8; repeat 3 { conv 2*@c k1 }") == ["6×8×8", "12×8×8", "24×8×8"]


def test_memoization_depends_on_the_current_size_in_parameter_defaults() -> None:
    assert shapes("input 3x8x8\nblock b(c = 2*@c) { conv c k1 }\nb x3") == ["6×8×8", "12×8×8", "24×8×8"]


def test_memoization_distinguishes_arguments_of_nested_blocks() -> None:
    blocks = "block inner(n) { let m = n + 1; conv m k1 }\nblock outer(n) { inner n; inner 2*n }"
    text = f"input 3x8x8\n{blocks}\nouter 1; outer 4"
    assert shapes(text) == ["2×8×8", "3×8×8", "5×8×8", "9×8×8"]


def test_memoization_distinguishes_booleans_from_numbers() -> None:
    sink = Sink()
    analyze(Source("input 3x8x8\nblock b(n) { conv n k1 }\nb 1; b (1 < 2)"), sink)
    assert [found.diagnostic.code for found in sink] == ["E0305"]


def test_error_occurs_in_every_iteration() -> None:
    sink = Sink()
    analyze(Source("input 3x8x8; repeat 4 { conv 3 k0 }"), sink)
    assert [found.other_occurrences for found in sink] == [3]


def test_size_too_small_in_a_later_iteration_is_reported() -> None:
    with pytest.raises(ArchError, match="1×1"):
        archdsl.loads("input 3x8x8; repeat 5 { maxpool 2 }")
