"""Any graph as a text without blocks: it means the same network."""

from random import Random

import pytest

import archdsl
from archdsl.structure import Unwritable, correspondence, flat
from archdsl.syntax import ast
from archdsl.syntax.format import format_program
from tests.programs import generate

from .networks import FIRST, graph_of, summary, zoo_graph


@pytest.mark.parametrize("name", FIRST)
def test_flat_text_of_zoo_networks_is_equivalent(name: str) -> None:
    graph = zoo_graph(name)
    program = flat(graph)
    assert not program.blocks
    assert summary(graph_of(program)) == summary(graph)
    assert format_program(program) == program.source.text


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_flat_text_of_random_programs_is_equivalent(first: int) -> None:
    for seed in range(first, first + 50):
        graph = generate.graph_of(generate.program(Random(seed)))
        made = graph_of(flat(graph))
        assert summary(made) == summary(graph), seed


PAIRS = {
    "an argument": ("conv 8 k3; relu", "conv 8 k3 p1; relu"),
    "a layer": ("conv 8 k3; relu", "conv 8 k3; gelu"),
    "the order of operands": ("sub { conv 3 k1 } { relu }", "sub { relu } { conv 3 k1 }"),
    "where a branch starts": ("conv 3 k1; conv 3 k1 as a; relu; add a", "conv 3 k1 as a; conv 3 k1; relu; add a"),
    "shared weights": ("conv 3 k1 as a; relu; reuse a", "conv 3 k1 as a; relu; conv 3 k1"),
    "whose weights are shared": (
        "conv 3 k1 as a; conv 3 k1 as b; reuse a; reuse b",
        "conv 3 k1 as a; conv 3 k1 as b; reuse b; reuse a",
    ),
    "a layer that nothing reads": ("conv 3 k1 as a; from in; relu", "conv 3 k3 as a; from in; relu"),
    "the outputs": ("conv 3 k1 as a; relu as b; output a, b", "conv 3 k1 as a; relu as b; output b, a"),
    "the body of a layer": (
        "gap; moe experts=2 { fc 4; relu; fc 3 }",
        "gap; moe experts=2 { fc 4; gelu; fc 3 }",
    ),
    "one tensor read twice": ("relu as a; add a a", "relu as a; from in; relu as b; add a b"),
}


@pytest.mark.parametrize("texts", PAIRS.values(), ids=PAIRS)
def test_different_networks_do_not_correspond(texts: tuple[str, str]) -> None:
    first, second = (archdsl.loads(f"input 3x8x8\n{text}\n").graph for text in texts)
    assert correspondence(first, second) is None
    assert correspondence(first, first) == {node.id: node.id for node in first.nodes}
    assert correspondence(second, graph_of(flat(second))) is not None


def test_correspondence_ignores_names() -> None:
    first = archdsl.loads("input 3x8x8\nstage a { conv 8 k1 as b; relu }\nadd { conv 8 k1 as c }\n").graph
    second = archdsl.loads("input x 3x8x8\nblock q { conv 8 k1 }\nq; relu; add { q }\n").graph
    assert correspondence(first, second) is not None


WRITTEN = {
    "input TxC": "net N(T = 6, C = 4)\ninput TxC\nfc 3\n",
    "input CxL": "net N(C = 6, L = 40)\ninput CxL\nconv 3 k3\n",
    "two sequences of other lengths": "net N(T = 6, T1 = 9)\ninput a Tx4\ninput b T1x4\nattention from=a h2\n",
    "symbolic dimensions": "input 3xHxW\nconv 8 k3; gap\n",
    "ids": "input 12 int(50)\nembedding 8 as table; gru 8; reuse table\n",
    "several inputs": "input left 3x8x8\ninput right 3x8x8\nconcat left; conv 3 k1\n",
    "outputs": "input 3x8x8\nconv 3 k1 as a; relu as b; output b, a\n",
    "auxiliary outputs": "input 3x8x8\nconv 3 k1; aux side { gap; fc 2 }; relu; gap; fc 2\n",
    "the same output twice": "input 3x8x8\nconv 3 k1 as a; stage b { from a }; output a, b\n",
    "skip connections that cross": (
        "input 3x8x8\nconv 3 k1 as a; conv 3 k1 as b; conv 3 k1; add a; conv 3 k1; add b; add a\n"
    ),
    "a scan": "input 6x5\nfc 5\nscan carry h = 5, c = 5 { concat h; fc 5; tanh as c; add h as h }\n",
    "names like shorthands": "input 3x8x8\nconv 8 k3 p1 as k3; conv 8 k3 p1 as x2; add k3; concat x2\n",
    "words": "input 3x8x8\nconv 8 k3x5 s2x1 same pad_mode=reflect nobias init=normal(0.02) frozen\n",
    "patterns": 'input 3x8x8\nrearrange "c (h p) (w q) -> (h w) (p q c)" p=4 q=4; permute 1 0; slice 0 -1\n',
    "fixed filters": 'input 1x8x8\nconv 1 k3 same fixed="-1 -2 -1; 0 0 0; 1 2 1"; conv 1 k3 fixed=sobel_x\n',
    "learned tensors": "input 3x8x8\ntokens as memory\nlearned 4x3 as queries\nattention h3; concat memory axis=t\n",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_flat_text_of_each_construct_is_equivalent(text: str) -> None:
    graph = archdsl.loads(text).graph
    made = graph_of(flat(graph))
    assert summary(made) == summary(graph)
    assert [name for name, _ in made.outputs] == [name for name, _ in graph.outputs]


def test_skip_connections_over_smaller_feature_maps_have_names() -> None:
    statements = flat(zoo_graph("unet")).statements
    merges = [statement for statement in statements if isinstance(statement, ast.Merge)]
    assert len(merges) == 4


def test_parameter_dependent_sizes_become_numbers() -> None:
    graph = archdsl.loads("net N(S = 4)\ninput 3x(2*S)x(2*S)\nconv 8 k1\n").graph
    assert "input 3x8x8" in flat(graph).source.text


def test_graph_without_a_textual_form_is_refused() -> None:
    nodes = archdsl.loads("input 12 int(9)\nembedding 8 as table; reuse table\n").graph
    *others, last = nodes.nodes
    alone = nodes.replace(nodes=(*others, last.renumbered(last.id, last.inputs, None)))
    with pytest.raises(Unwritable, match="without the layer"):
        flat(alone)
    other = archdsl.loads("input 8\nfc 8; fc 8\n").graph
    first, second, third = other.nodes
    wrong = other.replace(nodes=(first, second, third.renumbered(2, (1,), 1)))
    assert correspondence(other, wrong) is None
