"""The legend: it has the colors that the diagram has, and no others."""

import re
import subprocess

import pytest

import archdsl
from archdsl.analysis.cost import costs
from archdsl.backends.diagram import DiagramStyle, View, ViewOptions
from archdsl.backends.diagram.build import build_diagram
from archdsl.backends.diagram.drawing import Polygon, ShapeGroup, TextLabel, bounds
from archdsl.backends.diagram.engine import embedded
from archdsl.backends.diagram.heat import Heat
from archdsl.backends.diagram.laid_out import laid_out

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


@pytest.mark.parametrize("text", [EXPERTS, SCAN, PLAIN, ATTENTION, BLOCKS, "input 4; fc 2"])
@pytest.mark.parametrize("view", [View.LAYERS, View.BLOCKS])
@pytest.mark.parametrize("heat", [None, Heat.PARAMS])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_legend_words_are_next_to_their_color(text: str, view: View, heat: Heat | None, direction: str) -> None:
    """Even under a title that is much wider than the legend."""
    found = archdsl.loads(text).graph
    options = ViewOptions(
        view=view, heat=heat, title="A network with a title of many words that is wider than all else"
    )
    drawing = laid_out(
        build_diagram(found, costs(found), options), view, DiagramStyle(legend=True, direction=direction)
    )
    heading = [shape for part in drawing.parts if part.of is None for shape in part.shapes]
    words = [bounds([ShapeGroup(shapes=(shape,))]) for shape in heading if isinstance(shape, TextLabel)]
    colors = [bounds([ShapeGroup(shapes=(shape,))]) for shape in heading if isinstance(shape, Polygon)]
    assert len(words) == len(colors) + 1
    for color in colors:
        row = [place for place in (*words, *colors) if place[1] < color[3] and color[1] < place[3]]
        after = sorted(place[0] - color[2] for place in row if place[0] > color[0])
        assert 0 <= after[0] <= 6
        assert all(place[2] <= color[0] - 3 for place in row if place[0] < color[0])


@pytest.mark.parametrize("words", [PLAIN, ATTENTION, "input 4; fc 2"])
@pytest.mark.parametrize("font", ["sans", "serif"])
def test_legend_fits_the_size_that_it_gives(words: str, font: str) -> None:
    dot = archdsl.loads(f"{words}\nfigure {{ font {font} }}").diagram(format="dot", legend=True).text
    renderer = embedded()
    assert renderer is not None
    done = subprocess.run([renderer, "-Kdot", "-Tjson"], input=dot, capture_output=True, text=True, check=True)
    assert "too small" not in done.stderr
