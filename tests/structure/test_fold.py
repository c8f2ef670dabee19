"""Graphs as programs with blocks and repetitions: they mean the same network, and are short."""

import re
from random import Random
from statistics import median

import pytest

from archdsl.graph import Graph
from archdsl.structure import fold, scopes_of_text
from archdsl.syntax import ast
from archdsl.syntax.format import format_program
from archdsl.zoo import entries
from tests.programs import generate

from .networks import graph_of, summary, zoo_graph


def words(text: str) -> int:
    """The number of words of a text, without comments and braces."""
    return len(re.sub(r"#.*|[{};]", " ", text).split())


def holds(program: ast.Program, graph: Graph) -> None:
    """Assert that a program means a network and is in canonical style."""
    assert summary(graph_of(program)) == summary(graph)
    assert format_program(program) == program.source.text


@pytest.mark.parametrize("name", entries())
def test_the_zoo(name: str) -> None:
    graph = zoo_graph(name)
    holds(fold(graph, scopes_of_text(graph)), graph)
    holds(fold(graph, {}), graph)


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_random_programs(first: int) -> None:
    for seed in range(first, first + 50):
        graph = generate.graph_of(generate.program(Random(seed)))
        holds(fold(graph, scopes_of_text(graph)), graph)
        holds(fold(graph, {}), graph)


def test_half_of_the_texts_are_shorter_than_those_written_by_hand() -> None:
    by_path = {entry.path: name for name, entry in reversed(list(entries().items()))}
    ratios = []
    for name in by_path.values():
        graph = zoo_graph(name)
        ratios.append(words(fold(graph, scopes_of_text(graph)).source.text) / words(entries()[name].source().text))
    assert median(ratios) <= 0.9
