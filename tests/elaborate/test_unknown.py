"""A value or a shape is unknown only after a reported error: nothing is skipped silently."""

import random

import pytest

from archdsl.analysis.codes import by_code
from archdsl.analysis.cost import draft_costs
from archdsl.analysis.table import totals
from archdsl.diagnostics import Severity, Sink
from archdsl.graph import Node
from archdsl.network import analyze
from archdsl.text.source import Source
from archdsl.zoo import entries

SIZE_BEFORE_INPUT = [
    "input @c; conv 8 k3",
    "input 3x@h; conv 8 k3",
    "let a = @c; input 8; fc a",
    "let a = 2*@c + 1; input 8; fc 2",
    "net N(c = @c)\ninput 8; fc c",
    "repeat @c { relu }\ninput 8; fc 2",
    "if @c > 3 { relu }\ninput 8; fc 2",
    "assert @c == 3\ninput 8; fc 2",
    "input a int(@c)\nembedding 8",
    "let a = max(@c, 3) if 1 else 2\ninput 8; fc a",
]

IDS = {
    "input int(100); embedding 8; fc 2": 1,
    "input user int(1000); embedding 16": 1,
    "input 5 int(9); embedding 4": 2,
}


def errors(text: str) -> list[str]:
    sink = Sink()
    analyze(Source(text), sink)
    return [found.diagnostic.code for found in sink if found.diagnostic.severity == "error"]


@pytest.mark.parametrize("text", SIZE_BEFORE_INPUT)
def test_size_before_any_input_is_an_error(text: str) -> None:
    assert set(errors(text)) & {"E0207", "E0101", "E0106"}


@pytest.mark.parametrize("text", IDS)
def test_scalar_id_input_is_accepted(text: str) -> None:
    sink = Sink()
    graph = analyze(Source(text), sink).graph
    assert graph is not None
    assert not sink.errors
    assert graph.nodes[1].shape.rank == IDS[text]


def known(text: str) -> None:
    """Check that a text without errors has nothing unknown in its graph."""
    sink = Sink()
    found = analyze(Source(text), sink)
    codes = {each.diagnostic.message() for each in sink}
    assert not any("could not be worked out" in message for message in codes), text
    if sink.errors:
        return
    assert found.graph is not None, text
    assert found.graph.nodes, text
    assert all(isinstance(node, Node) for node in found.draft.nodes), text


WORDS = """
input net let block stage aux add mul concat residual shortcut repeat if else from reuse output assert in as when
conv fc relu bn gap flatten embedding int @c @h @w @t a b H W T 3x8x8 3xHxW 8 TxC 0 1 2 k3 s2 p1 x0 x1 x2 ( ) { } ; = ==
, - + // same keep nobias size= upsample maxpool tokens attention h2 crop take reshape 4x4 use std train
""".split()  # noqa: SIM905  # a list of quoted strings would only be longer

PROGRAMS = [
    "net N(c = 4)\ninput 3x8x8\nblock b(n, s = 1) { conv n k3 s=s p1; concat in; relu }\nb c x2; b 8 s2 as t; gap",
    "input a 3xHxW\ninput b 3xHxW\nconcat a; stage s { conv 4 k3 }\nreuse s as r; add { bn }; gap; fc 2\noutput r",
    "input t 6 int(9)\nembedding 8 as e; attention h2; repeat 2 as i { fc 8*i + 8 }\nreuse e\nassert out == 6x9",
    "input 8\nlet n = @c // 2\nif n > 3 { fc n } else { fc 2 }\naux x { fc 3 }\nresidual when @c == 4 { fc 4 }",
]


def test_mutated_programs_have_nothing_unknown_without_an_error() -> None:
    draw = random.Random(20)
    for _ in range(3000):
        tokens = draw.choice(PROGRAMS).replace("\n", " ; ").replace("(", " ( ").replace(")", " ) ").split()
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(tokens))
            match draw.randrange(4):
                case 0:
                    del tokens[at]
                case 1:
                    tokens[at] = draw.choice(WORDS)
                case 2:
                    tokens.insert(at, draw.choice(WORDS))
                case _:
                    other = draw.randrange(len(tokens))
                    tokens[at], tokens[other] = tokens[other], tokens[at]
            if not tokens:
                tokens = ["input", "8"]
        known(" ".join(tokens).replace(" (", "("))


@pytest.mark.parametrize("name", list(entries())[::7])
def test_zoo_networks_with_a_missing_line_have_nothing_unknown_without_an_error(name: str) -> None:
    lines = entries()[name].source().text.splitlines()
    for at in range(0, len(lines), 5):
        known("\n".join(lines[:at] + lines[at + 1 :]))


ABOUT_NAMES_OR_LIMITS = {"E0102", "E0110", "E0203", "E0512", "E0514"}
"""Errors beside which the layer itself is certain: those in its name, its repetition, or a size that is too large."""


