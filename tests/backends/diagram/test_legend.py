"""The legend: it has the colors that the diagram has, and no others."""

import re

import pytest

import archdsl

EXPERTS = "input 8x16; moe experts=2 { fc 16; silu; fc 16 }"
SCAN = "input 8x16; scan carry h = 16 { concat h; fc 16; tanh as h }; take -1"
PLAIN = "input 3x16x16; conv 8 k3; bn; relu; maxpool 2; dropout 0.2; flatten; fc 3"
ATTENTION = "input 9x16; residual { layernorm; attention 2 }; lstm 8 last; fc 2"
BLOCKS = "input 8x16x16; block unit(c) { residual { conv c k3 p1; bn; relu } }; unit 8 x2; gap; fc 3"


@pytest.mark.parametrize("text", [EXPERTS, SCAN, PLAIN, ATTENTION, BLOCKS])
@pytest.mark.parametrize("view", ["layers", "blocks"])
def test_legend_colors_occur_in_the_diagram(text: str, view: str) -> None:
    dot = archdsl.loads(text).diagram(format="dot", view=view, legend=True).text
    heading, nodes = dot.partition("\n  node [")[::2]
    legend = set(re.findall(r'BGCOLOR="(#\w{6})"', heading))
    shown = set(re.findall(r'BGCOLOR="(#\w{6})"', nodes))
    assert legend
    assert legend <= shown
    assert shown - legend <= {"#ffffff"}
