"""Symbolic dimensions in expressions and products."""

import archdsl
from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.source import Source


def test_difference_of_a_symbolic_size_is_a_size() -> None:
    graph = analyze(Source("input 4xHxW; pad before=(@h - 2) after=0 axis=1"), Sink()).graph
    assert graph is not None
    assert str(graph.output.shape) == "4×(2·H − 2)×W"


def test_floor_of_a_symbolic_product_is_shown() -> None:
    graph = archdsl.loads("input CxH; flatten; glu").graph
    assert str(graph.output.shape) == "⌊C·H/2⌋"