@pytest.mark.parametrize("code", [code for code, kind in by_code().items() if kind.severity is Severity.ERROR])
def test_layers_with_an_error_have_no_numbers(code: str) -> None:
    sink = Sink()
    found = analyze(Source(by_code()[code].wrong), sink)
    for error in sink:
        span = error.diagnostic.span
        if error.diagnostic.severity is not Severity.ERROR or error.diagnostic.code in ABOUT_NAMES_OR_LIMITS:
            continue
        layers = [node for node in found.draft.nodes if node.id not in found.draft.inputs]
        at = [node for node in layers if node.span.start <= span.start and span.end <= node.span.end]
        assert not [node.text for node in at if isinstance(node, Node)]


@pytest.mark.parametrize(
    "text",
    [
        "input 3x32x32; conv 8 k3; fc 10; relu",
        "input 3xHxW; conv 8 k3; flatten; fc 10; fc 5",
        "input 3x32x32; conv 8 k3; conv 8 strid=2",
        "let width = 8; input 3x32x32; conv 8 k3; conv widht k3",
        "block b(n) { conv n k3 }; let width = 8; input 3x32x32; conv 8 k3; b widht",
        "input 3x32x32; conv 8 k3; conv 8 k 3",
        "input 3x32x32; conv 8 k3; conv 8 k3 relu",
        "input 3x32x32; conv 8 k3; gap; fc 1000000000000000000000",
        "input 3x32x32; conv 8 k3; repeat n { conv 8 k3 }; conv 8 k3",
        "input 3x32x32; conv 8 k3; repeat [[8, 3], [8]] as [c, k] { conv c k=k }; conv 8 k3",
        "input 3x32x32; conv 8 k3; repeat 0 { conv 8 k3 }; conv 8 k3",
        "input 3x32x32; conv 8 k3; reuse nothing; conv 8 k3",
        "input 3x32x32; conv 8 k3 as left; from lefft; conv 8 k3",
        "input 3x32x32; conv 8 k3; let a = [1, 2,\nconv 8 k3\nconv 8 k3",
        "input 3x32x32; conv 8 k3; let a = 2aux g { conv 4 k3 }; conv 8 k3",
        "let base = 2; input 3x32x32; conv 8 k3; let n = 8*base base//2; conv n k3",
        "input 3x32x32; conv 8 k3; b 2; block b(c) { let n = 8*c c//2; conv n k3 }",
        "input 3x32x32; conv 8 k3; conv 8 k3 x2 s2",
        "block two { conv 8 k1 as a; conv 8 k1 as b; output a, b }; input 3x32x32; conv 4 k3; two as c; from c; fc 2",
        "input 3x32x32; conv 4 k3; conv 8 k3 as a, b; from a; conv 8 k3",
        "input 3x32x32; conv 8 k3; concat { conv 8 k1 } { conv 8 k1; relu",
        "input 3x32x32; conv 8 k3; conv 8 as a k3; relu",
        "input 3x32x32; conv 8 k3; stage a { conv }8 k3\nconv 8 k3",
    ],
)
def test_totals_are_lower_bounds_after_an_error(text: str) -> None:
    found = analyze(Source(text), Sink())
    assert draft_costs(found.draft)[-1] is None
    assert totals(found.draft).count("at least") == 3


@pytest.mark.parametrize(
    "text",
    [
        "net Drawn(C = 4, L = 9; input CxL; relu",
        "input CxL; net Drawn(C = 4, L = 9); relu",
        "input 3 32 32; conv 8 k3",
        "input 5 int(vocabulary); embedding 8",
        "relu; input 3x32x32; conv 8 k3",
        "input 3x32x32; concat { conv 8 k1 } ; relu }",
        "input 3x32x32; block unit(c) conv c k3; relu }; fc 10",
    ],
)
def test_nothing_is_certain_where_an_error_may_change_all_layers(text: str) -> None:
    found = analyze(Source(text), Sink())
    layers = [cost for node, cost in zip(found.draft.nodes, draft_costs(found.draft), strict=True) if node.inputs]
    assert layers.count(None) == len(layers) > 0


def test_totals_are_lower_bounds_if_an_output_has_no_tensor() -> None:
    found = analyze(Source("input 3x32x32; conv 8 k3 as a; output a, b"), Sink())
    assert totals(found.draft).count("at least") == 3


@pytest.mark.parametrize("header", ["net N(c = = 8)", "net N((c = 8)", "n6t N(c = 8)", "net N(c 8)"])
def test_parameters_of_an_unreadable_net_are_no_further_errors(header: str) -> None:
    found = analyze(Source(f"{header}\nblock b {{ conv c k3 }}\ninput 3x32x32; b; conv c k3"), Sink()).found
    assert [item.diagnostic.code for item in found] == ["E0101"]
