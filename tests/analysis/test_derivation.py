"""The derivation of a shape has each step, and its arithmetic is correct."""

import re
from collections.abc import Iterator
from math import ceil, floor

import pytest

import archdsl
from archdsl.analysis.derivation import DerivationGroup, DerivationItem, DerivationStep, decided, derive
from archdsl.analysis.derivation_text import render
from archdsl.analysis.locate import NodeNotFound, locate
from archdsl.diagnostics import Sink
from archdsl.elaborate import elaborate
from archdsl.graph import Draft
from archdsl.syntax import parse
from archdsl.text.source import Source

NAMES = ["lenet5", "resnet18", "googlenet", "densenet121", "unet", "efficientnet_b0", "vit_b_16", "convnext_tiny"]


def steps(items: tuple[DerivationItem, ...], times: int = 1) -> Iterator[tuple[DerivationStep, int]]:
    for item in items:
        if isinstance(item, DerivationGroup):
            yield from steps(item.items, times * item.times)
        else:
            yield item, times


def ancestors_of_output(network: archdsl.Network) -> set[int]:
    graph = network.graph
    wanted = {graph.output.id}
    for node in reversed(graph.nodes):
        if node.id in wanted:
            wanted.update(node.inputs)
    return wanted


@pytest.mark.parametrize("name", NAMES)
def test_derivation_lists_every_contributing_layer(name: str) -> None:
    network = archdsl.load(f"zoo:{name}")
    graph, wanted = network.graph, ancestors_of_output(network)
    listed = [step for step, _ in steps(derive(graph, graph.output, full=True))]
    assert [step.names[0] for step in listed] == [graph.nodes[i].name for i in sorted(wanted)]
    assert [step.shape for step in listed] == [str(graph.nodes[i].shape) for i in sorted(wanted)]
    folded = derive(graph, graph.output)
    assert sum(len(step.names) * times for step, times in steps(folded)) == len(wanted)
    assert len(render(folded).splitlines()) <= len(wanted)


@pytest.mark.parametrize("name", NAMES)
def test_derivation_arithmetic_is_correct(name: str) -> None:
    network = archdsl.load(f"zoo:{name}")
    checked = 0
    for step, _ in steps(derive(network.graph, network.graph.output, full=True)):
        for clause in step.numbers:
            left, equals, right = re.sub(r"^[A-Z]: ", "", clause).partition(" = ")
            if equals and re.match(r"floor|ceil|[(\d]", left):
                for old, new in (("−", "-"), ("·", "*"), ("²", "**2")):
                    left = left.replace(old, new)
                result = right.split()[0]
                value = eval(left, {"floor": floor, "ceil": ceil})
                assert value == int(result), clause
                assert result in re.split(r"[× ]", step.shape), clause
                checked += 1
    assert checked >= 2


def test_closed_forms_show_the_requirements() -> None:
    network = archdsl.loads("input 3xHxW\nconv 8 k3 s2 p1; bn; relu\nif @h > 7 { maxpool 2 }\nconv 8 k5\ngap; fc 10")
    assert render(derive(network.graph, network.graph.output)).splitlines() == [
        "1  input 3xHxW                3×H×W",
        "2  conv 8 k3 s2 p1; bn; relu  8×⌊(H + 1)/2⌋×⌊(W + 1)/2⌋    8 filters; "
        "floor((H − 3 + 2·1)/2) + 1 = ⌊(H + 1)/2⌋, the same for W",
        "3  maxpool 2                  8×⌊(H + 1)/4⌋×⌊(W + 1)/4⌋    "
        "floor((⌊(H + 1)/2⌋ − 2)/2) + 1 = ⌊(H + 1)/4⌋, the same for W; needs H and W ≥ 3",
        "4  conv 8 k5                  8×⌊(H − 15)/4⌋×⌊(W − 15)/4⌋  8 filters; "
        "floor((⌊(H + 1)/4⌋ − 5)/1) + 1 = ⌊(H − 15)/4⌋, the same for W; needs H and W ≥ 19",
        "5  gap                        8                            one number for each of 8 channels",
        "5  fc 10                      10                           10 units",
    ]
    assert [str(requirement) for requirement in decided(network.graph, network.graph.output)] == ["H ≥ 15"]
    assert decided(network.graph, network.graph.nodes[1]) == ()


def test_derivation_requirements_match_the_network_sizes() -> None:
    """A U-Net's merges: every condition on sizes is shown with the step that imposes it."""
    network = archdsl.load("zoo:unet")
    graph = network.sizes.graph
    listed = [requirement for step, _ in steps(derive(graph, graph.output)) for requirement in step.requirements]
    assert listed[-1] == "H and W ≥ 188"
    assert [found.least for found in network.sizes.sets.values()] == [188, 188]


def test_gate_is_broadcast_to_positions_and_a_mask_to_channels() -> None:
    text = "input 4x8x8; mul { gap keep; conv 4 k1; sigmoid }; mul { conv 1 k1; sigmoid }"
    network = archdsl.loads(text)
    listed = render(derive(network.graph, network.graph.output))
    assert "is broadcast to every position of x" in listed
    assert "is broadcast to every channel of mul1" in listed
    assert "1 filter\n" in listed


TEXT = """\
input 1x16x16
block unit(c) { conv c k3 p1; relu }
stage low { unit 4; unit 8 x2 }
aux early { gap; fc 3 }
maxpool 2 as pooled
flatten; fc 10
"""


@pytest.mark.parametrize(
    ("wanted", "name", "others"),
    [
        ("low.unit2.conv1", "low.unit2.conv1", 0),
        ("pooled", "pooled", 0),
        ("x", "x", 0),
        ("low", "low.unit3.relu1", 0),
        ("unit2", "low.unit2.relu1", 0),
        ("conv1", "low.unit1.conv1", 2),
        ("early", "early.fc1", 0),
        ("output", "fc1", 0),
        ("fc1", "fc1", 0),
        ("2", "low.unit1.relu1", 2),
        ("3", "low.unit3.relu1", 0),
        ("5", "pooled", 0),
        ("6", "fc1", 0),
    ],
)
def test_nodes_are_located_by_name_and_line(wanted: str, name: str, others: int) -> None:
    place = locate(draft(TEXT), wanted)
    assert (place.node.name, len(place.others)) == (name, others)


def draft(text: str) -> Draft:
    return elaborate(parse(Source(text), Sink()), Sink())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("7", "line 7 has no layer; nearest: line 6, `flatten`"),
        ("poled", "there is no layer or tensor `poled`; did you mean `pooled`?"),
        ("nothing_like_it", "there is no layer or tensor `nothing_like_it`; available: `low`"),
    ],
)
def test_unknown_name_or_line_is_not_found(name: str, expected: str) -> None:
    with pytest.raises(NodeNotFound) as caught:
        locate(draft(TEXT), name)
    assert str(caught.value).startswith(expected)
