"""Coverage counts the outputs that gradients reach, and columns say what was worked out."""

from itertools import product

import pytest
import torch

import archdsl
from archdsl.analysis.input_coverage import Coverage
from archdsl.analysis.input_coverage_text import CannotCover, describe

from .gradients import run

TEXTS = {
    "a chain": "input 2x9x8; conv 2 k3 s2 p1; conv 3 k3 d2 p1; avgpool 2 s1",
    "a cross": "input 2x9x8; concat { conv 2 k1x3 same } { conv 2 k5x1 same }; conv 3 k3 s2",
    "a gate": "input 2x6x6; conv 2 k3 p1; mul { gap keep; conv 2 k1 }; conv 2 k3",
    "a step": "input 2x11; conv 2 k3 s2; upconv 2 k3 s2",
}


@pytest.mark.parametrize("name", TEXTS)
def test_as_many_outputs_as_gradients_reach(name):
    graph = archdsl.loads(TEXTS[name]).graph
    last = graph.nodes[-1]
    assert last.shape is not None
    inputs, result = run(graph, last.id)
    coverage = Coverage(graph)
    counts = torch.zeros(coverage.sides)
    for place in product(*map(range, last.shape.sides)):
        where: tuple[int | slice, ...] = (0, slice(None), *place)
        (gradient,) = torch.autograd.grad(result[where].sum(), inputs[0], retain_graph=True)
        counts += (gradient[0] != 0).any(0)
    for place in product(*map(range, coverage.sides)):
        assert coverage.count(last, place) == counts[place], place


def test_padding_evens_out_what_the_border_touches():
    bare = Coverage(archdsl.loads("input 1x16x16; conv 1 k3; conv 1 k3").graph).layers()[-1]
    padded = Coverage(archdsl.loads("input 1x16x16; conv 1 k3 p1; conv 1 k3 p1").graph).layers()[-1]
    assert (bare.corner, bare.edge, bare.middle) == (1, 5, 25)
    assert (padded.corner, padded.edge, padded.middle) == (9, 15, 25)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("input 3xHxW; conv 4 k3", "needs the sizes"),
        ("input 784; fc 10", "no sides"),
        ("input 1x5000; conv 4 k3", "up to 4,096"),
        ("input 2x5x5; flatten; fc 3", "no layer has places"),
    ],
)
def test_what_cannot_be_covered_says_why(text, why):
    with pytest.raises(CannotCover, match=why):
        describe(archdsl.loads(text).graph)
