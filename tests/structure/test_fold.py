"""Graphs as programs with blocks and repetitions: they mean the same network, and are short."""

import re
from functools import cache
from random import Random
from statistics import median

import pytest

import archdsl
from archdsl.graph import Graph
from archdsl.structure import Scope, fold, scopes_of_text
from archdsl.syntax import ast
from archdsl.syntax.format import format_program
from archdsl.zoo import entries
from tests.programs import generate

from .networks import FIRST, graph_of, summary, zoo_graph


@cache
def folded(name: str, known: bool) -> ast.Program:
    """The program of a network of the zoo, from its uses of blocks if they are known."""
    graph = zoo_graph(name)
    return fold(graph, scopes_of_text(graph) if known else {})


def words(text: str) -> int:
    """The number of words of a text, without comments and braces."""
    return len(re.sub(r"#.*|[{};]", " ", text).split())


def check_equivalent(program: ast.Program, graph: Graph) -> None:
    """Assert that a program means a network and is in canonical style."""
    assert summary(graph_of(program)) == summary(graph)
    assert format_program(program) == program.source.text


@pytest.mark.parametrize("name", FIRST)
def test_folded_text_of_zoo_networks_is_equivalent(name: str) -> None:
    check_equivalent(folded(name, True), zoo_graph(name))


@pytest.mark.parametrize("name", FIRST)
def test_folded_text_of_zoo_networks_without_scopes_is_equivalent(name: str) -> None:
    check_equivalent(folded(name, False), zoo_graph(name))


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_folded_text_of_random_programs_is_equivalent(first: int) -> None:
    for seed in range(first, first + 50):
        graph = generate.graph_of(generate.program(Random(seed)))
        check_equivalent(fold(graph, scopes_of_text(graph)), graph)
        check_equivalent(fold(graph, {}), graph)


def test_half_of_the_folded_texts_are_shorter_than_handwritten_ones() -> None:
    known, mined = [], []
    for name in FIRST[::3]:
        by_hand = words(entries()[name].source().text)
        known.append(words(folded(name, True).source.text) / by_hand)
        mined.append(words(folded(name, False).source.text) / by_hand)
    assert median(known) <= 0.9
    assert median(mined) <= 1


CEILINGS = {
    "resnet18": (75, 75),
    "resnet50": (85, 85),
    "densenet121": (65, 75),
    "mobilenet_v2": (95, 135),
    "efficientnet_b0": (150, 185),
    "vit_b_16": (36, 36),
    "swin_t": (110, 120),
    "shufflenet_v2_x1_0": (105, 115),
    "wavenet": (295, 295),
    "conv_tasnet": (290, 290),
    "ddpm_cifar10": (460, 670),
    "stable_diffusion_unet": (465, 840),
    "retinanet_resnet50_fpn": (400, 400),
}
"""The most words with the uses of blocks as modules, and without."""


@pytest.mark.parametrize("name", CEILINGS)
def test_folded_text_length_is_below_its_ceiling(name: str) -> None:
    found = (words(folded(name, known).source.text) for known in (True, False))
    assert all(count <= most for count, most in zip(found, CEILINGS[name], strict=True))


def test_single_different_repetition_is_kept() -> None:
    text = "input 8x9x9\n" + "residual { conv 8 k3 p1; bn; relu; conv 8 k3 p1; bn }; relu\n" * 6
    head, _, tail = text.rpartition("conv 8 k3 p1; bn }")
    graph = archdsl.loads(f"{head}conv 8 k3 p1 nobias; bn }}{tail}").graph
    check_equivalent(fold(graph, {}), graph)
    assert words(fold(archdsl.loads(text).graph, {}).source.text) < 20


BLOCKS = {
    "numbers": ("block b(c, s) { conv c k3 s=s p1; bn; relu }\n", "b 8 1; b 16 2; b 32 1", 1),
    "activations": ("block b(c, act) { conv c k3 p1; bn; act }\n", "b 8 act=relu; b 16 act=silu; b 8 act=relu", 1),
    "a tensor": (
        "block b(c, skip) { conv c k3 p1; relu; add skip }\n",
        "conv 8 k1 as a; conv 8 k1 as z; b 8 a; b 8 z",
        1,
    ),
    "optional layers": (
        "block b(c, e) { if e != 1 { conv e*@c k1; bn; relu }; conv c k3 p1; bn; relu; conv c k1; bn }\n",
        "b 8 1; b 8 4; b 16 4",
        1,
    ),
    "an optional sum": (
        "block b(c, s) { residual when s == 1 and @c == c { conv 4*@c k1; bn; relu; conv c k3 s=s p1; bn } }\n",
        "b 8 2; b 8 1; b 16 2; b 16 1",
        1,
    ),
    "several results": (
        "block b(d) { conv 8 k3 d=d same as a; from a; conv 8 k1; add in as out; from a; conv 4 k1 as side\n"
        "output out, side }\n",
        "conv 8 k1; b 1 as x, s; b 2 as x2, s2; b 4 as x3, s3; relu; concat s s2 s3",
        1,
    ),
    "several results inside a block with several results": (
        "block half(c) { conv c k1 as a; from a; relu as r; output a, r }\n"
        "block b(c) { half c as a, r; conv c k3 p1; add r as out; from a; tanh as t; output out, t }\n",
        "b 8 as x, t; b 16 as x2, t2; b 8 as x3, t3; concat t t2 t3",
        2,
    ),
    "a module whose result is an operand": (
        "block b(c, skip) { conv c k3 p1 as m; from skip; conv c k1 as s\n"
        "from in; conv c k1; add { from m; add s; relu } }\n",
        "conv 4 k1 as e; conv 8 k1 as h; conv 8 k1; b 8 e; concat h; b 8 e; concat h; b 16 e; concat h",
        1,
    ),
    "repetitions of other lengths": (
        "block b(n, c) { conv c k1; bn; repeat n { conv c k3 p1; relu } }\n",
        "b 2 8; b 3 16",
        1,
    ),
}


@pytest.mark.parametrize(("blocks", "uses", "count"), BLOCKS.values(), ids=BLOCKS)
def test_repeated_structure_becomes_blocks(blocks: str, uses: str, count: int) -> None:
    graph = archdsl.loads(f"input 4x16x16\n{blocks}{uses}\n").graph
    program = fold(graph, scopes_of_text(graph))
    check_equivalent(program, graph)
    assert len(program.blocks) <= count


def test_modules_of_one_class_that_differ_are_kept() -> None:
    graph = archdsl.loads("input 8x9x9\n" + "conv 8 k3 p1; relu\ngelu; maxpool k3 s1 p1; bn\n" * 4).graph
    scopes = {node.id: (Scope(str(node.id // 3), "Module"),) for node in graph.layers}
    check_equivalent(fold(graph, scopes), graph)
