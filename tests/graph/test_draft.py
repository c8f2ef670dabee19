"""Drafts and graphs: `checked` is the only way from one to the other, and a graph has no guesses."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.analysis.codes import by_code
from archdsl.contract.layer import InputOp
from archdsl.diagnostics import Sink
from archdsl.elaborate import elaborate
from archdsl.graph import Draft, Graph, Node
from archdsl.network import Analysis, analyze
from archdsl.text.library import AllowedPackages, MemoryLibrary, Stack
from archdsl.text.source import Source
from archdsl.zoo import entries, shipped
from tests.hardening.anything import SHORT, WORDS
from tests.programs.generate import program


def check_analysis(analysis: Analysis) -> None:
    """Properties of every draft and its graph."""
    draft, graph = analysis.draft, analysis.draft.checked()
    assert (graph is None) == bool(draft.errors)
    assert (analysis.network is None) == bool(analysis.errors)
    if graph is not None:
        check_graph(graph)
    known = draft.known()
    ends = tuple(node.id for node, is_known in zip(draft.nodes, known, strict=True) if is_known)
    part, ids = draft.subgraph(ends)
    assert len(part.nodes) == len(ends) == sum(known)
    assert [part.nodes[ids[i]].path for i in ends] == [draft.nodes[i].path for i in ends]
    check_graph(part)


def check_graph(graph: Graph) -> None:
    """Every shape is the one that the layer infers."""
    for index, node in enumerate(graph.nodes):
        assert node.id == index
        assert all(i < index for i in node.inputs)
        assert isinstance(node.op, InputOp) == (index in graph.inputs)
        if not node.is_input and not graph.symbols:
            assert node.op.infer(graph.shapes_in(node)) == node.shape


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "swin_t", "unet", "char_lstm"])
def test_drafts_of_networks_without_errors(name: str) -> None:
    analysis = analyze(entries()[name].source(), Sink())
    assert analysis.graph is not None
    check_analysis(analysis)


def mutated(seed: int) -> str:
    """A program with words removed, doubled or replaced."""
    random = Random(seed)
    text = random.choice(SHORT) if random.random() < 0.5 else program(random)
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(text))
        text = text[:at] + random.choice(["", *WORDS]) + text[at + random.randint(0, 6) :]
    return text


@given(st.integers(0, 10**9))
def test_drafts_of_networks_with_errors(seed: int) -> None:
    check_analysis(analyze(Source(mutated(seed)), Sink()))


@pytest.mark.parametrize("code", sorted(by_code()))
def test_drafts_of_diagnostic_examples(code: str) -> None:
    kind = by_code()[code]
    for text in (kind.wrong, kind.right):
        library = Stack(MemoryLibrary(kind.files), shipped(), AllowedPackages(kind.allow))
        check_analysis(analyze(Source(text), Sink(), kind.settings, library=library, pedantic=kind.pedantic))


def test_nodes_after_an_error_are_unknown() -> None:
    draft = analyze(Source("input 3x32x32; conv 8 k3; fc 10; relu; fc 2"), Sink()).draft
    assert draft.known() == (True, True, False, False, False)
    assert [isinstance(node, Node) for node in draft.nodes] == [True, True, False, True, True]
    with pytest.raises(ValueError, match="not resolved"):
        draft.subgraph((4,))


def test_guessed_layer_is_not_a_known_node() -> None:
    draft = analyze(Source("input 3x32x32; cnov 8 k3; relu"), Sink()).draft
    assert draft.known() == (True, False, False)


def test_nodes_keep_their_statement_and_arguments() -> None:
    source = Source("net N(w = 16)\ninput 3x32x32\nconv w k3 stride=2 x2\n")
    graph = analyze(source, Sink()).checked().graph
    for node in graph.layers:
        assert node.statement is not None
        assert node.statement.span.text == "conv w k3 stride=2 x2"
        assert {name: span.text for name, span in node.arguments.items()} == {
            "filters": "w",
            "kernel": "k3",
            "stride": "stride=2",
        }


def test_elaborate_returns_a_draft() -> None:
    from archdsl.syntax import parse

    assert isinstance(elaborate(parse(Source("input 8; fc 4"), Sink()), Sink()), Draft)
