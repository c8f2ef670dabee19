"""Lines in other notations, at the start, in the middle or at the end of a text: what is suggested means the same."""

import re
from collections import Counter
from random import Random

import pytest

from archdsl.diagnostics import Fix, Severity, Sink
from archdsl.diagnostics.fixes import edited_text
from archdsl.network import analyze
from archdsl.text.source import Source

from .student_lines import MEANINGS, NETWORKS, UNCLEAR


def _suggested(text: str) -> tuple[Fix, ...]:
    """The suggestions for the first error."""
    found = analyze(Source(text), Sink()).diagnostics
    return next((each.suggestions for each in found if each.diagnostic.severity is Severity.ERROR), ())


def _layers(text: str) -> list[object]:
    """What a network without errors computes: its inputs, and the calls of its layers."""
    network = analyze(Source(text), Sink()).network
    assert network is not None, text
    graph = network.graph
    return [
        node.shape if node.is_input else (node.inputs, node.shape, node.op.steps(graph.shapes_in(node)))
        for node in graph.nodes
    ]


def _network(kind: str, number: int) -> str:
    """The network where a line is tried, in turns."""
    return NETWORKS[kind][number % len(NETWORKS[kind])]


@pytest.mark.parametrize("kind", MEANINGS)
def test_first_suggestion_for_another_notation_means_the_same(kind: str) -> None:
    for number, (line, meaning) in enumerate(MEANINGS[kind].items()):
        network = _network(kind, number)
        text = network.replace("{}", line)
        found = _suggested(text)
        assert found, text
        assert _layers(edited_text(text, found[0].edits)) == _layers(network.replace("{}", meaning)), text


@pytest.mark.parametrize("kind", UNCLEAR)
def test_nothing_is_suggested_for_a_line_without_enough_information(kind: str) -> None:
    for number, line in enumerate(UNCLEAR[kind]):
        assert not _suggested(_network(kind, number).replace("{}", line)), line


_NOTATIONS = (
    ("conv {n} k{k} same", "conv{k}x{k} {n} same", "{k}x{k} conv, {n}, same", "Conv2d({n}, {k}, padding='same')"),
    ("relu", "ReLU", "nn.ReLU()", "ReLU()", "F.relu(x)"),
    ("bn", "BN", "batch norm", "BatchNormalization()"),
    ("maxpool {p}", "MaxPool2d({p})", "maxpool{p}x{p}", "{p}x{p} max pool"),
    ("dropout 0.{n}", "Dropout(0.{n})", "dropout0.{n}", "dropout p=0.{n}"),
)
"""Layers, each with its statement and other notations of it."""
_NUMBER = re.compile(r"(?<![A-Za-z_])\d+")
_JOINTS = (" -> ", " → ", " + ", ", ", " | ", " => ", " and then ", "; ")


def _chain(random: Random) -> tuple[str, str]:
    """Some layers in one line, and what it means."""
    chosen = [random.choice(_NOTATIONS) for _ in range(random.randint(2, 4))]
    values = [{"n": random.choice([4, 8, 12]), "k": random.choice([1, 3, 5]), "p": 2} for _ in chosen]
    joint = random.choice(_JOINTS)
    written = joint.join(random.choice(forms[1:]).format(**v) for forms, v in zip(chosen, values, strict=True))
    meant = "; ".join(forms[0].format(**v) for forms, v in zip(chosen, values, strict=True))
    if random.random() < 0.3 and "," not in written and "(" not in written:
        times = random.choice([2, 3])
        return f"[{written}] x {times}", f"repeat {times} {{ {meant} }}"
    return written, meant


@pytest.mark.parametrize("seed", range(40))
def test_layers_in_one_line_keep_their_order_and_values(seed: int) -> None:
    written, meant = _chain(Random(seed))
    network = _network("image", seed)
    text = network.replace("{}", written)
    while found := _suggested(text):
        text = edited_text(text, found[0].edits)
    assert _layers(text) == _layers(network.replace("{}", meant)), written


@pytest.mark.parametrize("kind", MEANINGS)
def test_second_suggestions_drop_no_number_that_the_first_keeps(kind: str) -> None:
    for line in MEANINGS[kind]:
        text = NETWORKS[kind][-1].replace("{}", line)
        before = Counter(_NUMBER.findall(text))
        missing = [before - Counter(_NUMBER.findall(edited_text(text, fix.edits))) for fix in _suggested(text)]
        assert all(each <= missing[0] for each in missing), line
