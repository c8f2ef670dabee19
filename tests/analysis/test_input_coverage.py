"""Input coverage counts the outputs that gradients reach, and the columns show the measures."""

from itertools import product

import pytest
import torch

import archdsl
from archdsl.analysis.input_coverage import InputCoverage
from archdsl.analysis.input_coverage_text import CannotCover, describe
from archdsl.analysis.receptive_field import channel_axes

from .gradients import run

TEXTS = {
    "a chain": "input 2x9x8; conv 2 k3 s2 p1; conv 3 k3 d2 p1; avgpool 2 s1",
    "a cross": "input 2x9x8; concat { conv 2 k1x3 same } { conv 2 k5x1 same }; conv 3 k3 s2",
    "a gate": "input 2x6x6; conv 2 k3 p1; mul { gap keep; conv 2 k1 }; conv 2 k3",
    "a step": "input 2x11; conv 2 k3 s2; upconv 2 k3 s2",
    "a stride over the kernel": "input 1x12x9; conv 1 k1 s2",
    "a volume": "input 1x4x5x6; concat { conv 1 k2x1x3 p1x0x1 } { pad after=1x1x0; conv 1 k1x2x1; avgpool 3 s1 p1 };"
    " maxpool 2 ceil",
    "an axis for two sides": "input 2x6x4; conv 2 k3 p1; tokens; fc 3",
    "axes that change places": "input 2x6x6; concat { permute 0 2 1; conv 2 k3x1 p1x0 } { conv 2 k1x3 p0x1 }",
    "rows as channels": "input 3x8x9; take 0; conv 2 k3; conv 3 k2",
    "a sequence": "input 9x2; fc 3; attention h1 causal; permute 1 0; conv 2 k3 s2",
}


@pytest.mark.parametrize("name", TEXTS)
def test_input_coverage_matches_gradients(name):
    graph = archdsl.loads(TEXTS[name]).graph
    last = graph.nodes[-1]
    inputs, result = run(graph, last.id)
    coverage = InputCoverage(graph)
    counts = torch.zeros(coverage.sizes)
    for place in product(*map(range, coverage._axes(last).values())):
        positions = dict(zip(coverage._axes(last), place, strict=True))
        where = (0, *(positions.get(axis, slice(None)) for axis in range(last.shape.rank)))
        (gradient,) = torch.autograd.grad(result[where].sum(), inputs[0], retain_graph=True)
        counts += (gradient[0] != 0).any(channel_axes(graph)[graph.inputs[0]])
    for place in product(*map(range, coverage.sizes)):
        assert coverage.count(last, place) == counts[place], place
    spread = coverage.counts(last).spread()
    assert [spread.least, spread.most, spread.elements] == [*map(int, (counts.min(), counts.max())), counts.numel()]
    assert spread.unread == (counts == 0).sum()
    boxes = [[range(side // 3), range(side // 3, side)] for side in coverage.sizes]
    for box in product(*boxes):
        cell = counts[tuple(slice(each.start, each.stop) for each in box)]
        mean, unread = coverage.counts(last).cell(box)
        assert mean == pytest.approx(cell.mean().item())
        assert unread == (cell == 0).sum()


def test_padding_evens_out_border_coverage():
    bare = InputCoverage(archdsl.loads("input 1x16x16; conv 1 k3; conv 1 k3").graph).layers()[-1]
    padded = InputCoverage(archdsl.loads("input 1x16x16; conv 1 k3 p1; conv 1 k3 p1").graph).layers()[-1]
    assert (bare.corner, bare.edge, bare.middle) == (1, 5, 25)
    assert (padded.corner, padded.edge, padded.middle) == (9, 15, 25)


@pytest.mark.parametrize(
    ("text", "rows", "unread"),
    [
        ("input 1x32x32; conv 1 k1 s2", {"▓·" * 16, "░·" * 16, "▒·" * 16, "█·" * 16}, "768 of 1,024 (75%)"),
        ("input 1x64x64; conv 1 k2 s3", None, "2,332 of 4,096 (57%)"),
        ("input 1x7x7; conv 1 k3 s2", None, "0 of 49 (0%)"),
        ("input 1x8x8; conv 1 k3 s3", None, "28 of 64 (44%)"),
    ],
)
def test_unread_inputs_are_counted_and_shown(text, rows, unread):
    output = describe(archdsl.loads(text).graph)
    assert output.splitlines()[-1].endswith(f"unread: {unread}")
    figure = [line.strip() for line in output.splitlines() if set(line.strip()) <= set("·░▒▓█") and line.strip()]
    if rows is not None:
        # A cell has two rows, one of which is read.
        assert set(figure) <= rows
        assert "5█" * 16 in output


def test_upper_bounds_of_coverage_are_marked():
    output = describe(archdsl.loads("input 2x6x4; conv 2 k3 p1; tokens; fc 3; permute 1 0; conv 2 k3").graph)
    assert output.splitlines()[-1] == "at most 8 to 14 positions read an element · unread: at least 0 of 24 (0%)"
    assert "≤ 8   ≤ 8    ≤ 14    ≤ 8  ≤ 14" in output


def test_coverage_table_shows_minimum_and_maximum():
    row = describe(archdsl.loads("input 1x7x7; conv 1 k3 s2").graph).splitlines()[2]
    assert row.split() == ["conv", "1", "k3", "s2", "9", "1", "1", "1", "1", "4"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("input 3xHxW; conv 4 k3", "needs the sizes"),
        ("input 784; fc 10", "no spatial dimensions"),
        ("input 1x5000; conv 4 k3", "up to 4,096"),
        ("input 2x5x5; flatten; fc 3", "no layer has positions"),
    ],
)
def test_network_without_coverage_is_refused_with_the_reason(text, why):
    with pytest.raises(CannotCover, match=why):
        describe(archdsl.loads(text).graph)
